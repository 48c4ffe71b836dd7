"""Real SavedModels in real TensorFlow, behind both protocols of TensorFlow Serving."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import numpy as np
import pytest

from inference_core.engines import Array
from inference_core.oip.byte_strings import object_array
from inference_core.remote.connection import CallError, Connection, Failure, RemoteTensor
from inference_core.remote.tfs_grpc import TfsGrpcConnection
from inference_core.remote.tfs_http import TfsHttpConnection
from tests.assets import ASSETS, ROOT, needs_assets
from tests.remote.grpc_doors import plan

PYTHON = os.environ.get("TENSORFLOW_PYTHON", "")
WITHIN = 60.0
MANY_TYPES = """
import sys, tensorflow as tf
class Many(tf.Module):
    @tf.function(input_signature=[
        tf.TensorSpec([None, 2], tf.float32, "x"),
        tf.TensorSpec([None], tf.int64, "n"),
        tf.TensorSpec([None], tf.string, "s"),
    ])
    def __call__(self, x, n, s):
        return {
            "root": tf.sqrt(x), "double": tf.cast(x, tf.float64) * 3, "next": n + 1, "positive": x > 0,
            "byte": tf.cast(n, tf.uint8), "none": x[:0], "raw_bytes": tf.strings.join([s, s]), "count": tf.size(n),
        }
    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "x"), tf.TensorSpec([None], tf.int64, "n")])
    def rows(self, x, n):
        return {"sum": tf.reduce_sum(x, 1), "next": n + 1}
many = Many()
tf.saved_model.save(many, sys.argv[1], {"serving_default": many.__call__, "rows": many.rows})
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PYTHON, reason="TENSORFLOW_PYTHON names no interpreter that has TensorFlow and grpcio"),
]

Connections = dict[str, Connection]


@contextmanager
def served(name: str, folder: Path) -> Iterator[dict[str, int]]:
    """The ports of the stand-in that serves a SavedModel."""
    command = [PYTHON, str(ROOT / "tests/remote/tfs_server.py"), name, str(folder)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:  # type: ignore[call-overload]
        line = process.stdout.readline()
        assert line, f"the server ended with {process.wait()}"
        yield json.loads(line)
        process.stdin.close()


@contextmanager
def connected(name: str, ports: dict[str, int], **fields: Any) -> Iterator[Connections]:
    asked = plan(model=name, concurrency=2, **fields)
    with ExitStack() as stack:
        yield {
            "grpc": stack.enter_context(closing(TfsGrpcConnection(asked, f"grpc://127.0.0.1:{ports['grpc']}"))),
            "http": stack.enter_context(closing(TfsHttpConnection(asked, f"http://127.0.0.1:{ports['rest']}"))),
        }


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    folder = tmp_path_factory.mktemp("many")
    subprocess.run([PYTHON, "-c", MANY_TYPES, str(folder / "7")], check=True, capture_output=True)
    with served("many", folder) as ports:
        yield ports


def test_every_type_comes_back_alike_over_both_protocols(many: dict[str, int]) -> None:
    inputs: dict[str, Array] = {
        "x": np.array([[0.1, -1], [np.inf, 16]], np.float32),
        "n": np.array([2**40, -1], np.int64),
        "s": object_array([b"\xff", b"a"]),
    }
    wanted = {
        "root": np.array([[np.sqrt(np.float32(0.1)), np.nan], [np.inf, 4]], np.float32),
        "double": np.multiply(inputs["x"], 3, dtype=np.float64),
        "next": np.array([2**40 + 1, 0], np.int64),
        "positive": np.array([[True, False], [True, True]]),
        "byte": np.array([0, 255], np.uint8),
        "none": np.zeros((0, 2), np.float32),
        "count": np.array(2, np.int32),
    }
    with connected("many", many, version="7") as connections:
        for protocol, connection in connections.items():
            outputs = connection.infer(inputs, WITHIN)
            assert outputs.pop("raw_bytes").tolist() == [b"\xff\xff", b"aa"], protocol
            assert outputs.keys() == wanted.keys()
            for name, value in wanted.items():
                assert (outputs[name].dtype, outputs[name].shape) == (value.dtype, value.shape), (protocol, name)
                assert np.array_equal(outputs[name], value, equal_nan=value.dtype.kind == "f"), (protocol, name)


def test_what_the_server_lacks_is_refused(many: dict[str, int]) -> None:
    one = {"x": np.zeros((1, 2), np.float32)}
    for name, fields in (("other", {}), ("many", {"version": "8"}), ("many", {"signature": "other"}), ("many", {})):
        with connected(name, many, **fields) as connections:
            for connection in connections.values():
                with pytest.raises(CallError) as caught:
                    connection.infer(one, WITHIN)
                assert caught.value.kind is Failure.REFUSED
                assert caught.value.said


def test_the_server_takes_rows_too(many: dict[str, int]) -> None:
    body = {"signature_name": "rows", "instances": [{"x": [1, 4], "n": 1}, {"x": [9, 0.5], "n": 2}]}
    url = f"http://127.0.0.1:{many['rest']}/v1/models/many/versions/7:predict"
    with urlopen(Request(url, json.dumps(body).encode()), timeout=WITHIN) as answer:
        assert json.load(answer) == {"predictions": [{"next": 2, "sum": 5.0}, {"next": 3, "sum": 9.5}]}


@needs_assets
@pytest.mark.parametrize(
    ("name", "shape", "wanted"),
    [
        ("mobilenet_v2_tf", (2, 224, 224, 3), RemoteTensor("probabilities", "float32", (-1, 1001))),
        ("ssd_mobilenet_v1", (1, 240, 320, 3), RemoteTensor("detection_boxes", "float32", (-1, 100, 4))),
    ],
)
def test_real_models_answer_alike_over_both_protocols(name: str, shape: tuple[int, ...], wanted: RemoteTensor) -> None:
    with served(name, ASSETS / "models" / name / "saved_model") as ports, connected(name, ports) as connections:
        described = [connection.describe(WITHIN) for connection in connections.values()]
        assert described[0] is not None
        assert described[0] == described[1]
        assert described[0].outputs[0] == wanted
        assert all(connection.is_ready(WITHIN) for connection in connections.values())
        [given] = described[0].inputs
        picture = np.random.default_rng(0).integers(0, 256, shape).astype(given.dtype)
        over_grpc, over_http = (connection.infer({given.name: picture}, WITHIN) for connection in connections.values())
    assert over_grpc.keys() == over_http.keys() == {tensor.name for tensor in described[0].outputs}
    for key, value in over_grpc.items():
        assert value.dtype == over_http[key].dtype
        assert np.array_equal(value, over_http[key])
    if name == "mobilenet_v2_tf":
        assert over_grpc["probabilities"].sum(1) == pytest.approx([1, 1], abs=1e-4)
