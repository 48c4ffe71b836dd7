"""How a container ends, and comes back."""

import io
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from PIL import Image

from tests.containers.conftest import Start
from tests.containers.docker import Container, docker
from tests.containers.test_images import assert_sample_is_known
from tests.test_shipped_bundle import SAMPLES

pytestmark = pytest.mark.slow

CALLERS = 8


def test_sigterm_finishes_what_was_accepted_and_exits_cleanly(start: Start) -> None:
    container = start("embedded-onnx", drain_s=1)
    container.wait_ready()
    picture = (SAMPLES / "booking.png").read_bytes()
    answered, refused = 0, 0

    def ask_until_refused(number: int) -> tuple[int, int]:
        """How many were answered, and how many connections were broken after the request was sent."""
        count = broken = 0
        with httpx.Client(timeout=60) as client:
            while True:
                try:
                    answer = client.post(f"{container.url}/models/card_elements/predict", content=picture)
                    if answer.status_code != 200:
                        return count, broken
                    count += 1
                except httpx.ConnectError:
                    return count, broken
                except httpx.HTTPError:
                    return count, broken + 1

    with ThreadPoolExecutor(CALLERS) as pool:
        calls = [pool.submit(ask_until_refused, number) for number in range(CALLERS)]
        time.sleep(2)
        begin = time.monotonic()
        docker("stop", "--time=30", container.id)
        took = time.monotonic() - begin
        for call in calls:
            counted, broken = call.result(timeout=60)
            answered, refused = answered + counted, refused + broken
    assert answered >= CALLERS
    assert refused == 0
    assert took < 25
    assert container.inspect()["State"]["ExitCode"] == 0


def test_readiness_goes_first(start: Start) -> None:
    container = start("embedded-onnx", drain_s=3)
    container.wait_ready()
    docker("kill", "--signal=TERM", container.id)
    time.sleep(0.5)
    assert httpx.get(f"{container.url}/health/ready").status_code == 503
    assert_sample_is_known(container)
    assert docker("wait", container.id).out == "0"


def bomb() -> bytes:
    """A small file of a large picture, in a format that is decoded whole: JPEG and PNG pass by in stripes."""
    file = io.BytesIO()
    Image.new("RGB", (7000, 7000)).save(file, "WEBP", lossless=True)
    return file.getvalue()


def kill_by_memory(container: Container) -> None:
    """Large pictures side by side, until a connection breaks."""
    picture = bomb()

    def ask(number: int) -> None:
        httpx.post(f"{container.url}/models/card_elements/predict", content=picture, timeout=60)

    with ThreadPoolExecutor(CALLERS) as pool:
        calls = [pool.submit(ask, number) for number in range(CALLERS)]
    assert any(isinstance(call.exception(), httpx.HTTPError) for call in calls), "the limit was not reached"


def test_out_of_memory_ends_in_a_clean_restart(start: Start) -> None:
    container = start("embedded-onnx", "--memory=256m", "--memory-swap=256m", "--restart=on-failure")
    container.wait_ready()
    kill_by_memory(container)
    container.wait_ready()
    assert container.inspect()["RestartCount"] >= 1
    assert_sample_is_known(container)
