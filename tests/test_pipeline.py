"""The local predictor: batches, failures, deadlines and timings."""

import math
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import ANY

import numpy as np
import pytest

from inference_core.bundle import Manifest, open_bundle
from inference_core.bundle.heads import Softmax
from inference_core.bundle.preprocess import Decode, Pad, ToTensor
from inference_core.bundle.tensors import BucketedAxis
from inference_core.engines import Array, Engine
from inference_core.errors import EngineError, NotFoundError, SatchelError
from inference_core.limits import Limits
from inference_core.pipeline import LocalPredictor
from inference_core.predictor import Outcome
from inference_core.tasks import Classification, Detection, ImageSize, Result
from tests.pictures import plain
from tests.stub_engine import ChannelMeans

RED, GREEN, BLUE = (plain(color) for color in ((255, 0, 0), (0, 255, 0), (0, 0, 255)))
BROKEN = RED[:-30]
SURE = 1 / (1 + 2 * math.exp(-10))
"""Softmax of the logits 10, 0, 0."""


@pytest.fixture
def manifest(tiny_models: Path) -> Manifest:
    return open_bundle(tiny_models / "tiny_classifier").manifest


def predictor(manifest: Manifest, engine: Engine, *shape: Any) -> LocalPredictor:
    """A predictor whose model takes `shape`."""
    artifact = manifest.artifacts[0]
    spec = artifact.inputs[0].model_copy(update={"shape": shape or ("batch", 3, 8, 8)})
    return LocalPredictor(manifest, artifact.model_copy(update={"inputs": (spec,)}), engine)


def best(outcomes: list[Outcome]) -> list[str]:
    """The best label of each result, or the code of the error in its place."""
    return [o.predictions[0].label if isinstance(o, Result) else o.code for o in outcomes]


def sizes(engine: ChannelMeans) -> list[int]:
    """How many images each call got."""
    return [len(batch) for batch in engine.batches]


def test_a_classification_holds_labels_scores_and_the_size_of_the_picture(tiny_models: Path) -> None:
    with LocalPredictor.load(open_bundle(tiny_models / "tiny_classifier")) as local:
        [result] = local.predict([plain((0, 255, 0), 30, 20)])
    assert isinstance(result, Result)
    assert (result.model, result.version, result.task) == ("tiny_classifier", "1", "classification")
    assert result.image == ImageSize(30, 20)
    assert result.predictions == (
        Classification("green", 1, ANY),
        Classification("red", 0, ANY),
    )
    assert [p.score for p in result.predictions] == pytest.approx([SURE, SURE * math.exp(-10)], rel=1e-5)


def test_detections_are_in_pixels_of_the_original(tiny_models: Path) -> None:
    # 20 x 10 becomes 32 x 16 in the letterbox: a factor of 1.6. The dog's lower edge, at 20, is clipped.
    with LocalPredictor.load(open_bundle(tiny_models / "tiny_detector")) as local:
        [result] = local.predict([RED])
    assert isinstance(result, Result)
    assert result.predictions == (
        Detection("cat", 0, float(np.float32(0.9)), (0.0, 0.0, 10.0, 10.0)),
        Detection("dog", 1, float(np.float32(0.7)), (5.0, 5.0, 20.0, 10.0)),
    )


def test_outcomes_come_in_the_order_of_the_images_and_a_bad_one_fails_alone(manifest: Manifest) -> None:
    engine = ChannelMeans()
    outcomes = predictor(manifest, engine).predict([RED, BROKEN, BLUE, b"", GREEN, b"GIF89a"])
    assert best(outcomes) == ["red", "invalid_image", "blue", "bad_request", "green", "unsupported_media_type"]
    assert sizes(engine) == [3]


def test_no_images_give_no_outcomes_and_run_nothing(manifest: Manifest) -> None:
    engine = ChannelMeans()
    assert predictor(manifest, engine).predict([]) == []
    assert engine.batches == []


def test_only_bad_images_run_nothing(manifest: Manifest) -> None:
    engine = ChannelMeans()
    assert best(predictor(manifest, engine).predict([BROKEN, BROKEN])) == ["invalid_image"] * 2
    assert engine.batches == []


@pytest.mark.parametrize(
    ("axis", "count", "expected"),
    [
        ("batch", 5, [5]),
        (1, 3, [1, 1, 1]),
        (4, 1, [4]),
        (4, 4, [4]),
        (4, 6, [4, 4]),
        (BucketedAxis(sizes=(2, 4)), 1, [2]),
        (BucketedAxis(sizes=(2, 4)), 3, [2, 2]),
        (BucketedAxis(sizes=(2, 4)), 5, [4, 2]),
        (BucketedAxis(sizes=(4, 2)), 7, [4, 4]),
    ],
)
def test_the_batch_axis_decides_how_images_run_together(
    manifest: Manifest, axis: Any, count: int, expected: list[int]
) -> None:
    engine = ChannelMeans()
    images = [(RED, GREEN, BLUE)[index % 3] for index in range(count)]
    outcomes = predictor(manifest, engine, axis, 3, 8, 8).predict(images)
    assert sizes(engine) == expected
    assert best(outcomes) == [("red", "green", "blue")[index % 3] for index in range(count)]


