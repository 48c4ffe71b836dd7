"""Targets that take turns."""

import asyncio

import pytest

from inference_core.bench.load import Reply, Report, Target, compare
from inference_core.errors import UnreachableError
from tests.bench.load.fake import Scripted


async def _answer(index: int) -> Reply:
    return Reply(200, 0)


def test_targets_take_turns_forth_and_back() -> None:
    targets = {name: Scripted(_answer) for name in "abc"}
    turns = []

    async def run(target: Target, number: int) -> Report:
        [name] = [name for name, other in targets.items() if other is target]
        assert [other.opened - other.closed for other in targets.values()] == [1, 1, 1]
        turns.append(f"{name}{number}")
        return Report((), float(len(turns)), 0.0)

    reports = asyncio.run(compare(targets, run, 3))
    assert " ".join(turns) == "a0 b0 c0 c1 b1 a1 a2 b2 c2"
    assert {name: [report.wall for report in parts] for name, parts in reports.items()} == {
        "a": [1, 6, 7],
        "b": [2, 5, 8],
        "c": [3, 4, 9],
    }
    assert [target.closed for target in targets.values()] == [1, 1, 1]


def test_what_was_opened_is_closed_when_another_does_not_open() -> None:
    class Shut(Scripted):
        async def open(self) -> None:
            raise UnreachableError("nothing answers")

    async def run(target: Target, number: int) -> Report:
        raise AssertionError

    first = Scripted(_answer)
    with pytest.raises(UnreachableError):
        asyncio.run(compare({"first": first, "second": Shut(_answer)}, run))
    assert (first.opened, first.closed) == (1, 1)
