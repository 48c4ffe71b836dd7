"""Native post-processing against the reference: the same predictions, bit for bit, or the same error."""

import threading
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_core.bundle.heads import (
    AnchorLevel,
    Boxes,
    Distances,
    HeatMaps,
    Masks,
    Picked,
    Softmax,
    Ssd,
    Yolo,
    Yolox,
)
from inference_core.bundle.postprocess import Nms, PostprocessStep, Restore, Score, Top
from inference_core.errors import EngineError
from inference_core.imaging import Geometry
from inference_core.tasks import Postprocessor, Tensors
from inference_core.tasks.native import NativePath
from inference_core.tasks.states import Detections, Final
from tests.cpp_ext.tensors import Case, classifications, detections, instances, poses

PLAIN = Geometry(32, 32)


def outcome(case: Case, *, native: bool) -> Final | EngineError:
    """The state that the chain ends in, or the error."""
    try:
        with np.errstate(over="ignore", under="ignore"):  # the products of wild numbers
            return Postprocessor(case.task, case.steps, (), native=native).final(case.tensors)
    except EngineError as error:
        return error


def assert_equal(got: Any, expected: Any, where: str = "state") -> None:
    """Fields equal, of equal types and shapes; of floats every bit, but for the sign of zero."""
    assert type(got) is type(expected), (where, got, expected)
    if isinstance(expected, EngineError):
        assert got.body() == expected.body()
    elif is_dataclass(expected):
        for field in fields(expected):
            assert_equal(getattr(got, field.name), getattr(expected, field.name), f"{where}.{field.name}")
    elif isinstance(expected, np.ndarray):
        assert got.dtype == expected.dtype, where
        assert len(got) == len(expected), where
        if len(expected):  # no poses have no number of keypoints
            assert got.shape == expected.shape, where
            np.testing.assert_array_equal(got, expected, where)
    else:
        assert got == expected, where


def assert_same(case: Case) -> None:
    assert_equal(outcome(case, native=True), outcome(case, native=False))


@settings(max_examples=500, deadline=None)
@given(detections())
def test_detections_are_those_of_the_reference(case: Case) -> None:
    assert_same(case)


@settings(max_examples=500, deadline=None)
@given(instances())
def test_masks_are_those_of_the_reference(case: Case) -> None:
    assert_same(case)


@settings(max_examples=300, deadline=None)
@given(classifications())
def test_classes_are_those_of_the_reference(case: Case) -> None:
    assert_same(case)


@settings(max_examples=300, deadline=None)
@given(poses())
def test_poses_are_those_of_the_reference(case: Case) -> None:
    assert_same(case)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_one_bad_number_anywhere_is_refused(data: st.DataObject) -> None:
    case = data.draw(detections())
    outputs = {name: np.array(value) for name, value in case.tensors.outputs.items()}
    name = data.draw(st.sampled_from(sorted(outputs)))
    if outputs[name].size and outputs[name].dtype == np.float32:
        place = data.draw(st.integers(0, outputs[name].size - 1))
        outputs[name].flat[place] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
        assert isinstance(
            outcome(case._replace(tensors=replace(case.tensors, outputs=outputs)), native=True), EngineError
        )
    assert_same(case._replace(tensors=replace(case.tensors, outputs=outputs)))


CHANGES: list[Callable[[np.ndarray], np.ndarray]] = [
    lambda value: np.concatenate([value, value]),
    lambda value: np.repeat(value, 2, axis=-1),
    lambda value: value[:-1],
    lambda value: value[..., :0],
    lambda value: value.reshape(-1),
    lambda value: value[None],
]


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_outputs_of_another_shape_are_refused_alike(data: st.DataObject) -> None:
    case = data.draw(detections() | classifications() | poses())
    outputs = dict(case.tensors.outputs)
    name = data.draw(st.sampled_from(sorted(outputs)))
    value = outputs[name]
    change = data.draw(st.sampled_from(CHANGES))
    changed = change(value if value.ndim else value[None])
    if changed.size or case.task != "classification":  # the softmax of nothing is nothing that the reference knows
        assert_same(case._replace(tensors=replace(case.tensors, outputs=outputs | {name: changed})))


