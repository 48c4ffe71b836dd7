"""A candidate that is given several images at once: timed, compared with one by one, and asked."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from inference_core.bundle import Bundle, open_bundle
from inference_core.engines import Array
from inference_core.errors import EngineError
from inference_core.packing import pack_model
from inference_core.packing.tuning.candidate import Candidate, read_results
from tests.models import CLASSIFIER_RECIPE, pack_classifier
from tests.packing.tuning.mixing import Fault, write_mixing
from tests.packing.tuning.test_candidate import Recorder, arguments, means, save
from tests.pictures import plain


def mixing(folder: Path, fault: Fault) -> Bundle:
    (folder / "recipe.toml").write_text(CLASSIFIER_RECIPE.replace("k = 2", "k = 1"))
    (folder / "labels.txt").write_text("red\ngreen\nblue\n")
    (folder / "red.png").write_bytes(plain((255, 0, 0)))
    model, recipe = write_mixing(folder / "model.onnx", fault), str(folder / "recipe.toml")
    pack_model(model, recipe, folder / "bundle", images=[folder / "red.png"])  # one, which any of them answers
    return open_bundle(folder / "bundle")


def recorded(candidate: Candidate, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    engine = Recorder()
    monkeypatch.setattr(candidate, "_engine", engine)
    return engine


def test_batches_of_each_shape_are_run_and_their_images_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = open_bundle(pack_classifier(tmp_path))
    inputs = save(tmp_path, means(1, 0, 0), means(0, 1, 0)[:, :, :6], means(0, 0, 1))
    inputs[1] = inputs.pop(1)
    candidate = Candidate(**arguments(bundle, inputs, options={"threads": 1}))
    engine = recorded(candidate, monkeypatch)
    times = candidate.time(0.05, images=4)
    large, small = (4, 3, 8, 8), (4, 3, 6, 8)
    assert engine.calls[:4] == [large, small, large, small]
    assert {shape[0] for shape in engine.calls} == {4}
    images = 4 * len(times["latencies_ms"])
    assert len(times["latencies_ms"]) == len(engine.calls) - 2
    assert 0.05 <= images / times["images_per_second"] < 1
    engine.calls.clear()
    candidate.time(0.0, images=1)
    assert {shape[0] for shape in engine.calls} == {1}


@pytest.mark.parametrize("images", [1, 3])
def test_zeros_that_fill_a_fixed_batch_are_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, images: int
) -> None:
    bundle = open_bundle(pack_classifier(tmp_path, batch=3))
    candidate = Candidate(**arguments(bundle, save(tmp_path, means(1, 0.5, 0)), options={"threads": 1}))
    engine = recorded(candidate, monkeypatch)
    times = candidate.time(0.05, images=images)
    assert set(engine.calls) == {(3, 3, 8, 8)}
    assert 0.05 <= images * len(times["latencies_ms"]) / times["images_per_second"] < 1


@pytest.mark.parametrize("batch", ["batch", 3])
def test_rows_of_a_sound_model_are_those_of_single_images(tmp_path: Path, batch: int | str) -> None:
    bundle = open_bundle(pack_classifier(tmp_path, batch=batch))
    candidate = Candidate(**arguments(bundle, save(tmp_path, means(1, 0.5, 0), means(0, 0.25, 1))))
    found = candidate.verify_batch(3)
    assert (found["output"], found["max_relative"]) == ("logits", pytest.approx(0, abs=1e-6))


@pytest.mark.parametrize("images", [2, 4])
@pytest.mark.parametrize("inputs", [1, 2])
def test_a_model_that_mixes_rows_is_found_out(tmp_path: Path, images: int, inputs: int) -> None:
    """Even where there is one picture: zeros are beside it."""
    given = [means(1, 0.5, 0), means(0, 0.5, 1)][:inputs]
    for fault in ("mean", "first"):
        (tmp_path / fault).mkdir()
        candidate = Candidate(**arguments(mixing(tmp_path / fault, fault), save(tmp_path, *given)))
        found = candidate.verify_batch(images)
        assert (found["output"], found["max_relative"] > 0.01) == ("logits", True)


def test_how_far_a_mixing_model_is_off_is_told(tmp_path: Path) -> None:
    """Beside zeros, 0.05 of the logits are taken off instead of 0.1; the largest of one by one is 0.9."""
    candidate = Candidate(**arguments(mixing(tmp_path, "mean"), save(tmp_path, means(1, 0.5, 0))))
    assert candidate.verify_batch(2)["max_relative"] == pytest.approx(0.05 / 0.9, rel=1e-5)


def test_a_model_without_rows_for_images_is_refused(tmp_path: Path) -> None:
    candidate = Candidate(**arguments(mixing(tmp_path, "flat"), save(tmp_path, means(1, 0.5, 0))))
    with pytest.raises(EngineError, match="model output logits has no batch axis"):
        candidate.verify_batch(2)


def test_pictures_are_predicted_in_batches_and_answered_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = open_bundle(pack_classifier(tmp_path))
    candidate = Candidate(**arguments(bundle, save(tmp_path, means(1, 0, 0))))
    shapes: list[tuple[int, ...]] = []
    engine = candidate._engine
    infer = engine.infer

    def note(inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        shapes.append(inputs["images"].shape)
        return infer(inputs, deadline=deadline)

    monkeypatch.setattr(engine, "infer", note)
    files = []
    for number, color in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255)]):
        files.append(str(tmp_path / f"{number}.png"))
        Path(files[-1]).write_bytes(plain(color, 20, 10))
    results = read_results(candidate.predict(files, batch=2))
    assert [result.predictions[0].label for result in results] == ["red", "green", "blue"]
    assert shapes == [(2, 3, 8, 8)] * 2
