"""The Open Inference Protocol over HTTP: against another Satchel, and against whatever a server may say."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from inference_core.bundle import open_bundle
from inference_core.errors import (
    BadRequestError,
    InvalidImageError,
    SatchelError,
    UnsupportedMediaError,
)
from inference_core.limits import AS_PACKED, Limits
from inference_core.oip.byte_strings import pack_strings
from inference_core.pipeline import LocalPredictor
from inference_core.remote.connection import CallError, Failure, RemoteModel, RemoteTensor
from inference_core.remote.oip_http import OipHttpConnection
from inference_core.tasks import Result, Timings
from tests.pictures import encode, noise, plain
from tests.remote.endpoints import plan
from tests.remote.raw_server import RawServer, Request, answer, raw_server
from tests.server.process import Server, serving

RED, BLUE = plain((255, 0, 0)), plain((0, 0, 255))
BINARY = {"name": "triton", "version": "2", "extensions": ["classification", "binary_tensor_data"]}
PLAIN = {"name": "mlserver", "version": "1", "extensions": []}


@contextmanager
def connected(url: str, **changes: Any) -> Iterator[OipHttpConnection]:
    connection = OipHttpConnection(plan(**{"model": "m"} | changes), url)
    try:
        yield connection
    finally:
        connection.close()


# Against another Satchel


@pytest.fixture(scope="module")
def satchel(tiny_models: Path) -> Iterator[Server]:
    with serving(tiny_models) as server:
        yield server


@pytest.fixture(scope="module", params=["binary", "JSON"])
def remote(request: pytest.FixtureRequest, satchel: Server) -> Iterator[Callable[[str], OipHttpConnection]]:
    """Makes connections to a model there."""
    made: list[OipHttpConnection] = []

    def connect(model: str) -> OipHttpConnection:
        connection = OipHttpConnection(plan(model=model), f"http://127.0.0.1:{satchel.port}")
        if request.param == "JSON":
            connection._is_binary = False
        made.append(connection)
        return connection

    yield connect
    for connection in made:
        connection.close()


@pytest.fixture(scope="module", params=["tiny_classifier", "tiny_detector"])
def local(request: pytest.FixtureRequest, tiny_models: Path) -> Iterator[LocalPredictor]:
    with LocalPredictor.load(open_bundle(tiny_models / request.param)) as predictor:
        yield predictor


Remote = Callable[[str], OipHttpConnection]


def test_tensors_come_back_as_from_the_engine_here(local: LocalPredictor, remote: Remote) -> None:
    [spec] = local.artifact.inputs
    for count in (1, 3):
        sizes = (count, *(axis if isinstance(axis, int) else 32 for axis in spec.shape[1:]))
        images = np.random.default_rng(1).random(sizes, np.float32)
        images = np.asarray(images.transpose(0, 1, 3, 2))  # lies otherwise than it is read
        expected = local.infer({spec.name: images})
        got = remote(local.manifest.name).infer({spec.name: images}, 10.0)
        assert got.keys() == expected.keys()
        for name, array in expected.items():
            assert (got[name].dtype, got[name].shape) == (array.dtype, array.shape)
            np.testing.assert_array_equal(got[name], array)


def without_times(outcome: Any) -> Any:
    return replace(outcome, timings_ms=Timings(0, 0, 0, 0)) if isinstance(outcome, Result) else outcome


def test_pictures_have_the_outcomes_that_they_have_here(local: LocalPredictor, remote: Remote) -> None:
    truncated = encode(noise(20, 20))[:300]
    images = [RED, b"no picture", BLUE, truncated, RED]
    limits = [AS_PACKED, Limits(max_predictions=1), Limits(max_predictions=1), AS_PACKED, Limits(confidence=0.8)]
    expected = local.predict(images, limits=limits)
    got = remote(local.manifest.name).predict(images, limits, 10.0)
    assert [without_times(item) for item in got if isinstance(item, Result)] == [
        without_times(item) for item in expected if isinstance(item, Result)
    ]
    assert [type(item) for item in got] == [type(item) for item in expected]
    assert [item.body() for item in got if isinstance(item, SatchelError)] == [
        item.body() for item in expected if isinstance(item, SatchelError)
    ]
    assert all(item.timings_ms.infer > 0 for item in got if isinstance(item, Result))


@pytest.mark.parametrize(
    ("image", "kind"),
    [(b"no picture", UnsupportedMediaError), (encode(noise(20, 20))[:300], InvalidImageError), (b"", BadRequestError)],
    ids=["text", "cut", "empty"],
)
def test_a_single_picture_fails_as_it_fails_here(image: bytes, kind: type, tiny_models: Path, remote: Remote) -> None:
    with LocalPredictor.load(open_bundle(tiny_models / "tiny_classifier")) as local:
        [expected] = local.predict([image])
    [got] = remote("tiny_classifier").predict([image], [], 10.0)
    assert isinstance(expected, SatchelError)
    assert type(got) is type(expected) is kind
    assert got.body() == expected.body()


def test_a_satchel_is_ready_and_describes_what_it_has(local: LocalPredictor, satchel: Server) -> None:
    artifact = local.artifact
    with connected(f"http://127.0.0.1:{satchel.port}", model=local.manifest.name) as connection:
        assert connection.is_ready(5.0)
        described = connection.describe(5.0)
    assert described is not None
    for got, specs in ((described.inputs, artifact.inputs), (described.outputs, artifact.outputs)):
        assert [(tensor.name, tensor.dtype) for tensor in got] == [(spec.name, spec.dtype) for spec in specs]
        assert [tensor.shape for tensor in got] == [
            tuple(axis if isinstance(axis, int) else -1 for axis in spec.shape) for spec in specs
        ]
    assert described.takes_images


def test_a_version_is_part_of_every_path(satchel: Server, tiny_models: Path) -> None:
    version = open_bundle(tiny_models / "tiny_classifier").manifest.version
    url = f"http://127.0.0.1:{satchel.port}"
    with connected(url, model="tiny_classifier", version=version) as connection:
        assert connection.is_ready(5.0)
        assert isinstance(connection.predict([RED], [], 5.0)[0], Result)
    with connected(url, model="tiny_classifier", version="9.9.9") as connection:
        with pytest.raises(CallError, match=r"9\.9\.9") as caught:
            connection.is_ready(5.0)
        assert caught.value.kind is Failure.NOT_READY
        with pytest.raises(CallError) as caught:
            connection.predict([RED], [], 5.0)
        assert caught.value.kind is Failure.REFUSED
        assert "9.9.9" in caught.value.said


def test_a_model_that_is_not_there_is_not_ready_and_refused(satchel: Server) -> None:
    with connected(f"http://127.0.0.1:{satchel.port}", model="a ü b") as connection:
        with pytest.raises(CallError, match="a ü b"):
            connection.is_ready(5.0)
        with pytest.raises(CallError) as caught:
            connection.describe(5.0)
    assert caught.value.kind is Failure.REFUSED
    assert "a ü b" in caught.value.said


def test_what_the_satchel_refuses_of_a_request_is_no_outcome_of_a_picture(satchel: Server) -> None:
    with connected(f"http://127.0.0.1:{satchel.port}", model="tiny_classifier") as connection:
        with pytest.raises(CallError) as caught:
            connection.predict([RED], [Limits(confidence=7.0)], 5.0)
        assert caught.value.kind is Failure.REFUSED
        assert caught.value.said == "parameter confidence cannot be used; got: 7.0; expected: a number from 0 to 1"
        with pytest.raises(CallError) as caught:
            connection.infer({"wrong": np.zeros((1, 3, 8, 8), np.float32)}, 5.0)
        assert caught.value.said.startswith("the inputs are not those of the model; got: wrong; expected: images; ")


# What is sent


@contextmanager
def oip_server(
    infer: bytes = b"", *, server: bytes | None = None, ready: bytes = b"", model: bytes = b""
) -> Iterator[RawServer]:
    """Says these on the protocol's routes for the model `m`."""
    answers = {
        "GET /v2": answer(orjson.dumps(BINARY)) if server is None else server,
        "GET /v2/models/m/ready": ready,
        "GET /v2/models/m": model,
        "POST /v2/models/m/infer": infer,
    }
    with raw_server(lambda c, r: c.sendall(answers[r.line.removesuffix(" HTTP/1.1")])) as running:
        yield running