def test_a_fixed_batch_is_filled_with_zeros_after_the_images(manifest: Manifest) -> None:
    engine = ChannelMeans()
    predictor(manifest, engine, 4, 3, 8, 8).predict([RED, BLUE])
    assert engine.batches[0].mean(axis=(2, 3)).tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_images_of_one_tensor_shape_run_together(manifest: Manifest) -> None:
    steps = (Decode(), Pad(multiple=8, fill=0), ToTensor(scale=1 / 255))
    engine = ChannelMeans()
    pictures = [plain(color, width, 8) for color, width in (((255, 0, 0), 8), ((0, 255, 0), 16), ((0, 0, 255), 8))]
    free = manifest.model_copy(update={"preprocess": steps})
    outcomes = predictor(free, engine, "batch", 3, "height", "width").predict(pictures)
    assert best(outcomes) == ["red", "green", "blue"]
    assert [batch.shape for batch in engine.batches] == [(2, 3, 8, 8), (1, 3, 8, 16)]


def test_what_a_batch_fails_on_fails_alone(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = ChannelMeans()
    infer = engine.infer

    def poisoned(inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        if inputs["images"][:, 1].any():
            engine.batches.append(inputs["images"])
            raise EngineError("green is poison")
        return infer(inputs, deadline=deadline)

    monkeypatch.setattr(engine, "infer", poisoned)
    outcomes = predictor(manifest, engine).predict([RED, GREEN, BLUE])
    assert best(outcomes) == ["red", "engine_failed", "blue"]
    assert sizes(engine) == [3, 1, 1, 1]


def test_limits_of_each_picture_hold_for_it_alone(tiny_models: Path) -> None:
    limits = [Limits(), Limits(confidence=0.8), Limits(max_predictions=1), Limits(confidence=0.25), Limits(0.95, 9)]
    with LocalPredictor.load(open_bundle(tiny_models / "tiny_detector")) as local:
        outcomes = local.predict([RED] * 5, limits=limits)
    found = [[(p.label, round(p.score, 3)) for p in o.predictions] for o in outcomes if isinstance(o, Result)]
    cat, dog, small = ("cat", 0.9), ("dog", 0.7), ("cat", 0.3)
    assert found == [[cat, dog], [cat], [cat], [cat, dog, small], []]  # 0.3 is below what was packed


def test_limits_hold_where_no_step_has_them(manifest: Manifest) -> None:
    free = manifest.model_copy(update={"postprocess": (Softmax(),)})
    local = predictor(free, ChannelMeans())
    outcomes = local.predict([RED] * 3, limits=[Limits(), Limits(confidence=0.5), Limits(max_predictions=2)])
    assert [len(o.predictions) for o in outcomes if isinstance(o, Result)] == [3, 1, 2]


@pytest.mark.parametrize(
    ("axis", "count", "expected"),
    [("batch", 5, [5]), (1, 3, [1, 1, 1]), (4, 6, [4, 4]), (BucketedAxis(sizes=(2, 4)), 5, [4, 2])],
)
def test_tensors_run_in_parts_that_the_batch_axis_allows(
    manifest: Manifest, axis: Any, count: int, expected: list[int]
) -> None:
    engine = ChannelMeans()
    images = np.random.default_rng(0).random((count, 3, 8, 8), np.float32)
    outputs = predictor(manifest, engine, axis, 3, 8, 8).infer({"images": images})
    assert sizes(engine) == expected
    assert np.allclose(outputs["logits"].astype(float), images.mean(axis=(2, 3)) * 10, rtol=1e-6)


def test_a_lone_picture_takes_the_wide_lane_and_a_crowd_the_narrow_one(manifest: Manifest) -> None:
    wide, narrow = ChannelMeans(delay=0.2), ChannelMeans(delay=0.2)
    local = LocalPredictor(manifest, manifest.artifacts[0], wide, crowd=narrow)
    local.predict([RED])
    assert (len(wide.batches), len(narrow.batches)) == (1, 0)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(local.predict, [RED])
        time.sleep(0.05)
        second = pool.submit(local.predict, [GREEN])
        assert best(first.result() + second.result()) == ["red", "green"]
    assert (len(wide.batches), len(narrow.batches)) == (2, 1)
    local.predict([RED])
    assert (len(wide.batches), len(narrow.batches)) == (3, 1)
    local.close()
    assert wide.closed and narrow.closed


def test_an_answer_that_is_not_finite_fails_alone(manifest: Manifest, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = np.array([[10, 0, 0], [np.nan, 0, 0], [0, 0, 10]], np.float32)
    engine = ChannelMeans()
    monkeypatch.setattr(engine, "infer", lambda inputs, deadline: {"logits": answers})
    assert best(predictor(manifest, engine).predict([RED] * 3)) == ["red", "engine_failed", "blue"]


@pytest.mark.parametrize(
    ("shape", "got"),
    [((3,), "float32 [3]"), ((), "float32 []"), ((1, 3), "float32 [1, 3]"), ((3, 3), "float32 [3, 3]")],
)
def test_an_output_without_the_batch_on_axis_0_is_refused(
    manifest: Manifest, monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], got: str
) -> None:
    engine = ChannelMeans()
    monkeypatch.setattr(engine, "infer", lambda inputs, deadline: {"logits": np.zeros(shape, np.float32)})
    outcomes = predictor(manifest, engine).predict([RED, GREEN])
    assert [(type(o), str(o)) for o in outcomes] == [
        (
            EngineError,
            f"model output logits has no batch axis\n  got: {got}\n"
            "  expected: 2 on axis 0, one for each image of the batch\n"
            "  remedy: export the model with the batch on axis 0 of every output",
        )
    ] * 2


def test_closing_frees_the_engine(manifest: Manifest) -> None:
    engine = ChannelMeans()
    with predictor(manifest, engine):
        assert not engine.closed
    assert engine.closed


def test_timings_are_those_of_each_stage(manifest: Manifest) -> None:
    began = time.perf_counter()
    outcomes = predictor(manifest, ChannelMeans(delay=0.02)).predict([RED, GREEN])
    wall_ms = (time.perf_counter() - began) * 1e3
    timings = [o.timings_ms for o in outcomes if isinstance(o, Result)]
    assert len(timings) == 2
    assert all(t.infer >= 20 for t in timings) and timings[0].infer == timings[1].infer
    others = [value for t in timings for value in (t.decode, t.preprocess, t.postprocess)]
    assert all(value > 0 for value in others)
    assert sum(others) + timings[0].infer <= wall_ms


DECODING = "the deadline passed before decoding began"
INFERENCE = "the deadline passed before inference began"


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ([9, 9], [DECODING, DECODING]),
        ([0, 9, 0], ["cat", DECODING]),
        ([0, 0, 9, 9], [INFERENCE, INFERENCE]),
        ([0, 0, 0, 9], ["cat", INFERENCE]),
        ([0, 0, 0, 0], ["cat", "cat"]),
        ([0, 5, 0], ["cat", DECODING]),
    ],
)
def test_a_deadline_of_5_is_watched_before_each_stage(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch, clock: list[float], expected: list[str]
) -> None:
    """The detector runs one image at a time, so the clock is read for each decoding, then for each inference."""
    ticks = iter(clock)
    monkeypatch.setattr("inference_core.deadline.time", SimpleNamespace(monotonic=lambda: next(ticks)))
    with LocalPredictor.load(open_bundle(tiny_models / "tiny_detector")) as local:
        outcomes = local.predict([RED, GREEN], deadline=5)
    assert [o.predictions[0].label if isinstance(o, Result) else o.message for o in outcomes] == expected
    assert {o.code for o in outcomes if isinstance(o, SatchelError)} <= {"deadline_exceeded"}
    assert list(ticks) == []


