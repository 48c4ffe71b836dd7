"""Messages from tables: every kind of type, and packages that use each other."""

from google.protobuf.message import Message

from inference_core.protobuf import Package, class_in, make_pool

POOL = make_pool(
    Package("base.types", {"Point": {"x": (1, "int32")}}, {"Colour": {"NONE": 0, "RED": 7}}),
    Package(
        "base.shop",
        {
            "Order": {
                "id": (1, "oneof choice string"),
                "at": (2, "oneof choice types.Point"),
                "by": (3, "oneof other uint64"),
                "colour": (4, "types.Colour"),
                "kind": (5, "Kind"),
                "lines": (6, "repeated Line"),
                "points_by_name": (7, "map types.Point"),
                "sizes": (8, "repeated int64"),
            },
            "Order.Line": {"count": (16, "int32")},
        },
        {"Order.Kind": {"PLAIN": 0, "RUSH": 2}},
        uses=["base.types"],
    ),
)


def order(**fields: object) -> Message:
    return class_in(POOL, "base.shop.Order")(**fields)


def test_fields_have_their_numbers_on_the_wire() -> None:
    assert order(lines=[{"count": 3}]).SerializeToString() == b"\x32\x03\x80\x01\x03"
    assert order(sizes=[1, 2]).SerializeToString() == b"\x42\x02\x01\x02"  # packed
    assert order(points_by_name={"a": {"x": 5}}).SerializeToString() == b"\x3a\x07\x0a\x01a\x12\x02\x08\x05"


def test_of_a_choice_one_is_set() -> None:
    made = order(id="a", by=3)
    made.at.x = 1
    assert (made.WhichOneof("choice"), made.WhichOneof("other")) == ("at", "by")


def test_types_are_found_from_the_inside_out() -> None:
    made = order(colour="RED", kind="RUSH")
    assert (made.colour, made.kind) == (7, 2)
    fields = made.DESCRIPTOR.fields_by_name
    assert fields["colour"].enum_type.full_name == "base.types.Colour"
    assert fields["kind"].enum_type.full_name == "base.shop.Order.Kind"
    assert fields["points_by_name"].message_type.full_name == "base.shop.Order.PointsByNameEntry"


def test_pools_are_apart() -> None:
    again = make_pool(Package("base.types", {"Point": {"x": (1, "string")}}))
    assert class_in(again, "base.types.Point")(x="text").SerializeToString() == b"\x0a\x04text"
    assert class_in(POOL, "base.types.Point")(x=4).SerializeToString() == b"\x08\x04"
