"""The loop that load is sent from, and its name in reports."""

import asyncio
from importlib.util import find_spec

import pytest

from inference_core.bench.load import event_loop
from inference_core.bench.load.runner import event_loop_name


async def running() -> str:
    return type(asyncio.get_running_loop()).__module__.split(".")[0]


@pytest.mark.skipif(find_spec("uvloop") is None, reason="uvloop is not installed")
def test_uvloop_is_taken_where_it_is_installed() -> None:
    with event_loop() as runner:
        assert runner.run(running()) == event_loop_name() == "uvloop"


def test_reports_say_when_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference_core.bench.load.runner.find_spec", lambda name: None)
    with event_loop() as runner:
        assert runner.run(running()) == event_loop_name() == "asyncio"
