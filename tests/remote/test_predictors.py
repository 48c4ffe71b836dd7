"""Both splits: what travels, what comes back, and what is made of it."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_core.bundle import Manifest
from inference_core.bundle.reader import read_manifest
from inference_core.errors import EngineError, InvalidImageError, RemoteFailedError, RemoteUnavailableError
from inference_core.limits import Limits
from inference_core.remote.balancer import Balancer
from inference_core.remote.connection import Failure, RemoteModel
from inference_core.remote.engine import RemoteEngine
from inference_core.remote.predictors import RemoteImages, RemoteTensors
from inference_core.remote.watcher import Watcher
from inference_core.tasks import Classification, ImageSize, Result, Timings
from tests.pictures import plain
from tests.remote.endpoints import AGREEING, FakeConnection, endpoint, failing, pictures, plan

RED = Result(
    "theirs",
    "7",
    "classification",
    ImageSize(20, 10),
    (Classification("red", 0, 0.9),),
    Timings(decode=1.0, preprocess=2.0, infer=3000.0, postprocess=4.0, queue=5.0),
)
BROKEN = InvalidImageError("the picture ends too early")


@pytest.fixture
def manifest(tiny_models: Path) -> Manifest:
    return read_manifest(tiny_models / "tiny_classifier")


@pytest.fixture
def connection() -> FakeConnection:
    return FakeConnection()


@pytest.fixture
def engines(connection: FakeConnection, manifest: Manifest) -> Iterator[Any]:
    made: list[RemoteEngine] = []

    def make(split: str) -> RemoteEngine:
        endpoints = [endpoint(connection)]
        wanted = plan(split=split)
        watcher = Watcher(wanted, manifest.artifacts[0], endpoints, period=60)
        made.append(RemoteEngine(wanted, manifest.artifacts[0], Balancer(wanted, "tiny", endpoints), watcher))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def tensors(engines: Any, manifest: Manifest) -> RemoteTensors:
    return RemoteTensors(manifest, manifest.artifacts[0], engines("tensors"))


@pytest.fixture
def images(engines: Any, manifest: Manifest, connection: FakeConnection) -> RemoteImages:
    connection.model = replace(AGREEING, takes_images=True)
    connection.outcomes = [RED]
    return RemoteImages(manifest, manifest.artifacts[0], engines("image"))


def test_pictures_become_tensors_here_and_outputs_become_results_here(
    tensors: RemoteTensors, connection: FakeConnection
) -> None:
    red, bad, blue = tensors.predict([plain((255, 0, 0)), b"nothing", plain((0, 0, 255))])
    assert isinstance(red, Result)
    assert isinstance(blue, Result)
    assert (red.model, red.version) == ("tiny_classifier", "1")
    assert [outcome.predictions[0].label for outcome in (red, blue)] == ["red", "blue"]
    assert [outcome.predictions[0].score for outcome in (red, blue)] == pytest.approx([0.99991] * 2, abs=1e-5)
    assert getattr(bad, "status", 0) == 415
    [given] = connection.given
    assert given["images"].shape == (2, 3, 8, 8)


def test_a_failing_endpoint_is_not_asked_again_for_each_picture(
    tensors: RemoteTensors, connection: FakeConnection
) -> None:
    connection.fails = failing(Failure.REFUSED, "batch-size must be <= 2")
    outcomes = tensors.predict([plain((255, 0, 0))] * 4)
    assert [type(each) for each in outcomes] == [RemoteFailedError] * 4
    assert connection.calls == 1


def test_warming_up_sends_one_small_picture(tensors: RemoteTensors, connection: FakeConnection) -> None:
    tensors.warm_up()
    assert connection.calls == 1
    tensors.check_ready()


def test_warming_up_heeds_a_low_cap_on_pixels(engines: Any, manifest: Manifest, connection: FakeConnection) -> None:
    RemoteTensors(manifest, manifest.artifacts[0], engines("tensors"), max_pixels=40).warm_up()
    assert connection.calls == 1


def test_warming_up_does_not_mind_that_nobody_is_there(
    tensors: RemoteTensors, connection: FakeConnection, caplog: pytest.LogCaptureFixture
) -> None:
    connection.probe = failing(Failure.UNREACHABLE, "connection refused")
    tensors.warm_up()
    assert connection.calls == 0
    with pytest.raises(RemoteUnavailableError) as caught:
        tensors.check_ready()
    assert caught.value.got == "http://a:8000: connection refused"
    assert "no endpoint can be asked for tiny now (http://a:8000: connection refused)" in caplog.text


def test_warming_up_does_not_mind_a_call_that_fails(
    tensors: RemoteTensors, connection: FakeConnection, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    connection.fails = failing(Failure.FAULT, "out of memory")
    tensors.warm_up()
    assert "a first picture got no answer: http://a:8000 failed (out of memory)" in caplog.text


def test_warming_up_minds_another_model(tensors: RemoteTensors, connection: FakeConnection) -> None:
    connection.model = RemoteModel(AGREEING.outputs, AGREEING.inputs)
    with pytest.raises(EngineError, match="the model at http://a:8000 is not the bundle's"):
        tensors.warm_up()


def test_warming_up_minds_outputs_that_are_no_results(tensors: RemoteTensors, connection: FakeConnection) -> None:
    connection.outputs = lambda outputs: {"logits": np.repeat(outputs["logits"], 2, axis=0)}
    with pytest.raises(EngineError, match="has no batch axis"):
        tensors.warm_up()


def test_pictures_travel_as_they_are_and_results_are_ours(images: RemoteImages, connection: FakeConnection) -> None:
    limits = [Limits(0.5), Limits(None, 3)]
    connection.outcomes = [RED, BROKEN]
    red, broken = images.predict([b"one", b"two"], limits=limits)
    assert connection.limits == [limits]
    assert broken is BROKEN
    assert isinstance(red, Result)
    assert (red.model, red.version, red.image, red.predictions) == (
        "tiny_classifier",
        "1",
        RED.image,
        RED.predictions,
    )


def test_the_way_and_the_queue_there_count_as_inference(images: RemoteImages, connection: FakeConnection) -> None:
    [quick] = images.predict([b"one"])
    assert isinstance(quick, Result)
    assert quick.timings_ms == Timings(1.0, 2.0, 3000.0, 4.0), "no less than it was told"
    connection.outcomes = [replace(RED, timings_ms=Timings(0.0, 0.0, 0.001, 0.0, 9.0))]
    [slow] = images.predict([b"one"])
    assert isinstance(slow, Result)
    assert 0.001 < slow.timings_ms.infer < 1000
    assert slow.timings_ms.queue == 0


def test_results_of_another_task_are_garbage(images: RemoteImages, connection: FakeConnection) -> None:
    connection.outcomes = [replace(RED, task="detection")]
    [outcome] = images.predict([b"one"])
    assert isinstance(outcome, RemoteFailedError)
    assert outcome.got == "results of the task detection, not classification"


def test_a_call_that_fails_fails_for_each_picture(images: RemoteImages, connection: FakeConnection) -> None:
    connection.fails = failing(Failure.FAULT, "out of memory")
    outcomes = images.predict([b"one", b"two"])
    assert [getattr(each, "got", None) for each in outcomes] == ["out of memory"] * 2
    assert connection.calls == 1


def test_no_picture_is_no_call(images: RemoteImages, connection: FakeConnection) -> None:
    assert images.predict([]) == []
    assert connection.calls == 0


def test_a_service_for_pictures_also_takes_tensors(images: RemoteImages) -> None:
    np.testing.assert_array_equal(images.infer(pictures(3))["logits"], [[10, 0, 0]] * 3)


def test_warming_up_sends_a_picture_to_a_service_for_pictures(images: RemoteImages, connection: FakeConnection) -> None:
    images.warm_up()
    images.check_ready()
    assert connection.calls == 1
    assert images.describe().device == "remote"
    images.close()
    assert connection.closed


def test_a_service_without_pictures_is_refused(images: RemoteImages, connection: FakeConnection) -> None:
    connection.model = AGREEING
    with pytest.raises(EngineError, match="takes no encoded pictures"):
        images.warm_up()
