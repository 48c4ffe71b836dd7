"""Images that scripts/containers.sh has built, and containers of them, hardened as in production."""

import os
import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.containers.docker import Container, run

IMAGES = os.environ.get("CONTAINERS", "").split()
"""Names of the targets that were built."""

Start = Callable[..., Container]


@pytest.fixture
def built() -> Callable[[str], str]:
    """The tag of a target's image, where that was built."""

    def tag(target: str) -> str:
        if target not in IMAGES or shutil.which("docker") is None:
            pytest.skip(f"no image of {target}: `make test-containers` builds it, where there is a container engine")
        return f"satchel:{target}"

    return tag


@pytest.fixture
def start(built: Callable[[str], str]) -> Iterator[Start]:
    """Starts containers, which end with the test."""
    started: list[Container] = []

    def begin(target: str, *options: str, command: tuple[str, ...] = (), **settings: object) -> Container:
        container = run(built(target), *options, command=command, **settings)
        started.append(container)
        return container

    yield begin
    for container in started:
        container.remove()
