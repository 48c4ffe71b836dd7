"""States and signatures in TensorFlow Serving's words."""

from pathlib import Path

import pytest

from inference_core.bundle import TensorSpec
from inference_core.bundle.tensors import BucketedAxis
from inference_core.errors import IntegrityError
from inference_core.repository import Entry
from inference_core.repository.listing import read_entry
from inference_core.server.tfs.description import _tensor_info, version_status


@pytest.fixture
def entry(tiny_models: Path) -> Entry:
    return read_entry(tiny_models / "tiny_classifier")


def test_an_unloaded_model_starts_with_its_first_request(entry: Entry) -> None:
    ok = {"error_code": "OK", "error_message": ""}
    assert version_status(entry) == {"version": "1", "state": "START", "status": ok}
    entry.kept_out = True
    assert version_status(entry) == {"version": "1", "state": "END", "status": ok}


def test_a_failed_model_has_ended_with_its_reason(entry: Entry) -> None:
    entry.failure = IntegrityError("a file is missing")
    status = {"error_code": "UNAVAILABLE", "error_message": "a file is missing"}
    assert version_status(entry) == {"version": "1", "state": "END", "status": status}


def test_sizes_that_may_differ_are_minus_one() -> None:
    spec = TensorSpec(
        name="x", native="x:0", dtype="uint8", shape=("n", BucketedAxis(sizes=(224, 256)), 3), layout="NHC"
    )
    assert _tensor_info(spec, batched=False) == {
        "dtype": "DT_UINT8",
        "tensor_shape": {
            "dim": [{"size": "-1", "name": ""}, {"size": "-1", "name": ""}, {"size": "3", "name": ""}],
            "unknown_rank": False,
        },
        "name": "x:0",
    }


def test_a_fixed_batch_is_any_number_and_a_scalar_has_no_axes() -> None:
    fixed = TensorSpec(name="x", dtype="float32", shape=(1, 3))
    assert [
        [dim["size"] for dim in _tensor_info(fixed, batched=batched)["tensor_shape"]["dim"]]
        for batched in (True, False)
    ] == [["-1", "3"], ["1", "3"]]
    assert _tensor_info(TensorSpec(name="x", dtype="bool", shape=()), batched=True)["tensor_shape"]["dim"] == []
