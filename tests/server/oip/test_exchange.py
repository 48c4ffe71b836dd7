"""Bodies of inferences: every form gives the same numbers, and none that is wrong gives more than a refusal."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from starlette.testclient import TestClient

from inference_core.oip.binary import HEADER_LENGTH, split_body
from tests.server.doors import open_door
from tests.server.oip.asking import CLASSIFIER, infer, send_raw, tensor

X = np.random.default_rng(0).random((2, 3, 8, 8), np.float32)
RAW = X.tobytes()
LOGITS = X.mean((2, 3)) * 10


@pytest.fixture(scope="module")
def client(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models) as opened:
        yield opened


def described(**changes: Any) -> dict[str, Any]:
    entry = {"name": "images", "datatype": "FP32", "shape": [2, 3, 8, 8], "parameters": {"binary_data_size": len(RAW)}}
    return {"inputs": [{**entry, **changes}]}


def test_json_and_binary_data_give_the_same_bits(client: TestClient) -> None:
    plain = infer(client, tensor("images", [2, 3, 8, 8], X.tolist()), id="seven")
    assert plain.headers["content-type"] == "application/json"
    assert HEADER_LENGTH not in plain.headers
    document = plain.json()
    assert {name: document[name] for name in ("model_name", "model_version", "id")} == {
        "model_name": "tiny_classifier",
        "model_version": "1",
        "id": "seven",
    }
    [output] = document["outputs"]
    assert (output["name"], output["datatype"], output["shape"]) == ("logits", "FP32", [2, 3])
    np.testing.assert_allclose(np.array(output["data"]).reshape(2, 3), LOGITS, rtol=1e-5)

    binary = send_raw(client, described() | {"parameters": {"binary_data_output": True}}, RAW)
    document, raw = split_body(binary.content, binary.headers[HEADER_LENGTH])
    assert "id" not in document
    assert document["outputs"] == [
        {"name": "logits", "datatype": "FP32", "shape": [2, 3], "parameters": {"binary_data_size": 24}}
    ]
    assert np.frombuffer(raw, np.float32).tolist() == np.array(output["data"], np.float32).tolist()


def test_an_output_may_be_otherwise_than_the_rest(client: TestClient) -> None:
    wanted = {"outputs": [{"name": "logits", "parameters": {"binary_data": False}}]}
    answer = send_raw(client, described() | wanted | {"parameters": {"binary_data_output": True}}, RAW)
    assert len(answer.json()["outputs"][0]["data"]) == 6


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_bodies_are_read_and_written(client: TestClient, coding: str, compress: Any) -> None:
    text = orjson.dumps(described())
    headers = {HEADER_LENGTH: str(len(text)), "Content-Encoding": coding, "Accept-Encoding": coding}
    plain = send_raw(client, described(), RAW)
    packed = client.post(f"{CLASSIFIER}/infer", content=compress(text + RAW), headers=headers)
    assert packed.json() == plain.json()
    assert "Content-Encoding" not in packed.headers  # too little to be worth it


def test_what_unpacks_to_more_than_a_body_may_have_is_refused(tiny_models: Path) -> None:
    with open_door(tiny_models, max_body_mb=1) as client:
        bomb = gzip.compress(b"\0" * (2**20 + 1))
        response = client.post(f"{CLASSIFIER}/infer", content=bomb, headers={"Content-Encoding": "gzip"})
        assert (response.status_code, list(response.json())) == (413, ["error"])
        assert client.post(f"{CLASSIFIER}/infer", content=b" " * (2**20 + 1)).status_code == 413


@pytest.mark.parametrize(("coding", "status"), [("gzip", 400), ("deflate", 400), ("br", 415), ("gzip, gzip", 415)])
def test_codings_that_do_not_fit_are_refused(client: TestClient, coding: str, status: int) -> None:
    response = client.post(f"{CLASSIFIER}/infer", content=b"plain", headers={"Content-Encoding": coding})
    assert response.status_code == status


@pytest.mark.parametrize(
    ("document", "raw"),
    [
        (described(), RAW[:-1]),
        (described(), RAW + b"\0"),
        (described(shape=[1, 3, 8, 8]), RAW),
        (described(shape=[-2, -3, 8, 8]), RAW),
        (described(shape=[2**31, 2**31, 2**31, 8]), RAW),
        (described(shape=[2, 3, 64]), RAW),
        (described(shape=[0, 3, 8, 8], parameters={"binary_data_size": 0}), b""),
        (described(datatype="UINT32"), RAW),
        (described(datatype="BYTES"), RAW),
        (described(name="pictures"), RAW),
        (described(parameters={"binary_data_size": 2**40}), RAW),
        (described(parameters={"shared_memory_region": "r"}), b""),
        (described(parameters=3), RAW),
        ({"inputs": [*described()["inputs"]] * 2}, RAW + RAW),
        ({"inputs": []}, b""),
        ({"inputs": {}}, b""),
        ({}, b""),
        (described() | {"id": 7}, RAW),
        (described() | {"parameters": []}, RAW),
        (described() | {"parameters": {"timeout": "soon"}}, RAW),
        (described() | {"parameters": {"timeout": -1}}, RAW),
        (described() | {"outputs": [{"name": "none"}]}, RAW),
        (described() | {"outputs": [{"name": "logits"}] * 2}, RAW),
        (described() | {"outputs": [{}]}, RAW),
        (described() | {"outputs": [{"name": "logits", "parameters": {"shared_memory_region": "r"}}]}, RAW),
        (described() | {"outputs": [{"name": "logits", "parameters": {"classification": -1}}]}, RAW),
        (described() | {"outputs": [{"name": "logits", "parameters": {"classification": "2"}}]}, RAW),
    ],
)
def test_what_is_wrong_is_refused_with_a_sentence(client: TestClient, document: dict[str, Any], raw: bytes) -> None:
    response = send_raw(client, document, raw)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    assert len(response.json()["error"]) > 10


def test_time_is_limited_by_parameter_and_by_header(client: TestClient) -> None:
    late = send_raw(client, described() | {"parameters": {"timeout": 1}}, RAW)
    assert (late.status_code, list(late.json())) == (504, ["error"])
    assert send_raw(client, described() | {"parameters": {"timeout": 10_000_000}}, RAW).status_code == 200
    assert send_raw(client, described(), RAW, **{"X-Timeout-Ms": "0"}).status_code == 422
