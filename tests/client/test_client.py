"""Both clients against a real server."""

import asyncio
import dataclasses
import hashlib
import inspect
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from inference_core import LocalPredictor, open_bundle
from inference_core.client import AsyncClient, Client, calls
from inference_core.errors import ForbiddenError, InvalidImageError, NotFoundError, UnauthorizedError
from inference_core.tasks import Detection, Result, Timings
from tests.pictures import plain
from tests.server.process import serving
from tests.test_imports import python

RED = plain((255, 0, 0))
KEY = "open sesame"
Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def url(tiny_models: Path) -> Iterator[str]:
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    with serving(tiny_models, admin="on", api_keys=digest) as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture(params=["blocking", "asynchronous"])
def ask(request: pytest.FixtureRequest, url: str) -> Ask:
    """Calls a method of either client."""

    async def wait(method: str, *arguments: object, **named: object) -> Any:
        async with AsyncClient(url, key=KEY) as client:
            return await getattr(client, method)(*arguments, **named)

    def run(method: str, *arguments: object, **named: object) -> Any:
        if request.param == "asynchronous":
            return asyncio.run(wait(method, *arguments, **named))
        with Client(url, key=KEY) as client:
            return getattr(client, method)(*arguments, **named)

    return run


def untimed(result: Result) -> Result:
    return dataclasses.replace(result, timings_ms=Timings(0, 0, 0, 0))


def local(models: Path, name: str, picture: bytes) -> Result:
    with open_bundle(models / name) as bundle, LocalPredictor.load(bundle) as predictor:
        [result] = predictor.predict([picture])
    assert isinstance(result, Result)
    return untimed(result)


@pytest.mark.parametrize("name", ["tiny_classifier", "tiny_detector"])
def test_a_prediction_equals_the_local_one(ask: Ask, tiny_models: Path, name: str) -> None:
    result = ask("predict", name, RED)
    assert untimed(result) == local(tiny_models, name, RED)
    assert result.timings_ms.infer > 0


def test_pictures_come_in_every_form(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    path.write_bytes(RED)
    forms = [RED, path, str(path), Image.new("RGB", (20, 10), (255, 0, 0))]
    results = {untimed(ask("predict", "tiny_classifier", form)) for form in forms}
    assert len(results) == 1
    assert results.pop().predictions[0].label == "red"


def test_limits_narrow_a_prediction(ask: Ask) -> None:
    whole = ask("predict", "tiny_detector", RED).predictions
    assert [(type(p), p.label) for p in whole] == [(Detection, "cat"), (Detection, "dog")]
    assert ask("predict", "tiny_detector", RED, confidence=0.8).predictions == whole[:1]
    assert ask("predict", "tiny_detector", RED, max_predictions=1).predictions == whole[:1]


def test_a_batch_answers_for_each_picture(ask: Ask) -> None:
    blue = plain((0, 0, 255), kind="JPEG")
    first, second, third = ask("predict_batch", "tiny_classifier", [RED, RED[:40], blue])
    assert (first.predictions[0].label, third.predictions[0].label) == ("red", "blue")
    assert isinstance(second, InvalidImageError)
    with pytest.raises(InvalidImageError) as alone:
        ask("predict", "tiny_classifier", RED[:40])
    assert str(second) == str(alone.value)


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_a_drawing_is_a_picture_of_that_kind(ask: Ask, kind: str) -> None:
    drawn = Image.open(io.BytesIO(ask("predict_image", "tiny_detector", RED, kind)))
    assert (drawn.format, drawn.size) == (kind.upper(), (20, 10))


def test_models_are_described(ask: Ask) -> None:
    assert [(m["name"], m["task"]) for m in ask("models")] == [
        ("tiny_classifier", "classification"),
        ("tiny_detector", "detection"),
    ]
    assert ask("describe", "tiny_detector")["license"] == "MIT"
    assert [label["name"] for label in ask("labels", "tiny_classifier")] == ["red", "green", "blue"]
    assert ask("ready") is True
    assert "satchel" in ask("version")


def test_a_configuration_is_changed_and_given_back(ask: Ask) -> None:
    before = ask("config", "tiny_detector")
    assert (before["confidence"], before["max_predictions"]) == (None, None)
    changed = ask("set_config", "tiny_detector", confidence=0.8)
    assert (changed["confidence"], changed["max_predictions"]) == (0.8, None)
    assert len(ask("predict", "tiny_detector", RED).predictions) == 1
    changed = ask("set_config", "tiny_detector", max_predictions=5)
    assert (changed["confidence"], changed["max_predictions"]) == (0.8, 5)
    assert ask("set_config", "tiny_detector", confidence=None, max_predictions=None) == before


def test_a_model_is_unloaded_and_loaded(ask: Ask) -> None:
    assert [v["state"] for v in ask("unload", "tiny_detector")["versions"]] == ["unloaded"]
    assert [v["state"] for v in ask("load", "tiny_detector")["versions"]] == ["ready"]
    assert [v["state"] for v in ask("status", "tiny_detector")["versions"]] == ["ready"]


def test_errors_are_those_of_the_tree(ask: Ask, url: str, tiny_models: Path) -> None:
    with pytest.raises(NotFoundError) as missing:
        ask("predict", "nonsense", RED)
    assert missing.value.remedy is not None
    with Client(url, key="wrong") as client, pytest.raises(UnauthorizedError):
        client.models()
    with Client(url) as client, pytest.raises(UnauthorizedError):
        client.predict("tiny_classifier", RED)


def test_what_is_switched_off_is_forbidden(tiny_models: Path) -> None:
    with serving(tiny_models) as server, Client(f"http://127.0.0.1:{server.port}") as client:
        with pytest.raises(ForbiddenError):
            client.unload("tiny_detector")
        assert client.ready()


def test_both_clients_offer_every_call() -> None:
    functions = {name: value for name, value in vars(calls).items() if inspect.isfunction(value)}
    names = {name for name, value in functions.items() if value.__module__ == calls.__name__ and name[0] != "_"}
    assert "predict" in names
    for kind in (Client, AsyncClient):
        for name in names:
            assert inspect.signature(getattr(kind, name)) == inspect.signature(getattr(calls, name))
            assert getattr(kind, name).__doc__


def test_importing_the_client_is_light() -> None:
    loaded = set(python("import inference_core.client, sys; print(*sys.modules)").stdout.split())
    assert not loaded & {"numpy", "PIL", "fastapi", "typer", "rich", "pydantic", "httpx"}
