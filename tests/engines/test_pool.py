"""Who gets which instance, and who waits."""

import threading
import time

import pytest

from inference_core.engines.pool import Pool, SharedPool
from inference_core.errors import DeadlineError


def test_an_instance_is_with_one_caller_at_a_time() -> None:
    pool = Pool(["a", "b"])
    with pool.lend(None) as first, pool.lend(None) as second:
        assert (first, second) == ("a", "b")
        with pytest.raises(DeadlineError), pool.lend(time.monotonic() + 0.05):
            pass


def test_the_one_that_was_idle_longest_comes_next() -> None:
    pool = Pool(["a", "b", "c"])
    lent = []
    for _ in range(4):
        with pool.lend(None) as instance:
            lent.append(instance)
    assert lent == ["a", "b", "c", "a"]


def test_a_caller_waits_for_one_that_is_given_back() -> None:
    pool = Pool(["a"])
    held, waited = threading.Event(), []

    def hold() -> None:
        with pool.lend(None):
            held.set()
            time.sleep(0.1)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait()
    begun = time.monotonic()
    with pool.lend(begun + 60) as instance:
        waited.append(time.monotonic() - begun)
    holder.join()
    assert instance == "a"
    assert 0.05 < waited[0] < 5


def test_an_instance_comes_back_from_a_caller_that_failed() -> None:
    pool = Pool(["a"])
    with pytest.raises(ValueError, match="mine"), pool.lend(None):
        raise ValueError("mine")
    with pool.lend(time.monotonic() + 1) as instance:
        assert instance == "a"


def test_a_shared_one_serves_any_number_until_their_deadline() -> None:
    pool = SharedPool("a")
    with pool.lend(None) as first, pool.lend(time.monotonic() + 60) as second:
        assert (first, second) == ("a", "a")
    with pytest.raises(DeadlineError, match="the deadline passed before inference began"), pool.lend(time.monotonic()):
        pass