def test_threads_at_once_get_their_own_answers(tiny_models: Path) -> None:
    pictures = [plain((level, 0, 0)) for level in range(0, 256, 4)]
    with LocalPredictor.load(open_bundle(tiny_models / "tiny_classifier")) as local, ThreadPoolExecutor(8) as pool:
        outcomes = [outcome for [outcome] in pool.map(lambda picture: local.predict([picture]), pictures)]
    scores = [o.predictions[0].score for o in outcomes if isinstance(o, Result)]
    assert scores == pytest.approx([1 / (1 + 2 * math.exp(-10 * level / 255)) for level in range(0, 256, 4)], abs=1e-6)


def test_an_engine_that_the_bundle_does_not_serve_is_refused(tiny_models: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        LocalPredictor.load(open_bundle(tiny_models / "tiny_classifier"), engine="torch")
    assert (caught.value.message, caught.value.expected) == (
        "bundle tiny_classifier has no artifact for engine torch",
        "one of onnxruntime:fp32",
    )


def test_the_pixel_cap_holds_before_decoding(tiny_models: Path) -> None:
    with LocalPredictor.load(open_bundle(tiny_models / "tiny_classifier"), max_pixels=199) as local:
        outcomes = local.predict([RED, plain((0, 0, 255), 19, 10)])
    assert best(outcomes) == ["too_large", "blue"]


def test_warming_up_runs_a_picture_through_the_whole_pipeline(manifest: Manifest) -> None:
    engine = ChannelMeans()
    predictor(manifest, engine).warm_up()
    assert [batch.shape for batch in engine.batches] == [(1, 3, 8, 8)]


def test_each_instance_is_warmed_up(manifest: Manifest) -> None:
    engine = ChannelMeans(instances=3)
    predictor(manifest, engine).warm_up()
    assert len(engine.batches) == 3


def test_a_model_that_fails_on_a_picture_does_not_warm_up(manifest: Manifest) -> None:
    with pytest.raises(EngineError, match="call 1 failed"):
        predictor(manifest, ChannelMeans(failing=(1,))).warm_up()
