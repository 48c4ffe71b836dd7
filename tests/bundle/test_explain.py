"""Problems in words: key, value, remedy."""

import json
from typing import Any

import pytest

from inference_core.errors import ManifestError
from tests.bundle.documents import DIGEST, changed, document, parse, refusal, said

OPS = "expected: one of decode, resize, resize_short, letterbox, pad, crop, tensor"
FINITE = "Input should be a finite number"
LOW = "Input should be greater than or equal to 1"
ONE = "Tuple should have at least 1 item after validation, not 0"
SHORT = "String should have at least 1 character"
WHOLE = "Input should be a valid integer"
TRIPLE = "one number for gray, three for colour"
AXIS = 'a size of at least 1, the name of a dynamic axis, or {"sizes": [...]}'
MEMBER = r"String should match pattern '^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$'"


def without(path: str) -> dict[str, Any]:
    """The valid manifest without the key at `path`."""
    parent, _, last = path.rpartition("/")
    tree = document()
    place: Any = tree
    for part in parent.split("/") if parent else ():
        place = place[int(part) if isinstance(place, list) else part]
    del place[last]
    return tree


@pytest.mark.parametrize(
    ("path", "place", "value", "expected"),
    [
        ("labels/0/id", "labels[0].id", "1", WHOLE),
        ("labels/0/id", "labels[0].id", True, WHOLE),
        ("labels/0/id", "labels[0].id", 1.0, WHOLE),
        ("labels/0/name", "labels[0].name", "", SHORT),
        ("labels", "labels", {}, "Input should be a valid array"),
        ("labels", "labels", [], ONE),
        ("preprocess/0", "preprocess[0]", "decode", "Input should be an object"),
        ("preprocess/0/exif", "preprocess[0].exif", 1, "Input should be a valid boolean"),
        ("preprocess/1/width", "preprocess[1].width", 16385, "Input should be less than or equal to 16384"),
        ("preprocess/2/layout", "preprocess[2].layout", "NCWH", "Input should be 'NCHW' or 'NHWC'"),
        ("preprocess/2/scale", "preprocess[2].scale", float("nan"), FINITE),
        ("preprocess/2/scale", "preprocess[2].scale", float("-inf"), FINITE),
        ("preprocess/2/mean", "preprocess[2].mean", [1, 2], TRIPLE),
        ("preprocess/2/std", "preprocess[2].std", "1", TRIPLE),
        ("name", "name", "Tiny", "String should match pattern '^[a-z0-9][a-z0-9_.-]{0,63}$'"),
        ("name", "name", "tiny\n", "String should match pattern '^[a-z0-9][a-z0-9_.-]{0,63}$'"),
        ("artifacts/0/inputs/0/shape/2", "artifacts[0].inputs[0].shape[2]", 0, LOW),
        ("artifacts/0/inputs/0/shape/2", "artifacts[0].inputs[0].shape[2]", True, AXIS),
        ("artifacts/0/inputs/0/shape/2", "artifacts[0].inputs[0].shape[2]", None, AXIS),
        ("artifacts/0/inputs/0/shape/0", "artifacts[0].inputs[0].shape[0]", "", SHORT),
        ("provenance", "provenance.satchel", {"satchel": 1}, "Input should be a valid string"),
        ("format", "format", 2, "Input should be 1"),
    ],
)
def test_a_wrong_value_is_named_with_its_place_and_what_was_expected(
    path: str, place: str, value: object, expected: str
) -> None:
    got = json.dumps(value if place != "provenance.satchel" else 1)
    wanted = said(f": wrong value at {place}|got: {got}|expected: {expected}|remedy: correct {place}")
    assert refusal(json.dumps(changed(path, value))) == wanted


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        (changed("licence", "MIT"), "unknown key licence|got: \"MIT\"|remedy: rename it to 'license'"),
        (changed("preprocess/0/colour", 3), "unknown key preprocess[0].colour|got: 3|remedy: rename it to 'color'"),
        (changed("preprocess/1/colour", 3), "unknown key preprocess[1].colour|got: 3|remedy: remove it"),
        (changed("preprocess/1/fill", 3), "unknown key preprocess[1].fill|got: 3|remedy: remove it"),
        (changed("labels/1/nam", None), "unknown key labels[1].nam|got: null|remedy: rename it to 'name'"),
        (
            changed("artifacts/0/inputs/0/shape/0", {"sizes": [1], "size": 1}),
            "unknown key artifacts[0].inputs[0].shape[0].size|got: 1|remedy: rename it to 'sizes'",
        ),
        (without("license"), "key license is missing|got: nothing|remedy: add license"),
        (
            without("preprocess/1/width"),
            "key preprocess[1].width is missing|got: nothing|remedy: add preprocess[1].width",
        ),
        (without("preprocess/1/op"), "key preprocess[1].op is missing|got: nothing|remedy: add preprocess[1].op"),
        (changed("preprocess/1/op", "resise"), f"unknown op at preprocess[1]|got: resise|{OPS}|remedy: use resize"),
        (changed("preprocess/1/op", "nms"), f"unknown op at preprocess[1]|got: nms|{OPS}|remedy: use one of them"),
        (
            changed("files", document()["files"] | {"../x": {"sha256": DIGEST, "bytes": 1}}),
            f'wrong key or value at files["../x"]|got: {{"sha256": "{DIGEST}", "bytes": 1}}'
            f'|expected: {MEMBER}|remedy: correct files["../x"]',
        ),
        ([], "wrong value at the document|got: []|expected: Input should be an object|remedy: correct the document"),
    ],
)
def test_a_wrong_key_is_named_with_a_remedy(tree: object, message: str) -> None:
    assert refusal(json.dumps(tree)) == said(f": {message}")


