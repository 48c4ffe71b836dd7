"""Marks for what a machine may lack. Finding a package does not import it: several cannot share one process."""

from importlib.util import find_spec

import pytest

from inference_core.cpu import instruction_sets


def _needs(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is not installed")


needs_nncf = _needs("nncf")
needs_openvino = _needs("openvino")
needs_tensorflow = _needs("tensorflow")
needs_tf2onnx = _needs("tf2onnx")
needs_torch = _needs("torch")
needs_torchscript = _needs("satchel_torchscript")
needs_vnni = pytest.mark.skipif(
    not {"avx_vnni", "avx512_vnni", "asimddp"} & {*instruction_sets()},
    reason="sums of products of bytes saturate on CPUs without VNNI",
)
needs_bf16 = pytest.mark.skipif("avx512_bf16" not in instruction_sets(), reason="this CPU does not compute in bfloat16")
