"""What remote mode loads: a function image has neither gRPC nor protobuf, and its worker has a protobuf of its own."""

import os
import subprocess
import sys

import pytest

from tests.assets import ROOT

MODULES = ("http", "oip_http", "tfs_http", "opening", "oip_grpc", "tfs_grpc", "channel", "pictures")
"""The last four are imported only where gRPC is spoken, and load it only when they connect."""
WITHOUT = ("grpc", "google.protobuf", "tensorflow", "onnxruntime", "torch", "httpx", "azure.identity")


def loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules)"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("module", MODULES)
def test_importing_a_module_loads_no_library_of_a_protocol(module: str) -> None:
    found = loaded(f"import inference_core.remote.{module}")
    assert f"inference_core.remote.{module}" in found
    assert not found & set(WITHOUT)


@pytest.mark.parametrize("protocol", ["oip", "tfs"])
def test_connecting_and_calling_over_http_loads_none_either(protocol: str) -> None:
    name = f"{protocol.capitalize()}HttpConnection"
    found = loaded(
        f"""
import numpy
from inference_core.remote.connection import CallError, Failure
from inference_core.remote.plan import Credentials, Plan
from inference_core.remote.{protocol}_http import {name}
plan = Plan((), "{protocol}-http", "tensors", "m", None, "s", 1, 1.0, 1.0, 0, Credentials(token="x"))
connection = {name}(plan, "http://127.0.0.1:1")
try:
    connection.infer({{"x": numpy.zeros(1)}}, 1.0)
except CallError as error:
    assert error.kind is Failure.UNREACHABLE
connection.close()
"""
    )
    assert f"inference_core.remote.{protocol}_http" in found
    assert not found & set(WITHOUT)