def binary_answer(*tensors: tuple[str, str, list[int], bytes]) -> bytes:
    listed = [
        {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": len(raw)}}
        for name, datatype, shape, raw in tensors
    ]
    text = orjson.dumps({"model_name": "m", "outputs": listed})
    body = text + b"".join(raw for *_, raw in tensors)
    return answer(body, Inference_Header_Content_Length=str(len(text)))


def json_answer(*outputs: dict[str, Any]) -> bytes:
    return answer(orjson.dumps({"outputs": outputs}))


OUTPUT = {"name": "y", "datatype": "FP32", "shape": [2], "data": [1, 2.5]}


def test_a_request_with_binary_data_is_as_tritons_extension_has_it() -> None:
    y = np.array([1.5, -2], np.float16)
    with oip_server(binary_answer(("y", "FP16", [1, 2], y.tobytes()))) as server, connected(server.url) as connection:
        inputs = {"a": np.array([[1.5, 2]], np.float32), "b": np.array([b"text", b""], object)}
        got = connection.infer(inputs, 4.0)
        connection.infer(inputs, 4.0)
    assert got["y"].dtype == np.float16
    np.testing.assert_array_equal(got["y"], y[None])
    assert [request.line.split()[1] for request in server.requests] == ["/v2", *["/v2/models/m/infer"] * 2]
    request = server.requests[1]
    length = int(request.header("Inference-Header-Content-Length") or 0)
    assert orjson.loads(request.body[:length]) == {
        "parameters": {"binary_data_output": True},
        "inputs": [
            {"name": "a", "datatype": "FP32", "shape": [1, 2], "parameters": {"binary_data_size": 8}},
            {"name": "b", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": 12}},
        ],
    }
    assert request.body[length:] == np.array([1.5, 2], "<f4").tobytes() + pack_strings([b"text", b""])
    assert request.header("Content-Type") == "application/octet-stream"
    assert 3000 < int(request.header("X-Timeout-Ms") or 0) <= 4000


@pytest.mark.parametrize(
    "metadata",
    [answer(orjson.dumps(PLAIN)), answer(b'{"name": "OpenVINO Model Server"}'), answer(b"", "404 Not Found")],
    ids=["none", "nothing", "hidden"],
)
def test_a_server_that_does_not_list_the_extension_gets_json(metadata: bytes) -> None:
    with oip_server(json_answer(OUTPUT), server=metadata) as server, connected(server.url) as connection:
        got = connection.infer({"a": np.array([[1.5, 2]], np.float16)}, 5.0)
    np.testing.assert_array_equal(got["y"], np.array([1, 2.5], np.float32))
    request = server.requests[-1]
    assert orjson.loads(request.body) == {
        "parameters": {"binary_data_output": False},
        "inputs": [{"name": "a", "datatype": "FP16", "shape": [1, 2], "data": [1.5, 2.0]}],
    }
    assert request.header("Inference-Header-Content-Length") is None
    assert request.header("Content-Type") == "application/json"


@pytest.mark.parametrize(
    ("status", "kind"), [("503 Service Unavailable", Failure.NOT_READY), ("401 Unauthorized", Failure.DENIED)]
)
def test_a_server_that_cannot_say_now_what_it_takes_is_asked_again(status: str, kind: Failure) -> None:
    with oip_server(server=answer(b"", status)) as server, connected(server.url) as connection:
        for _ in range(2):
            with pytest.raises(CallError) as caught:
                connection.infer({"a": np.zeros(1, np.float32)}, 5.0)
            assert caught.value.kind is kind
    assert [request.line for request in server.requests] == ["GET /v2 HTTP/1.1"] * 2


def test_what_json_cannot_carry_is_refused_before_it_is_sent() -> None:
    import ml_dtypes

    with (
        oip_server(server=answer(orjson.dumps(PLAIN))) as server,
        connected(server.url) as connection,
        pytest.raises(CallError) as caught,
    ):
        connection.infer({"a": np.zeros(1, ml_dtypes.bfloat16)}, 5.0)
    assert caught.value.kind is Failure.REFUSED
    assert "it takes no binary tensors" in caught.value.said


def test_pictures_go_as_bytes_or_in_base64() -> None:
    for metadata, binary in ((BINARY, True), (PLAIN, False)):
        text = answer(orjson.dumps(metadata))
        with (
            oip_server(json_answer(OUTPUT), server=text) as server,
            connected(server.url) as connection,
            pytest.raises(CallError, match="no output result"),
        ):
            connection.predict([b"\xff\xd8", b""], [Limits(0.5, 3), Limits(0.5, 3)], 5.0)
        request = server.requests[-1]
        length = int(request.header("Inference-Header-Content-Length") or len(request.body))
        asked = orjson.loads(request.body[:length])
        assert asked["parameters"] == {
            "binary_data_output": binary,
            "errors_inside": True,
            "confidence": 0.5,
            "max_predictions": 3,
        }
        [image] = asked["inputs"]
        assert (image["name"], image["datatype"], image["shape"]) == ("image", "BYTES", [2])
        if binary:
            assert request.body[length:] == pack_strings([b"\xff\xd8", b""])
        else:
            assert (image["data"], image["parameters"]) == (["/9g=", ""], {"content_type": "base64"})


# What is answered


def outputs_of(raw: bytes) -> dict[str, Any]:
    with oip_server(raw) as server, connected(server.url) as connection:
        return connection.infer({"a": np.zeros(1, np.float32)}, 5.0)


def test_numbers_that_json_does_not_know_are_read_however_a_server_writes_them() -> None:
    for text in (b"[null, 1, -1e400]", b"[NaN, 1, -Infinity]"):
        got = outputs_of(
            answer(b'{"outputs": [{"name": "y", "datatype": "FP32", "shape": [3], "data": ' + text + b"}]}")
        )
        np.testing.assert_array_equal(got["y"], np.array([np.nan, 1, -np.inf], np.float32))


def test_bfloat16_comes_as_float32() -> None:
    halves = np.array([1.5, -3, np.inf], np.float32).view(np.uint32) >> 16
    got = outputs_of(binary_answer(("y", "BF16", [3, 1], halves.astype("<u2").tobytes())))
    np.testing.assert_array_equal(got["y"], np.array([[1.5], [-3], [np.inf]], np.float32))
    assert got["y"].dtype == np.float32


def test_every_output_comes_whole_whatever_form_it_has() -> None:
    raw = np.arange(6, dtype="<i8")
    text = orjson.dumps(
        {
            "outputs": [
                {"name": "x", "datatype": "BOOL", "shape": [2], "data": [True, False]},
                {"name": "z", "datatype": "INT64", "shape": [2, 3], "parameters": {"binary_data_size": 48}},
                {"name": "s", "datatype": "BYTES", "shape": [1], "data": ["text"]},
            ]
        }
    )
    got = outputs_of(answer(text + raw.tobytes(), Inference_Header_Content_Length=str(len(text))))
    assert list(got) == ["x", "z", "s"]
    assert (got["x"].tolist(), got["s"].tolist()) == ([True, False], [b"text"])
    np.testing.assert_array_equal(got["z"], raw.reshape(2, 3))


@pytest.mark.parametrize(
    "raw",
    [
        answer(b"<html>"),
        answer(b""),
        answer(b"[]"),
        answer(b'{"outputs": {}}'),
        answer(b'{"outputs": [{"name": "y"}]}'),
        json_answer(OUTPUT | {"shape": [3]}),
        json_answer(OUTPUT | {"datatype": "FP8"}),
        json_answer(OUTPUT | {"datatype": "INT32"}),
        json_answer(OUTPUT | {"data": ["1", "2"]}),
        json_answer(OUTPUT, OUTPUT),
        binary_answer(("y", "FP32", [2], bytes(7))),
        binary_answer(("y", "FP32", [2], bytes(8))) + b"",
        answer(b'{"outputs": []}xx', Inference_Header_Content_Length="99"),
        answer(b'{"outputs": []}xx', Inference_Header_Content_Length="15"),
    ],
    ids=lambda raw: str(len(raw)),
)
def test_an_answer_that_cannot_be_read_is_garbage(raw: bytes) -> None:
    if raw == binary_answer(("y", "FP32", [2], bytes(8))):
        assert outputs_of(raw)["y"].tolist() == [0, 0]  # what the others are one step from
        return
    with pytest.raises(CallError) as caught:
        outputs_of(raw)
    assert caught.value.kind is Failure.GARBAGE
    assert caught.value.said


def test_a_status_that_is_no_success_is_the_calls_failure() -> None:
    with pytest.raises(CallError, match=r"^queue is full$") as caught:
        outputs_of(answer(b'{"error": "queue is full"}', "429 Too Many Requests", Retry_After="3"))
    assert (caught.value.kind, caught.value.retry_after) == (Failure.BUSY, 3.0)


def result_element(**error: Any) -> bytes:
    return orjson.dumps({"error": {"message": "it is so", "got": None, "expected": None, "remedy": None, **error}})


def predict_one(element: bytes) -> Any:
    raw = binary_answer(("result", "BYTES", [1], pack_strings([element])))
    with oip_server(raw) as server, connected(server.url) as connection:
        return connection.predict([RED], [], 5.0)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("busy", Failure.BUSY),
        ("not_ready", Failure.NOT_READY),
        ("deadline_exceeded", Failure.NOT_READY),
        ("engine_failed", Failure.FAULT),
    ],
)
def test_an_error_that_is_not_the_pictures_is_the_calls(code: str, kind: Failure) -> None:
    with pytest.raises(CallError) as caught:
        predict_one(result_element(code=code))
    assert (caught.value.kind, caught.value.said) == (kind, "it is so")


