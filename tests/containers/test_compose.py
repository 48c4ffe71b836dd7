"""docker/compose.yaml brought up: a thin server answers through the one beside it, and finds it again."""

import json
import os
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.assets import ROOT
from tests.containers.docker import docker
from tests.ports import free_port
from tests.test_shipped_bundle import SAMPLES, missed

PROJECT = "satchel-test"
COMPOSE = ("compose", "--file", str(ROOT / "docker" / "compose.yaml"), "--project-name", PROJECT, "--profile", "thin")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        os.environ.get("CONTAINERS_COMPOSE") != "1",
        reason="compose needs images and an engine with networks of its own: CONTAINERS_COMPOSE=1 says they are there",
    ),
]


def compose(*arguments: str, check: bool = True, timeout: float = 300) -> str:
    """What the command wrote."""
    return docker(*COMPOSE, *arguments, check=check, timeout=timeout).out


@pytest.fixture(scope="module")
def thin() -> Iterator[str]:
    """Where the thin server listens."""
    ports = {name: str(free_port()) for name in ("PORT", "THIN_PORT")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**ports, "BIND": "127.0.0.1", "REGISTRY": "", "VERSION": ""}.items():
            patch.setenv(name, value)
        for name in ("SATCHEL_API_KEYS", "SATCHEL_REMOTE_TOKEN", "SATCHEL_LOG_FORMAT"):
            patch.delenv(name, raising=False)
        try:
            compose("up", "--detach", "--wait", "--wait-timeout", "240", "--no-build")
            yield f"http://127.0.0.1:{ports['THIN_PORT']}"
        finally:
            compose("down", "--volumes", check=False)


def ask(url: str) -> httpx.Response:
    return httpx.post(
        f"{url}/models/card_elements/predict",
        content=(SAMPLES / "booking.png").read_bytes(),
        headers={"Content-Type": "image/png"},
        timeout=60,
    )


def assert_card_is_known(answer: httpx.Response) -> None:
    assert answer.status_code == 200, answer.text
    assert missed("booking", [(p["label"], p["box"]) for p in answer.json()["predictions"]]) == []


def wait_for(url: str, *, readiness: int, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while httpx.get(f"{url}/health/ready", timeout=10).status_code != readiness:
        assert time.monotonic() < end, compose("logs", "--no-color")
        time.sleep(0.1)


def ask_until_answered(url: str, seconds: float = 120) -> httpx.Response:
    """The first answer that is none of "not now"."""
    end = time.monotonic() + seconds
    while (answer := ask(url)).status_code == 503:
        assert time.monotonic() < end, compose("logs", "--no-color")
        time.sleep(0.1)
    return answer


def facts(service: str) -> dict[str, Any]:
    """What the engine knows of the service's container."""
    [found] = json.loads(docker("inspect", compose("ps", "--all", "--quiet", service)).out)
    return dict(found)


def test_the_card_is_known_through_both(thin: str) -> None:
    assert_card_is_known(ask(thin))
    assert "detection, oip-http fp32" in compose("logs", "--no-color", "thin")


def test_the_containers_are_as_locked_as_the_file_says(thin: str) -> None:
    for service, memory in (("satchel", 1024), ("thin", 768)):
        container = facts(service)
        assert container["State"]["Health"]["Status"] == "healthy"
        assert container["Config"]["User"] == "10001:10001"
        limits = container["HostConfig"]
        assert limits["ReadonlyRootfs"] is True
        assert limits["CapDrop"] == ["ALL"]
        assert "no-new-privileges:true" in limits["SecurityOpt"]
        assert limits["Memory"] == memory * 2**20


def test_a_service_that_was_away_is_found_again(thin: str) -> None:
    compose("stop", "satchel")
    assert facts("satchel")["State"]["ExitCode"] == 0
    wait_for(thin, readiness=503)
    answer = ask(thin)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "remote_unavailable")
    compose("start", "satchel")
    wait_for(thin, readiness=200)
    assert_card_is_known(ask(thin))


def test_a_service_that_starts_anew_is_found_again(thin: str) -> None:
    compose("restart", "satchel")
    assert_card_is_known(ask_until_answered(thin))