CHAINS: dict[str, tuple[str, tuple[PostprocessStep, ...], dict[str, tuple[int, ...]]]] = {
    "softmax": ("classification", (Softmax(), Top(k=5)), {"out": (1000,)}),
    "yolox": ("detection", (Yolox(), Score(min=0.2), Nms(iou=0.5), Restore()), {"out": (21, 9)}),
    "yolo": ("detection", (Yolo(transposed=True), Score(min=0.2), Restore()), {"out": (9, 40)}),
    "boxes": ("detection", (Boxes(), Score(min=0.2), Restore()), {"boxes": (40, 4), "scores": (40, 3)}),
    "ssd": (
        "detection",
        (Ssd(levels=(AnchorLevel(stride=8, sizes=((9, 9), (5, 7))),)), Score(min=0.2), Restore()),
        {"boxes": (32, 4), "scores": (32, 3)},
    ),
    "distances": (
        "detection",
        (Distances(strides=(8.0, 16.0), centerness="c"), Score(min=0.2), Restore()),
        {"boxes": (20, 4), "scores": (20, 3), "c": (20, 1)},
    ),
    "picked": ("detection", (Picked(), Restore()), {"boxes": (7, 4), "scores": (7,), "classes": (7,)}),
    "masks": (
        "instance_segmentation",
        (Boxes(), Score(min=0.2), Masks(output="masks"), Restore()),
        {"boxes": (6, 4), "scores": (6, 3), "masks": (6, 3, 5, 5)},
    ),
    "heat_maps": ("pose", (HeatMaps(), Restore()), {"out": (5, 8, 8)}),
}


def case_of(name: str, seed: int = 0) -> Case:
    task, steps, shapes = CHAINS[name]
    chance = np.random.default_rng(seed)
    outputs = {key: chance.random(shape).astype(np.float32) for key, shape in shapes.items()}
    if "classes" in outputs:
        outputs["classes"] = np.floor(outputs["classes"] * 9)
    return Case(task, steps, Tensors(outputs, 32, 32, Geometry(40, 30, 0.8, 0.8, 0.0, 4.0)))


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("dtype", [np.float16, np.float64, ">f4", np.uint8, np.int64, bool])
def test_numbers_of_any_type_are_read(name: str, dtype: Any) -> None:
    case = case_of(name)
    outputs = {key: value.astype(dtype) for key, value in case.tensors.outputs.items()}
    assert_same(case._replace(tensors=replace(case.tensors, outputs=outputs)))


@pytest.mark.parametrize("name", CHAINS)
def test_memory_of_any_order_is_read(name: str) -> None:
    case = case_of(name)
    for arrange in (
        np.asfortranarray,
        lambda v: np.repeat(v, 2, axis=0)[::2],
        lambda v: v[::-1].copy()[::-1],
        unaligned,
    ):
        outputs = {key: arrange(value) for key, value in case.tensors.outputs.items()}
        assert_equal(
            outcome(case._replace(tensors=replace(case.tensors, outputs=outputs)), native=True),
            outcome(case, native=False),
        )


def unaligned(values: np.ndarray) -> np.ndarray:
    memory = np.empty(values.nbytes + 1, np.uint8)
    shifted = memory[1:].view(np.float32).reshape(values.shape)
    shifted[...] = values
    return shifted


@pytest.mark.parametrize("name", CHAINS)
def test_what_float32_cannot_hold_is_refused(name: str) -> None:
    case = case_of(name)
    for key, value in case.tensors.outputs.items():
        outputs = {**case.tensors.outputs, key: value.astype(np.float64)}
        outputs[key].flat[0] = 1e300
        changed = case._replace(tensors=replace(case.tensors, outputs=outputs))
        assert isinstance(outcome(changed, native=True), EngineError)
        assert_same(changed)


@pytest.mark.parametrize("name", CHAINS)
def test_an_output_that_is_missing(name: str) -> None:
    case = case_of(name)
    if len(case.tensors.outputs) == 1:
        return
    for key in case.tensors.outputs:
        outputs = {k: v for k, v in case.tensors.outputs.items() if k != key}
        for native in (True, False):
            with pytest.raises(KeyError, match=key):
                outcome(case._replace(tensors=replace(case.tensors, outputs=outputs)), native=native)


def test_the_only_output_may_have_any_name() -> None:
    case = case_of("yolox")
    native = NativePath(case.task, case.steps)
    for name in ("first", "second"):
        tensors = replace(case.tensors, outputs={name: np.full((21, 9), np.nan, np.float32)})
        with pytest.raises(EngineError, match=f"model output {name} holds values that are not finite"):
            native.run(tensors)