@pytest.mark.parametrize("element", [b"{}", b"no JSON", b"\xff", b'{"error": "text"}'])
def test_an_element_that_is_no_result_is_garbage(element: bytes) -> None:
    with pytest.raises(CallError) as caught:
        predict_one(element)
    assert caught.value.kind is Failure.GARBAGE


def test_results_must_be_as_many_as_pictures() -> None:
    raw = binary_answer(("result", "BYTES", [1], pack_strings([result_element(code="invalid_image")])))
    with oip_server(raw) as server, connected(server.url) as connection:
        assert isinstance(connection.predict([RED], [], 5.0)[0], InvalidImageError)
        with pytest.raises(CallError, match="1 results came for 2 pictures"):
            connection.predict([RED, RED], [], 5.0)


# Readiness and metadata


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (answer(), True),  # Triton
        (answer(b'{"name": "m", "ready": true}'), True),  # KServe
        (answer(b'{"name": "m", "ready": false}'), False),
        (answer(b"{}"), True),
        (answer(b'{"error": "Request for unknown model"}', "400 Bad Request"), Failure.NOT_READY),  # Triton
        (answer(b'{"error": "loading"}', "503 Service Unavailable"), Failure.NOT_READY),
        (answer(b"", "401 Unauthorized"), Failure.DENIED),
        (answer(b"", "500 Internal Server Error"), Failure.FAULT),
        (answer(b"hello"), Failure.GARBAGE),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
