"""Fixtures that tests of the server share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.fragile import PREDICT, QUEUE_SIZE, SOUND, pack_fragile
from tests.server.process import Server, serving


@pytest.fixture(scope="session")
def fragile_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the bundle of `tests.server.fragile`. Shared: do not change it."""
    return pack_fragile(tmp_path_factory.mktemp("fragile"))


@pytest.fixture(scope="module")
def fragile_server(fragile_models: Path) -> Iterator[Server]:
    """Serves it: one picture runs, and `QUEUE_SIZE` may wait. Must be as well afterwards as before."""
    with serving(fragile_models, threads="1", queue_size=str(QUEUE_SIZE)) as running:
        yield running
        assert running.process.poll() is None
        assert running.ask("POST", PREDICT, SOUND)[0] == 200
