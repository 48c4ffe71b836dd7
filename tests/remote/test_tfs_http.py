"""TensorFlow Serving over REST: what is asked, and what is made of the answers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_core.oip.byte_strings import object_array
from inference_core.remote.connection import CallError, Failure, RemoteModel, RemoteTensor
from inference_core.remote.tfs_http import TfsHttpConnection
from tests.remote.grpc_doors import plan

WITHIN = 10.0


def info(dtype: str, *sizes: int) -> dict[str, Any]:
    dims = [{"size": str(size), "name": ""} for size in sizes]
    return {"dtype": dtype, "name": "t:0", "tensor_shape": {"dim": dims, "unknown_rank": False}}


def metadata(**outputs: Any) -> dict[str, Any]:
    signature = {"inputs": {"x": info("DT_FLOAT", -1, 2)}, "outputs": outputs, "method_name": "predict"}
    signatures = {"serving_default": signature, "__saved_model_init_op": {}}
    return {"model_spec": {}, "metadata": {"signature_def": {"signature_def": signatures}}}


def states(*listed: str) -> dict[str, Any]:
    return {"model_version_status": [{"version": "1", "state": state} for state in listed]}


class Asked:
    """What a server was asked, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.bodies: list[bytes] = []


@contextmanager
def serving(answers: dict[str, Any]) -> Iterator[tuple[TfsHttpConnection, Asked]]:
    """A connection to a server with these answers, each by its path: JSON, bytes, or a status."""
    with at(answers) as (url, asked), closing(TfsHttpConnection(plan(protocol="tfs-http"), url)) as connection:
        yield connection, asked


@contextmanager
def at(answers: dict[str, Any]) -> Iterator[tuple[str, Asked]]:
    asked = Asked()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.lines.append(f"{self.command} {self.path}")
            asked.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            answer = answers.get(self.path, 404)
            content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(answer if isinstance(answer, int) else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Is silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def failure(answers: dict[str, Any], call: Callable[[TfsHttpConnection], Any]) -> CallError:
    with serving(answers) as (connection, _), pytest.raises(CallError) as caught:
        call(connection)
    return caught.value


def infer(connection: TfsHttpConnection) -> dict[str, Any]:
    return connection.infer({"x": np.array([[1.5, -2]], np.float32)}, WITHIN)


def test_one_available_version_is_ready() -> None:
    with serving({"/v1/models/m": states("END", "AVAILABLE")}) as (connection, _):
        assert connection.is_ready(WITHIN) is True
    with serving({"/v1/models/m": states("LOADING")}) as (connection, _):
        assert connection.is_ready(WITHIN) is False


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (404, Failure.REFUSED),
        (503, Failure.NOT_READY),
        ({}, Failure.GARBAGE),
        ({"model_version_status": 3}, Failure.GARBAGE),
        (b"[]", Failure.GARBAGE),
        (b"no JSON", Failure.GARBAGE),
    ],
)
def test_other_answers_are_failures(answer: Any, kind: Failure) -> None:
    assert failure({"/v1/models/m": answer}, lambda c: c.is_ready(WITHIN)).kind is kind


@pytest.mark.parametrize(
    ("version", "path"),
    [(None, "m%2Fa"), ("12", "m%2Fa/versions/12"), ("canary", "m%2Fa/labels/canary")],
)
def test_paths_name_model_and_version(version: str | None, path: str) -> None:
    with (
        at({f"/below/v1/models/{path}": states("AVAILABLE")}) as (url, asked),
        closing(TfsHttpConnection(plan(model="m/a", version=version), f"{url}/below")) as connection,
    ):
        assert connection.is_ready(WITHIN)
    assert asked.lines == [f"GET /below/v1/models/{path}"]


def test_the_signature_is_described() -> None:
    unknown = {"dtype": "DT_HALF", "tensor_shape": {"dim": [], "unknown_rank": True}}
    answer = metadata(b=unknown, a=info("DT_STRING"))
    with serving({"/v1/models/m/metadata": answer}) as (connection, _):
        assert connection.describe(WITHIN) == RemoteModel(
            (RemoteTensor("x", "float32", (-1, 2)),),
            (RemoteTensor("a", "string", ()), RemoteTensor("b", "float16", None)),
        )


@pytest.mark.parametrize(
    "answer",
    [{}, {"metadata": []}, metadata(y={"dtype": "DT_FLOAT"}), metadata(y=3), metadata(y=info("DT_FLOAT", "x"))],  # type: ignore[arg-type]
)
def test_metadata_that_describe_nothing_are_garbage(answer: Any) -> None:
    assert failure({"/v1/models/m/metadata": answer}, lambda c: c.describe(WITHIN)).kind is Failure.GARBAGE


def test_a_signature_that_is_not_there_is_refused() -> None:
    answer: dict[str, Any] = {"metadata": {"signature_def": {"signature_def": {"b": {}, "a": {}, "__init": {}}}}}
    error = failure({"/v1/models/m/metadata": answer}, lambda c: c.describe(WITHIN))
    assert (error.kind, error.said) == (Failure.REFUSED, "the model has no signature serving_default, but a, b")


