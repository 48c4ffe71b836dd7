"""A candidate: loaded, compared, asked and timed, in this process and in one of its own."""

import json
from dataclasses import asdict
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_core.bundle import Bundle, open_bundle
from inference_core.engines import Array
from inference_core.errors import EngineError, MissingDependencyError, PackError
from inference_core.packing.apart import Apart
from inference_core.packing.tuning.candidate import Candidate, read_results, summary
from inference_core.tasks import Classification, Detection, ImageSize, Instance, Pose, Prediction, Result, Rle, Timings
from tests.models import pack_classifier, pack_detector
from tests.pictures import plain

OPTIONS = {"threads": 1, "instances": 2, "device": "cpu"}


@pytest.fixture
def classifier(tmp_path: Path) -> Bundle:
    """Logits are ten times the mean of each channel."""
    return open_bundle(pack_classifier(tmp_path))


def means(*values: float) -> Array:
    """An input whose channels are plain."""
    channels = np.array(values, np.float32)[None, :, None, None]
    return np.broadcast_to(channels, (1, 3, 8, 8)).copy()


def save(folder: Path, *tensors: Array) -> list[str]:
    files = [folder / f"input_{number}.npy" for number in range(len(tensors))]
    for file, tensor in zip(files, tensors, strict=True):
        np.save(file, tensor)
    return [str(file) for file in files]


def arguments(bundle: Bundle, inputs: list[str], **changes: Any) -> dict[str, Any]:
    """JSON, as `Apart` takes it."""
    artifact = bundle.manifest.artifacts[0].model_dump(mode="json", exclude_none=True)
    directory = str(bundle.directory)
    given = {"artifact": artifact, "manifest": f"{directory}/bundle.json", "directory": directory, "inputs": inputs}
    loaded: dict[str, Any] = json.loads(json.dumps(given | {"options": OPTIONS} | changes))
    return loaded


def apart(bundle: Bundle, inputs: list[str], **changes: Any) -> Apart:
    target = "inference_core.packing.tuning.candidate:Candidate"
    return Apart(target, purpose="the candidate", **arguments(bundle, inputs, **changes))


def test_a_candidate_is_measured_in_a_process_of_its_own(classifier: Bundle, tmp_path: Path) -> None:
    inputs = save(tmp_path, means(0.5, 0.25, 0), means(0, 1, 0.5))
    expected = [str(tmp_path / "0.npz"), str(tmp_path / "1.npz")]
    pictures = [tmp_path / "red.png", tmp_path / "blue.png"]
    pictures[0].write_bytes(plain((255, 0, 0), 20, 10))
    pictures[1].write_bytes(plain((0, 0, 255), 30, 40))
    with apart(classifier, inputs, warm_up=False) as source:
        assert source.call("outputs", files=expected) is None
    with apart(classifier, inputs) as candidate:
        facts = candidate.call("facts")
        assert facts.keys() == {"load_ms", "notes"} and facts["load_ms"] > 0 and facts["notes"] == []
        same = candidate.call("verify", expected=expected)
        assert same == {"max_absolute": 0.0, "max_relative": 0.0, "output": "logits", "image": 0}
        results = read_results(candidate.call("predict", images=[str(picture) for picture in pictures]))
        times = candidate.call("time", seconds=0.2)
        memory = candidate.call("memory")
    best = [result.predictions[0] for result in results]
    assert [(p.label, p.class_id) for p in best] == [("red", 0), ("blue", 2)]
    assert best[0].score == pytest.approx(1 / (1 + 2 * np.exp(-10)), abs=1e-6)
    assert [result.image for result in results] == [ImageSize(20, 10), ImageSize(30, 40)]
    assert 0.2 <= len(times["latencies_ms"]) / times["images_per_second"] < 2  # it ends with the inference it is in
    assert 0.2 <= sum(times["latencies_ms"]) / 1e3 < 4  # of two threads
    assert 20 < memory < 2000


def test_the_worst_difference_is_told_with_its_place(classifier: Bundle, tmp_path: Path) -> None:
    candidate = Candidate(**arguments(classifier, save(tmp_path, means(1, 0, 0), means(0, 1, 0), means(0, 0, 1))))
    expected = [str(tmp_path / f"{number}.npz") for number in range(3)]
    candidate.outputs(expected)
    with np.load(expected[2], allow_pickle=False) as archive:
        names, logits = archive["names"], archive["arr_0"]
    assert names.tolist() == ["logits"]
    assert np.array_equal(logits, np.array([[0, 0, 10]], np.float32))
    np.savez(expected[1], np.array([[0, 12.5, 0]], np.float32), names=names)
    np.savez(expected[2], np.array([[0, 0, 11]], np.float32), names=names)
    found = candidate.verify(expected)
    assert found == {"max_absolute": 2.5, "max_relative": 0.2, "output": "logits", "image": 1}
    np.savez(expected[2], np.array([[0, 0]], np.float32), names=names)
    assert candidate.verify(expected) == {"max_absolute": inf, "max_relative": inf, "output": "logits", "image": 2}


def test_a_fixed_batch_is_filled_and_counted(tmp_path: Path) -> None:
    bundle = open_bundle(pack_classifier(tmp_path, batch=3))
    candidate = Candidate(**arguments(bundle, save(tmp_path, means(1, 0.5, 0))))
    candidate.outputs([str(tmp_path / "0.npz")])
    with np.load(tmp_path / "0.npz", allow_pickle=False) as archive:
        assert np.array_equal(archive["arr_0"], np.array([[10, 5, 0]] * 3, np.float32))
    times = candidate.time(0.2)
    assert 0.2 <= 3 * len(times["latencies_ms"]) / times["images_per_second"] < 2


