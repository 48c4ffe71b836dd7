"""Requests of the protocol by hand."""

from typing import Any

import orjson
from httpx2 import Response
from starlette.testclient import TestClient

from inference_core.oip.binary import HEADER_LENGTH
from inference_core.oip.byte_strings import pack_strings

CLASSIFIER = "/v2/models/tiny_classifier"
DETECTOR = "/v2/models/tiny_detector"


def tensor(name: str, shape: list[int], data: Any, datatype: str = "FP32", **parameters: Any) -> dict[str, Any]:
    entry = {"name": name, "shape": shape, "datatype": datatype, "data": data, "parameters": parameters}
    return {key: value for key, value in entry.items() if value is not None}


def infer(client: TestClient, *inputs: dict[str, Any], path: str = CLASSIFIER, **rest: Any) -> Response:
    """All as JSON."""
    return client.post(f"{path}/infer", json={"inputs": inputs, **rest})


def send_raw(
    client: TestClient, document: dict[str, Any], raw: bytes, path: str = CLASSIFIER, **headers: str
) -> Response:
    """JSON, and binary data behind it."""
    text = orjson.dumps(document)
    return client.post(f"{path}/infer", content=text + raw, headers={HEADER_LENGTH: str(len(text)), **headers})


def send_pictures(
    client: TestClient, *files: bytes, path: str = CLASSIFIER, shape: Any = None, **parameters: Any
) -> Response:
    """Encoded pictures as binary data."""
    raw = pack_strings(files)
    image = {"name": "image", "datatype": "BYTES", "shape": shape or [len(files)]}
    return send_raw(
        client,
        {"inputs": [image | {"parameters": {"binary_data_size": len(raw)}}], "parameters": parameters},
        raw,
        path,
    )