def test_tensors_travel_in_columns_and_outputs_have_the_signatures_dtypes() -> None:
    outputs = {"n": info("DT_INT32", -1), "p": info("DT_FLOAT", -1, 2), "t": info("DT_STRING", -1)}
    answers = {
        "/v1/models/m/metadata": metadata(**outputs),
        "/v1/models/m:predict": {"outputs": {"n": [3], "p": [[0.1, 1]], "t": [{"b64": "/w=="}]}},
    }
    with serving(answers) as (connection, asked):
        for _ in range(2):
            given = infer(connection)
    assert {name: (value.dtype, value.tolist()) for name, value in given.items()} == {
        "n": (np.int32, [3]),
        "p": (np.float32, np.array([[0.1, 1]], np.float32).tolist()),
        "t": (object, [b"\xff"]),
    }
    predict = "POST /v1/models/m:predict"
    assert asked.lines == ["GET /v1/models/m/metadata", predict, predict]  # described once
    assert json.loads(asked.bodies[1]) == {"signature_name": "serving_default", "inputs": {"x": [[1.5, -2.0]]}}


def test_the_only_output_comes_without_its_name_even_if_it_is_no_list() -> None:
    for value, wanted in (([[1, 2]], [[1.0, 2.0]]), (7, 7.0)):
        answers = {
            "/v1/models/m/metadata": metadata(y=info("DT_FLOAT", -1, 2)),
            "/v1/models/m:predict": {"outputs": value},
        }
        with serving(answers) as (connection, _):
            assert infer(connection)["y"].tolist() == wanted


def test_numbers_without_an_end_come_and_go_as_tensorflow_serving_writes_them() -> None:
    answers = {
        "/v1/models/m/metadata": metadata(y=info("DT_FLOAT", -1)),
        "/v1/models/m:predict": b'{"outputs": [NaN, Infinity, -Infinity, 0.5]}',
    }
    with serving(answers) as (connection, asked):
        given = connection.infer({"x": np.array([np.nan], np.float32)}, WITHIN)["y"]
    assert np.array_equal(given, np.array([np.nan, np.inf, -np.inf, 0.5], np.float32), equal_nan=True)
    assert b'"inputs": {"x": [NaN]}' in asked.bodies[1]


def test_an_answer_without_outputs_is_garbage() -> None:
    answers = {"/v1/models/m/metadata": metadata(y=info("DT_FLOAT")), "/v1/models/m:predict": {"predictions": [1]}}
    assert failure(answers, infer).kind is Failure.GARBAGE


def test_texts_are_sent_as_base64() -> None:
    answers = {"/v1/models/m/metadata": metadata(y=info("DT_FLOAT", -1)), "/v1/models/m:predict": {"outputs": []}}
    with serving(answers) as (connection, asked):
        assert connection.infer({"x": object_array([b"\xff"])}, WITHIN)["y"].shape == (0,)
    assert json.loads(asked.bodies[1])["inputs"] == {"x": [{"b64": "/w=="}]}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"outputs": {"a": [1]}}, None),
        ({"outputs": [1]}, Failure.GARBAGE),
        ({"outputs": {"a": [[1], 2]}}, Failure.GARBAGE),
        ({}, Failure.GARBAGE),
        (400, Failure.REFUSED),
        (500, Failure.FAULT),
        (b"{", Failure.GARBAGE),
    ],
)
def test_outputs_that_are_none(answer: Any, kind: Failure | None) -> None:
    both = metadata(a=info("DT_FLOAT", -1), b=info("DT_FLOAT", -1))
    answers = {"/v1/models/m/metadata": both, "/v1/models/m:predict": answer}
    if kind is None:  # which outputs must be there, others know
        with serving(answers) as (connection, _):
            assert infer(connection).keys() == {"a"}
    else:
        assert failure(answers, infer).kind is kind


def test_encoded_pictures_are_refused() -> None:
    assert failure({}, lambda c: c.predict([b""], [], WITHIN)).kind is Failure.REFUSED


def test_a_satchel_answers_as_tensorflow_serving_does(tiny_models: Path) -> None:
    from tests.server.process import serving as serving_models

    array = np.random.default_rng(0).random((2, 3, 8, 8), np.float32)
    with serving_models(tiny_models, threads="1") as satchel:
        asked = plan(model="tiny_classifier")
        with closing(TfsHttpConnection(asked, f"http://127.0.0.1:{satchel.port}")) as connection:
            assert connection.is_ready(WITHIN)
            assert connection.describe(WITHIN).outputs == (RemoteTensor("logits", "float32", (-1, 3)),)
            given = connection.infer({"images": array}, WITHIN)["logits"]
    assert given.dtype == np.float32
    assert given == pytest.approx(array.mean((2, 3)) * 10, abs=1e-4)