class Recorder:
    """In place of an engine: notes the shapes it is given."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, ...]] = []

    def infer(self, inputs: dict[str, Array]) -> dict[str, Array]:
        self.calls.append(inputs["images"].shape)
        return {}


@pytest.mark.parametrize("instances", [1, 3])
def test_every_shape_is_run_before_it_is_timed(
    classifier: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instances: int
) -> None:
    inputs = save(tmp_path, means(1, 0, 0), means(0, 1, 0), np.repeat(means(0, 0, 1), 2, axis=0))
    options = {"threads": 1, "instances": instances}
    candidate = Candidate(**arguments(classifier, inputs, options=options))
    engine = Recorder()
    monkeypatch.setattr(candidate, "_engine", engine)
    times = candidate.time(0.0)
    assert len(times["latencies_ms"]) == instances  # one each, which began in time
    shapes = [(1, 3, 8, 8), (2, 3, 8, 8)]
    assert sorted(engine.calls[: 2 * instances]) == sorted(shapes * instances)
    assert sorted(engine.calls[2 * instances :]) == [shapes[0], shapes[0], shapes[1]][:instances]


def test_inputs_are_timed_in_turn(classifier: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = save(tmp_path, means(1, 0, 0), np.repeat(means(0, 0, 1), 2, axis=0))
    candidate = Candidate(**arguments(classifier, inputs, options={"threads": 1}))
    engine = Recorder()
    monkeypatch.setattr(candidate, "_engine", engine)
    candidate.time(0.1)
    timed = engine.calls[2:]
    assert len(timed) > 4
    assert [shape[0] for shape in timed] == [1 + number % 2 for number in range(len(timed))]


def test_a_picture_that_cannot_be_used_is_named(classifier: Bundle, tmp_path: Path) -> None:
    candidate = Candidate(**arguments(classifier, save(tmp_path, means(1, 0, 0))))
    (tmp_path / "no.png").write_bytes(b"text")
    with pytest.raises(PackError, match=r"picture .*no\.png cannot be used: "):
        candidate.predict([str(tmp_path / "no.png")])


def test_what_the_engine_refuses_comes_back(classifier: Bundle, tmp_path: Path) -> None:
    inputs = save(tmp_path, means(1, 0, 0))
    artifact = arguments(classifier, inputs)["artifact"]
    with pytest.raises(MissingDependencyError, match="no engine abacus"):
        Candidate(**arguments(classifier, inputs, artifact=artifact | {"engine": "abacus"}))
    with pytest.raises(EngineError, match="cannot load"), apart(classifier, inputs, directory=str(tmp_path)):
        pass
    wrong = save(tmp_path, means(1, 0, 0)[:, :, :7])
    with pytest.raises(EngineError, match="input images does not fit"):
        Candidate(**arguments(classifier, wrong))


def test_a_detector_gives_detections(tmp_path: Path) -> None:
    bundle = open_bundle(pack_detector(tmp_path))
    (tmp_path / "grey.png").write_bytes(plain((9, 9, 9), 64, 64))
    candidate = Candidate(**arguments(bundle, save(tmp_path, np.zeros((1, 3, 32, 32), np.float32))))
    [result] = read_results(json.loads(json.dumps(candidate.predict([str(tmp_path / "grey.png")]))))
    assert [(type(p), p.label) for p in result.predictions] == [(Detection, "cat"), (Detection, "dog")]
    [cat, dog] = [p.box for p in result.predictions if isinstance(p, Detection)]
    assert (cat, dog) == ((0.0, 0.0, 32.0, 32.0), (16.0, 16.0, 64.0, 64.0))


@pytest.mark.parametrize(
    "prediction",
    [
        Classification("käfer", 1, 0.5),
        Detection("cat", 1, 1.0, (0.0, 1.5, 2.0, 3.0)),
        Instance("cat", 1, 0.5, (0.0, 1.5, 2.0, 3.0), Rle((30, 40), "5:d0000")),
        Pose("person", 0, 0.25, ((1.0, 2.0, 0.5), (3.5, 4.0, 0.0))),
    ],
)
def test_results_are_read_as_they_were(prediction: Prediction) -> None:
    result = Result("tiny", "1", "any", ImageSize(40, 30), (prediction, prediction), Timings(1.0, 2.0, 3.0, 4.0))
    assert read_results(json.loads(json.dumps([asdict(result)]))) == [result]


def test_a_percentile_is_the_smallest_that_so_many_do_not_exceed() -> None:
    assert summary([float(number) for number in range(100, 0, -1)]) == {"p50_ms": 50, "p90_ms": 90, "p99_ms": 99}
    assert summary([3.0, 1.0, 2.0, 10.0]) == {"p50_ms": 2.0, "p90_ms": 10.0, "p99_ms": 10.0}
    assert summary([7.0]) == {"p50_ms": 7.0, "p90_ms": 7.0, "p99_ms": 7.0}


def test_a_model_outside_of_a_bundle_may_have_any_name(classifier: Bundle, tmp_path: Path) -> None:
    name = "mö del's [1].onnx"
    (tmp_path / name).write_bytes((classifier.directory / "model.onnx").read_bytes())
    inputs = save(tmp_path, means(0.5, 0.25, 0))
    expected = [str(tmp_path / "0.npz")]
    Candidate(**arguments(classifier, inputs)).outputs(expected)
    candidate = Candidate(**arguments(classifier, inputs, directory=str(tmp_path), file=name))
    assert candidate.verify(expected)["max_absolute"] == 0