def test_readiness_is_what_the_server_says(raw: bytes, expected: bool | Failure) -> None:
    with oip_server(ready=raw) as server, connected(server.url) as connection:
        if isinstance(expected, bool):
            assert connection.is_ready(5.0) is expected
            return
        with pytest.raises(CallError) as caught:
            connection.is_ready(5.0)
        assert caught.value.kind is expected


def described(document: Any) -> RemoteModel | None:
    with oip_server(model=answer(orjson.dumps(document))) as server, connected(server.url) as connection:
        return connection.describe(5.0)


def test_metadata_is_read_in_the_words_of_bundles() -> None:
    entries = [
        {"name": "a", "datatype": "FP32", "shape": [-1, 3, 8]},
        {"name": "b", "datatype": "BYTES", "shape": []},
        {"name": "c", "datatype": "BF16"},
        {"name": "d", "datatype": "ODD", "shape": ["n"]},
    ]
    assert described({"name": "m", "inputs": entries, "outputs": entries[:1]}) == RemoteModel(
        (
            RemoteTensor("a", "float32", (-1, 3, 8)),
            RemoteTensor("b", "string", ()),
            RemoteTensor("c", "bfloat16", None),
            RemoteTensor("d", "ODD", None),
        ),
        (RemoteTensor("a", "float32", (-1, 3, 8)),),
    )