@pytest.mark.parametrize(
    ("classes", "count"),
    [([0.5, 0, 0], 3), ([-1, 0, 0], 3), ([0, 0, 2**24], 3), ([0, 0, -1], 2), ([0] * 3, 4), ([0] * 3, 1.5)],
)
def test_numbers_that_stand_for_integers(classes: list[float], count: float) -> None:
    outputs = {"boxes": np.zeros((3, 4)), "scores": np.ones(3), "classes": np.array(classes), "n": np.array([count])}
    assert_same(Case("detection", (Picked(count="n"), Restore()), Tensors(outputs, 8, 8, PLAIN)))


def test_many_boxes_that_overlap() -> None:
    chance = np.random.default_rng(0)
    corners = chance.uniform(0, 60, (3000, 2))
    boxes = np.concatenate([corners, corners + chance.uniform(1, 30, (3000, 2))], axis=1)
    outputs = {"boxes": boxes, "scores": chance.integers(0, 50, (3000, 3)) / 50}
    for per_class in (True, False):
        steps = (Boxes(), Score(min=0.1, multi_label=True), Nms(iou=0.45, per_class=per_class), Restore())
        assert_same(Case("detection", steps, Tensors(outputs, 90, 90, Geometry(90, 90))))


def test_threads_share_one() -> None:
    cases = [case_of("masks", seed) for seed in range(6)]
    expected = [outcome(case, native=False) for case in cases]
    path = NativePath(cases[0].task, cases[0].steps)
    failures: list[int] = []

    def work() -> None:
        for i in range(300):
            try:
                assert_equal(path.run(cases[i % 6].tensors), expected[i % 6])
            except AssertionError:
                failures.append(i)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


RECORDS = [step.model_dump() for step in CHAINS["boxes"][1]]


@pytest.mark.parametrize(
    "records",
    [
        [],
        RECORDS[:1],
        RECORDS[1:],
        [RECORDS[0], RECORDS[2]],
        [*RECORDS, RECORDS[1]],
        [RECORDS[0] | {"format": "xywh"}, *RECORDS[1:]],
        [RECORDS[0] | {"gamma": 2}, *RECORDS[1:]],
        [RECORDS[0] | {"boxes": "other"}, *RECORDS[1:]],
        [RECORDS[0], RECORDS[1] | {"min": "low"}, RECORDS[2]],
        [RECORDS[0], {"op": "score"}, RECORDS[2]],
        [{"op": "rotate"}, *RECORDS[1:]],
    ],
)
def test_steps_that_the_module_does_not_know_are_refused(records: list[dict[str, object]]) -> None:
    import satchel_imaging

    with pytest.raises(satchel_imaging.ImagingError) as caught:
        satchel_imaging.Postprocessor(records, ("boxes", "scores"))
    assert caught.value.code == "bad_argument"


def test_the_module_copies_what_it_must_and_only_that() -> None:
    import satchel_imaging

    path = satchel_imaging.Postprocessor(RECORDS, ("boxes", "scores"))
    outputs = {"boxes": np.zeros((2, 4), np.float32), "scores": np.ones((2, 1), np.float32), "other": None}
    found = path.run(outputs, 8, 8, satchel_imaging.Geometry(8, 8, 1, 1, 0, 0))  # type: ignore[arg-type]
    assert found.index.tolist() == [0, 0]
    assert found.keypoints.shape == (0, 0, 3)
    assert found.masks == ()
    with pytest.raises(satchel_imaging.ImagingError, match="an input cannot have this size"):
        path.run(outputs, 0, 8, satchel_imaging.Geometry(8, 8, 1, 1, 0, 0))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [{"width": 0}, {"height": -3}, {"scale_x": 0.0}, {"scale_y": np.nan}, {"scale_x": -1.0}, {"offset_y": np.inf}],
)
def test_a_geometry_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    import satchel_imaging

    records = [step.model_dump() for step in CHAINS["masks"][1]]
    path = satchel_imaging.Postprocessor(records, ("boxes", "scores", "masks"))
    geometry = satchel_imaging.Geometry(8, 8, 1.0, 1.0, 0.0, 0.0)._replace(**changes)
    with pytest.raises(satchel_imaging.ImagingError, match="a geometry maps pixels of no picture") as caught:
        path.run(case_of("masks").tensors.outputs, 8, 8, geometry)
    assert caught.value.code == "bad_argument"


def test_the_reference_is_taken_when_asked_for() -> None:
    case = case_of("picked")
    found = outcome(case, native=False)
    assert isinstance(found, Detections)
    assert len(found.score) == 7
