"""What a manifest says of a remote service."""

from typing import Any

import pytest

from inference_core.bundle import Manifest, Remote
from inference_core.errors import ManifestError
from tests.bundle.documents import document, parse

WHOLE = {"protocol": "tfs-grpc", "split": "tensors", "model": "Tiny", "version": "3", "signature": "serving_default"}


def test_all_may_be_said_or_left_out() -> None:
    manifest = parse(document() | {"remote": WHOLE})
    assert manifest.remote == Remote(
        protocol="tfs-grpc", split="tensors", model="Tiny", version="3", signature="serving_default"
    )
    assert Manifest.model_validate_json(manifest.to_json()) == manifest
    assert parse(document() | {"remote": {}}).remote == Remote()
    assert parse(document()).remote is None
    assert "remote" not in parse(document()).to_json()


@pytest.mark.parametrize(
    ("key", "value"),
    [("protocol", "http"), ("split", "tensor"), ("model", ""), ("version", ""), ("version", 3), ("signature", 1)],
)
def test_a_wrong_value_is_refused_where_it_stands(key: str, value: Any) -> None:
    with pytest.raises(ManifestError, match=f"^bundle.json: wrong value at remote.{key}\\n"):
        parse(document() | {"remote": {key: value}})


def test_an_address_is_no_matter_of_the_manifest() -> None:
    with pytest.raises(ManifestError, match=r"unknown key remote\.url"):
        parse(document() | {"remote": {"url": "http://gpu:8000"}})
