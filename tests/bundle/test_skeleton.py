"""The skeleton: pairs of keypoints that are there, of a pose alone."""

from typing import Any

import pytest

from inference_core.bundle import Manifest
from inference_core.errors import ManifestError
from tests.bundle.documents import document, parse


def pose(skeleton: object, shape: list[Any] | None = None, **options: object) -> dict[str, Any]:
    """The manifest of a model of three keypoints, or of one with outputs of `shape`."""
    tree = document()
    tree["artifacts"][0]["outputs"][0]["shape"] = shape or [1, 3, 8, 9]
    steps = [{"op": "heat_maps", **options}, {"op": "restore"}]
    return tree | {"task": "pose", "postprocess": steps, "skeleton": skeleton}


def refused(tree: dict[str, Any]) -> ManifestError:
    with pytest.raises(ManifestError) as caught:
        parse(tree)
    return caught.value


def test_a_skeleton_is_kept_and_written_where_there_is_one() -> None:
    manifest = parse(pose([[0, 1], [2, 1]]))
    assert manifest.skeleton == ((0, 1), (2, 1))
    assert Manifest.model_validate_json(manifest.to_json()) == manifest
    assert "skeleton" not in parse(document()).to_json()


@pytest.mark.parametrize(
    ("skeleton", "place"),
    [
        ([], "skeleton"),
        ([[0, 1], [0]], "skeleton[1]"),
        ([[0, 1, 2]], "skeleton[0]"),
        ([[0, -1]], "skeleton[0][1]"),
        ([[0, 1.0]], "skeleton[0][1]"),
        ([[True, 1]], "skeleton[0][0]"),
        ([["0", 1]], "skeleton[0][0]"),
        ({"0": 1}, "skeleton"),
    ],
)
def test_what_is_no_pair_of_whole_numbers_is_refused_where_it_stands(skeleton: object, place: str) -> None:
    assert f" at {place}" in str(refused(pose(skeleton))) or f"key {place} is missing" in str(refused(pose(skeleton)))


def test_a_keypoint_is_not_joined_with_itself() -> None:
    error = refused(pose([[0, 1], [2, 2]]))
    assert error.message == "bundle.json: skeleton[1]: a line joins two keypoints, not one with itself"
    assert error.got == "[2, 2]"


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ([1, 3, 8, 9], {}),
        ([1, 8, 9, 3], {"layout": "HWC"}),
        (["batch", 3, "height", "width"], {"output": "logits"}),
    ],
)
def test_keypoints_are_counted_in_the_output(shape: list[Any], options: dict[str, Any]) -> None:
    assert parse(pose([[0, 2]], shape, **options)).skeleton == ((0, 2),)
    error = refused(pose([[0, 2], [3, 1]], shape, **options))
    assert error.message == "bundle.json: skeleton names keypoint 3, output 'logits' has 3, counted from 0"


@pytest.mark.parametrize("shape", [[1, "joints", 8, 9], ["batch", 3]])
def test_where_the_shape_does_not_tell_any_keypoint_may_be_named(shape: list[Any]) -> None:
    assert parse(pose([[0, 2**31]], shape)).skeleton == ((0, 2**31),)


def test_other_tasks_have_no_skeleton() -> None:
    error = refused(document() | {"skeleton": [[0, 1]]})
    assert error.message == "bundle.json: only the task pose has a skeleton, the task is classification"
