"""Names of devices."""

import pytest

from inference_core.engines.device import cuda_index
from inference_core.errors import EngineError


@pytest.mark.parametrize(("device", "index"), [("cpu", None), ("cuda", 0), ("cuda:0", 0), ("cuda:12", 12)])
def test_a_device_is_the_cpu_or_a_gpu_by_number(device: str, index: int | None) -> None:
    assert cuda_index(device, "onnxruntime") == index


@pytest.mark.parametrize("device", ["gpu", "tpu:0", "", "cudaX", "cuda:", "cuda:x", "cpu:0", "cuda:-1"])
def test_anything_else_is_refused(device: str) -> None:
    with pytest.raises(EngineError) as caught:
        cuda_index(device, "openvino")
    assert (caught.value.message, caught.value.expected) == (f"openvino has no device {device}", "cpu, cuda or cuda:N")
