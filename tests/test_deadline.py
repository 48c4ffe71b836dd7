"""Deadlines on the monotonic clock."""

import time

import pytest

from inference_core.deadline import check_deadline
from inference_core.errors import DeadlineError


@pytest.mark.parametrize("deadline", [None, 100.001, 200.0])
def test_before_the_deadline_work_may_begin(monkeypatch: pytest.MonkeyPatch, deadline: float | None) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    check_deadline(deadline, "decoding")


@pytest.mark.parametrize("deadline", [100.0, 99.999, 0.0, -1.0])
def test_at_the_deadline_and_after_it_work_is_refused(monkeypatch: pytest.MonkeyPatch, deadline: float) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    with pytest.raises(DeadlineError) as caught:
        check_deadline(deadline, "decoding")
    assert str(caught.value) == (
        "the deadline passed before decoding began\n  remedy: allow more time, or send fewer images at once"
    )
