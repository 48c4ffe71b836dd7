"""Triton's clients, as they are published, against a server in a process of its own."""

import asyncio
import gc
import warnings
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pytest
import tritonclient.grpc
import tritonclient.grpc.aio
import tritonclient.http
import tritonclient.http.aio
from tritonclient.utils import InferenceServerException

from inference_core.bundle import open_bundle
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Result
from tests.pictures import encode, noise, plain
from tests.ports import free_port
from tests.server.process import serving

KINDS = ["http", "http.aio", "grpc", "grpc.aio"]

# The asynchronous client of HTTP leaves answers unread.
pytestmark = pytest.mark.filterwarnings("ignore:.*aiohttp|.*Connection.__del__:pytest.PytestUnraisableExceptionWarning")


class Ports(NamedTuple):
    http: int
    grpc: int


@pytest.fixture(scope="module", autouse=True)
def nothing_left() -> Iterator[None]:
    """For later tests to be blamed for."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="module")
def ports(tiny_models: Path) -> Iterator[Ports]:
    grpc_port = free_port()
    with serving(tiny_models, grpc_port=str(grpc_port), admin="on") as server:
        yield Ports(server.port, grpc_port)


class Client:
    """One of the four behind one face: `ask("infer", ...)`."""

    def __init__(self, kind: str, ports: Ports) -> None:
        self.kind = kind
        self.http = kind.startswith("http")
        self.module: Any = tritonclient.http if self.http else tritonclient.grpc
        self._made: Any = {
            "http": tritonclient.http,
            "http.aio": tritonclient.http.aio,
            "grpc": tritonclient.grpc,
            "grpc.aio": tritonclient.grpc.aio,
        }[kind].InferenceServerClient
        self._address = f"127.0.0.1:{ports.http if self.http else ports.grpc}"

    def ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        if self.kind.endswith("aio"):
            return asyncio.run(self._ask(method, *arguments, **options))
        with self._made(self._address) as client:
            return getattr(client, method)(*arguments, **options)

    async def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        async with self._made(self._address) as client:
            answer: Coroutine[Any, Any, Any] = getattr(client, method)(*arguments, **options)
            return await answer

    def input(self, name: str, array: Any) -> Any:
        datatype = "BYTES" if array.dtype == np.object_ else "FP32"
        made = self.module.InferInput(name, list(array.shape), datatype)
        made.set_data_from_numpy(array)
        return made

    def output(self, name: str, **options: Any) -> Any:
        return self.module.InferRequestedOutput(name, **options)


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, ports: Ports) -> Client:
    return Client(request.param, ports)


@pytest.fixture(scope="module")
def local(tiny_models: Path) -> Iterator[dict[str, LocalPredictor]]:
    names = ("tiny_classifier", "tiny_detector")
    with ExitStack() as undo:
        bundles = [undo.enter_context(open_bundle(tiny_models / name)) for name in names]
        yield {name: undo.enter_context(LocalPredictor.load(b)) for name, b in zip(names, bundles, strict=True)}


def files(*contents: bytes) -> Any:
    array = np.empty(len(contents), object)
    array[:] = contents
    return array


def without_times(result: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in result.items() if key != "timings_ms"}


def test_health_and_descriptions(client: Client) -> None:
    assert client.ask("is_server_live") is True
    assert client.ask("is_server_ready") is True
    assert client.ask("is_model_ready", "tiny_classifier") is True
    assert client.ask("is_model_ready", "tiny_classifier", "1") is True
    options = {} if client.http else {"as_json": True}
    assert client.ask("get_server_metadata", **options)["name"] == "satchel"
    metadata = client.ask("get_model_metadata", "tiny_detector", **options)
    assert [int(size) for size in metadata["outputs"][1]["shape"]] == [1, 4, 2]
    config = client.ask("get_model_config", "tiny_detector", **options)
    config = config if client.http else config["config"]
    assert config["input"][0]["data_type"] == "TYPE_FP32"
    index = client.ask("get_model_repository_index", **options)
    index = index if client.http else index["models"]
    assert [(entry["name"], entry["state"]) for entry in index] == [
        ("tiny_classifier", "READY"),
        ("tiny_detector", "READY"),
    ]


@pytest.mark.parametrize("items", [1, 3])
def test_tensors_give_what_the_engine_gives(client: Client, local: dict[str, LocalPredictor], items: int) -> None:
    array = np.random.default_rng(items).random((items, 3, 8, 8), np.float32)
    result = client.ask("infer", "tiny_classifier", [client.input("images", array)], request_id="seven")
    expected = local["tiny_classifier"].engine.infer({"images": array})
    assert result.as_numpy("logits").tobytes() == expected["logits"].tobytes()
    response = result.get_response()
    assert (response["id"] if client.http else response.id) == "seven"


def test_items_beyond_a_fixed_batch_are_run_one_after_another(client: Client, local: dict[str, LocalPredictor]) -> None:
    array = np.random.default_rng(0).random((3, 3, 32, 32), np.float32)
    outputs = [client.output("scores"), client.output("boxes")]
    result = client.ask("infer", "tiny_detector", [client.input("images", array)], outputs=outputs)
    singles = [local["tiny_detector"].engine.infer({"images": array[item : item + 1]}) for item in range(3)]
    for name in ("boxes", "scores"):
        assert np.array_equal(result.as_numpy(name), np.concatenate([single[name] for single in singles]))


def test_pictures_give_what_the_pipeline_gives(client: Client, local: dict[str, LocalPredictor]) -> None:
    pictures = [encode(noise(31, 17), "JPEG"), b"no picture", plain((0, 0, 255))]
    array = files(*pictures).reshape(3, 1)
    result = client.ask("infer", "tiny_classifier", [client.input("image", array)]).as_numpy("result")
    assert result.shape == (3, 1)
    outcomes = local["tiny_classifier"].predict(pictures)
    for text, outcome in zip(result.ravel().tolist(), outcomes, strict=True):
        got = orjson.loads(text)
        expected = orjson.loads(orjson.dumps(outcome if isinstance(outcome, Result) else outcome.body()))
        assert without_times(got) == without_times(expected)


def test_limits_are_parameters(client: Client) -> None:
    image = client.input("image", files(plain((255, 0, 0))))
    for parameters, labels in (({"confidence": 0.8}, ["cat"]), ({"max_predictions": 1}, ["cat"]), ({}, ["cat", "dog"])):
        result = client.ask("infer", "tiny_detector", [image], parameters=parameters).as_numpy("result")
        assert [found["label"] for found in orjson.loads(result.item())["predictions"]] == labels


def test_classes_are_written_out(client: Client) -> None:
    array = np.zeros((1, 3, 8, 8), np.float32)
    array[:, 2] = 0.5
    outputs = [client.output("logits", class_count=2)]
    result = client.ask("infer", "tiny_classifier", [client.input("images", array)], outputs=outputs)
    assert result.as_numpy("logits").tolist() == [[b"5.000000:2:blue", b"0.000000:0:red"]]


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_compression(client: Client, coding: str) -> None:
    pictures = files(*[plain((0, 255, 0))] * 9)
    name = "request_compression_algorithm" if client.http else "compression_algorithm"
    options = {name: coding} | ({"response_compression_algorithm": coding} if client.http else {})
    result = client.ask("infer", "tiny_classifier", [client.input("image", pictures)], **options).as_numpy("result")
    assert [orjson.loads(text)["predictions"][0]["label"] for text in result.tolist()] == ["green"] * 9


@pytest.mark.parametrize(
    ("model", "name", "shape", "http", "grpc", "sentence"),
    [
        ("none", "images", (1, 3, 8, 8), "404", "NOT_FOUND", "there is no model none"),
        ("tiny_classifier", "other", (1, 3, 8, 8), "400", "INVALID_ARGUMENT", "the inputs are not those of the model"),
        ("tiny_classifier", "images", (1, 3, 8, 9), "400", "INVALID_ARGUMENT", "input images does not fit the model"),
    ],
)
def test_errors_are_sentences(
    client: Client, model: str, name: str, shape: Any, http: str, grpc: str, sentence: str
) -> None:
    with pytest.raises(InferenceServerException, match=sentence) as caught:
        client.ask("infer", model, [client.input(name, np.zeros(shape, np.float32))])
    assert caught.value.status() == (http if client.http else f"StatusCode.{grpc}")


def test_time_is_limited(client: Client) -> None:
    array = np.zeros((1, 3, 8, 8), np.float32)
    with pytest.raises(InferenceServerException, match=r"did not answer in time|the deadline passed"):
        client.ask("infer", "tiny_classifier", [client.input("images", array)], timeout=1)


def test_models_are_unloaded_and_loaded(client: Client) -> None:
    image = client.input("image", files(plain((255, 0, 0))))
    client.ask("unload_model", "tiny_detector")
    with pytest.raises(InferenceServerException, match="is unloaded"):
        client.ask("infer", "tiny_detector", [image])
    client.ask("load_model", "tiny_detector")
    assert client.ask("infer", "tiny_detector", [image]).as_numpy("result").shape == (1,)