@pytest.mark.parametrize("document", [{"name": "m"}, {"name": "m", "inputs": [], "outputs": None}])
def test_metadata_without_tensors_say_nothing(document: Any) -> None:
    assert described(document) is None


@pytest.mark.parametrize("document", [[], {"inputs": [{}]}, {"inputs": "a"}, {"outputs": [1]}])
def test_metadata_that_cannot_be_read_are_garbage(document: Any) -> None:
    with pytest.raises(CallError) as caught:
        described(document)
    assert caught.value.kind is Failure.GARBAGE


def test_describing_asks_for_the_form_of_tensors_anew() -> None:
    metadata = [answer(orjson.dumps(BINARY)), answer(orjson.dumps(PLAIN))]
    model = answer(orjson.dumps({"inputs": [], "outputs": []}))

    def behave(connection: socket.socket, request: Request) -> None:
        path = request.line.split()[1]
        connection.sendall(metadata.pop(0) if path == "/v2" else json_answer(OUTPUT) if "infer" in path else model)

    with raw_server(behave) as server, connected(server.url) as connection:
        for _ in range(2):
            connection.describe(5.0)
            connection.infer({"a": np.zeros(1, np.float32)}, 5.0)
    sent = [request for request in server.requests if request.line.startswith("POST")]
    assert [request.header("Inference-Header-Content-Length") is not None for request in sent] == [True, False]


def test_one_time_holds_for_all_that_is_asked() -> None:
    def behave(connection: socket.socket, request: Request) -> None:
        time.sleep(0.8)
        connection.sendall(answer(orjson.dumps(BINARY)) if request.line == "GET /v2 HTTP/1.1" else answer())

    with raw_server(behave) as server, connected(server.url) as connection:
        began = time.monotonic()
        with pytest.raises(CallError) as caught:
            connection.infer({"a": np.zeros(1, np.float32)}, 1.0)
        assert caught.value.kind is Failure.TIMEOUT
        assert time.monotonic() - began < 1.58


def test_pictures_are_taken_where_both_tensors_are_there() -> None:
    image = {"name": "image", "datatype": "BYTES", "shape": [-1]}
    result = image | {"name": "result"}
    models = [
        {"inputs": [image], "outputs": [result]},
        {"inputs": [image], "outputs": []},
        {"inputs": [image | {"datatype": "UINT8"}], "outputs": [result]},
    ]
    assert [model is not None and model.takes_images for model in map(described, models)] == [True, False, False]
