"""Label maps of the TensorFlow Object Detection API."""

from pathlib import Path

import pytest

from inference_core.errors import PackError
from inference_core.packing.label_map import read_label_map
from tests.assets import ASSETS, needs_assets


def read(folder: Path, text: str | bytes) -> list[tuple[int, str, int]]:
    path = folder / "map.pbtxt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [(label["id"], label["name"], label["index"]) for label in read_label_map(path)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('item { id: 1 name: "cat" }', [(1, "cat", 1)]),
        ("item {\n  name: '/m/01g317'\n  id: 1\n  display_name: 'person'\n}\n", [(1, "person", 1)]),
        ("item { id: 2 name: 'b' }\nitem { id: 90 name: 'z' }", [(2, "b", 2), (90, "z", 90)]),
        ("item: { id: 7, name: 'b'; }, item < id: 1 name: 'a' >", [(7, "b", 7), (1, "a", 1)]),
        ("# classes\nitem { # one\n id:1 name:'a#b' } # end", [(1, "a#b", 1)]),
        ("item { id: 1 name: 'cat' display_name: '' }", [(1, "cat", 1)]),
        (r"""item { id: 1 name: 'it\'s \"\303\251\x41\n\\' }""", [(1, "it's \"éA\n\\", 1)]),
        ("item { id: 1 name: \"hot \" 'dog' }", [(1, "hot dog", 1)]),
        ("item { id: 1 name: 'Bär {1}' }", [(1, "Bär {1}", 1)]),
        (b"\xef\xbb\xbfitem { id: 1 name: 'a' }\r\n", [(1, "a", 1)]),
        (
            "item { id: 1 name: 'a' frequency: FREQUENT instance_count: 3 ancestor_ids: ['b', 'c']\n"
            " keypoints { id: 4 label: 'nose' } keypoints: < id: 5 label: 'eye' > descendant_ids: 'd' }",
            [(1, "a", 1)],
        ),
    ],
)
def test_items_are_labels_under_their_ids(
    tmp_path: Path, text: str | bytes, expected: list[tuple[int, str, int]]
) -> None:
    assert read(tmp_path, text) == expected


ITEM = 'item { id: 1 name: "person" }'


@pytest.mark.parametrize(
    ("text", "message", "got", "expected"),
    [
        ("", "{path} holds no items", None, ITEM),
        ("# nothing\n", "{path} holds no items", None, ITEM),
        ("item { name: 'a' }", "{path}, line 1: an item has no id", "name", ITEM),
        ("\nitem {\n  id: 1\n}", "{path}, line 2: an item has no name", "id", ITEM),
        ("item { id: 1 name: '' }", "{path}, line 1: an item has no name", "id, name", ITEM),
        ("item { }", "{path}, line 1: an item has no id", "an empty item", ITEM),
        (
            "item {id: 3 name: 'a'}\nitem {id: 4 name: 'b'}\nitem {\nid: 3 name: 'c'}",
            "{path}, line 3: id 3 is used twice",
            "a (line 1) and c",
            None,
        ),
        (
            "item {\n id: 0 name: 'background' }",
            "{path}, line 2: the id 0 cannot be that of a class",
            None,
            "a whole number from 1: 0 is the background",
        ),
        (
            "item { id: -1 name: 'a' }",
            "{path}, line 1: the id -1 cannot be that of a class",
            None,
            "a whole number from 1: 0 is the background",
        ),
        (
            "item { id: 1.5 name: 'a' }",
            "{path}, line 1: the id 1.5 cannot be that of a class",
            None,
            "a whole number from 1: 0 is the background",
        ),
        (
            "item { id: 99999999999 name: 'a' }",
            "{path}, line 1: the id 99999999999 cannot be that of a class",
            None,
            "a whole number from 1: 0 is the background",
        ),
        ("item { id: '1' name: 'a' }", "{path}, line 1: the id '1' cannot be that of a class", None, None),
        ("items { id: 1 }", "{path}, line 1: not a label map", "items", "item { ... }"),
        ("item [ ]", "{path}, line 1: not a label map", "[", "{"),
        ("item {\n id 1", "{path}, line 2: not a label map", "1", ":"),
        ("item { id: 1 id: 2 }", "{path}, line 1: not a label map", "id", "id once in an item"),
        ("item { id: 1 name: cat }", "{path}, line 1: not a label map", "cat", "a text in quotes"),
        ("item { id: 1\n name: 'cat\n' }", "{path}, line 2: not a label map", "'", "a text in quotes"),
        ("item { id: 1 name: '\\377' }", "{path}, line 1: not a label map", "'\\377'", "escapes that are UTF-8"),
        ("item { id: 1 name: 'a'\n", "{path}, line 2: not a label map", "the end of the file", None),
        ("item { id: 1 name: 'a' >", "{path}, line 1: not a label map", ">", "a key such as name, or }"),
        ("item { id: 1 keypoints { id: 1 ", "{path}, line 1: not a label map", "the end of the file", "a value"),
        ("item { id: 1 keypoints: }", "{path}, line 1: not a label map", "}", "a value"),
        (
            "item { id: 1 nmae: 'a' }",
            "{path}, line 1: not a label map",
            "nmae",
            "one of ancestor_ids, descendant_ids, display_name, frequency, id, instance_count, keypoints, name",
        ),
    ],
)
def test_what_is_not_a_label_map_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str, got: str | None, expected: str | None
) -> None:
    with pytest.raises(PackError) as caught:
        read(tmp_path, text)
    assert caught.value.message == message.format(path=tmp_path / "map.pbtxt")
    assert caught.value.got == got
    if expected is not None:
        assert caught.value.expected == expected


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PackError, match=r"map\.pbtxt is not UTF-8 text"):
        read(tmp_path, b"item { id: 1 name: 'caf\xe9' }")


@needs_assets
@pytest.mark.assets
def test_the_real_label_map_has_cocos_80_classes_up_to_90() -> None:
    labels = read_label_map(ASSETS / "models" / "ssd_mobilenet_v1" / "mscoco_label_map.pbtxt")
    assert len(labels) == 80
    assert labels[0] == {"id": 1, "name": "person", "index": 1}
    assert labels[-1] == {"id": 90, "name": "toothbrush", "index": 90}
    assert [label["id"] for label in labels if 20 <= label["id"] <= 32] == [20, 21, 22, 23, 24, 25, 27, 28, 31, 32]
    assert {label["id"]: label["name"] for label in labels}[23] == "bear"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item { id: 1 name: 'a' keypoints " + "{ a " * 100_000, "line 1: not a label map"),
        (f"item {{ id: {'9' * 5000} name: 'a' }}", "cannot be that of a class"),
        ("item { id: 9999999999 name: 'a' }", "the id 9999999999 cannot be that of a class"),
    ],
    ids=["depth", "digits", "size"],
)
def test_what_is_beyond_all_measure_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PackError, match=message):
        read(tmp_path, text)


def test_brackets_within_brackets_are_passed_over(tmp_path: Path) -> None:
    text = "item { id: 1 keypoints " + "{ a " * 100 + "}" * 100 + " name: 'b' }"
    assert read(tmp_path, text) == [(1, "b", 1)]
