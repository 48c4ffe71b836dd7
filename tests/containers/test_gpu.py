"""The image for a GPU, on a machine that has none."""

import pytest

from tests.containers.conftest import Start
from tests.containers.docker import docker
from tests.containers.test_images import assert_sample_is_known

pytestmark = pytest.mark.slow


def test_without_a_gpu_it_refuses_to_start_in_one_sentence(start: Start) -> None:
    container = start("gpu")
    assert docker("wait", container.id, timeout=180).out == "1"
    [line] = [line for line in container.logs().splitlines() if line.startswith("error: ")]
    assert "CUDA" in line
    assert "SATCHEL_DEVICE=cpu" in container.logs()


def test_the_cpu_is_the_way_out(start: Start) -> None:
    container = start("gpu", device="cpu")
    container.wait_ready()
    assert_sample_is_known(container)
    assert "card_elements 1: detection, onnxruntime fp32" in container.logs()