def test_a_key_called_like_the_op_of_its_step_is_not_mistaken_for_it() -> None:
    step = {"op": "boxes", "boxes": "b", "format": "xywh"}
    first, second, *_ = refusal(json.dumps(changed("postprocess/0", step))).splitlines()
    assert (first, second) == ("bundle.json: wrong value at postprocess[0].format", '  got: "xywh"')


@pytest.mark.parametrize(
    ("path", "value", "place", "got", "expected"),
    [
        ("preprocess/2/std", [1, "1", 1], "preprocess[2].std[1]", '"1"', "Input should be a valid number"),
        ("artifacts/0/inputs/0/shape/0", {"sizes": [4, 0]}, "artifacts[0].inputs[0].shape[0].sizes[1]", "0", LOW),
        ("artifacts/0/inputs/0/shape/0", {"sizes": []}, "artifacts[0].inputs[0].shape[0].sizes", "[]", ONE),
    ],
)
def test_a_problem_inside_a_choice_of_types_is_told_once_and_where_it_is(
    path: str, value: object, place: str, got: str, expected: str
) -> None:
    wanted = said(f": wrong value at {place}|got: {got}|expected: {expected}|remedy: correct {place}")
    assert refusal(json.dumps(changed(path, value))) == wanted


def test_a_problem_in_a_list_does_not_make_the_list_a_problem() -> None:
    spec = document()["artifacts"][0]["inputs"][0] | {"layout": "NCH"}
    assert refusal(json.dumps(changed("artifacts/0/inputs/0", spec))) == said(
        f": artifacts[0].inputs[0]: layout NCH has 3 axes, shape has 4|got: {json.dumps(spec)}"
        "|remedy: correct artifacts[0].inputs[0]"
    )


def test_several_problems_are_told_at_once_and_numbered() -> None:
    tree = without("license") | {"format": 2, "licence": "MIT"}
    assert refusal(json.dumps(tree)) == (
        "bundle.json has 3 problems:\n"
        "1. unknown key licence\n  got: \"MIT\"\n  remedy: rename it to 'license'\n"
        "2. key license is missing\n  got: nothing\n  remedy: add license\n"
        "3. wrong value at format\n  got: 2\n  expected: Input should be 1\n  remedy: correct format"
    )


def test_the_error_body_carries_the_facts() -> None:
    with pytest.raises(ManifestError) as caught:
        parse(changed("labels/0/id", -1))
    assert caught.value.status == 503
    assert caught.value.body()["error"] == {
        "code": "invalid_manifest",
        "message": "bundle.json: wrong value at labels[0].id",
        "got": "-1",
        "expected": "Input should be greater than or equal to 0",
        "remedy": "correct labels[0].id",
    }
