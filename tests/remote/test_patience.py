"""How long a try may take."""

import math

import pytest

from inference_core.remote.patience import Patience


@pytest.fixture
def experienced() -> Patience:
    """Has seen calls of 50 ms."""
    patience = Patience(10.0)
    patience.learn(0.05)
    return patience


def test_alone_an_endpoint_gets_what_is_left_up_to_the_plans(experienced: Patience) -> None:
    assert experienced.share(4.0, others=False) == 4.0
    assert experienced.share(40.0, others=False) == 10.0
    assert experienced.share(math.inf, others=True) == 10.0


def test_where_others_could_be_asked_half_is_kept_for_them(experienced: Patience) -> None:
    assert experienced.share(4.0, others=True) == 2.0
    assert experienced.share(30.0, others=True) == 10.0


def test_a_try_gets_twice_what_calls_take(experienced: Patience) -> None:
    experienced.learn(0.6)
    assert experienced.share(1.5, others=True) == pytest.approx(1.2)
    assert experienced.share(1.0, others=True) == 1.0, "else no try would be long enough"


def test_without_experience_nothing_is_kept() -> None:
    assert Patience(10.0).share(1.0, others=True) == 1.0


def test_slow_calls_are_remembered_and_fade(experienced: Patience) -> None:
    experienced.learn(1.05)
    experienced.learn(0.05)
    assert experienced.share(2.0, others=True) == pytest.approx(1.9)
    for _ in range(50):
        experienced.learn(0.05)
    assert experienced.share(2.0, others=True) == 1.0


def test_who_is_in_a_hurry_has_no_say(experienced: Patience) -> None:
    assert not experienced.is_fair(0.05)
    assert experienced.is_fair(0.1)
    assert not Patience(10.0).is_fair(0.5)
    assert Patience(10.0).is_fair(1.0)
    assert Patience(0.2).is_fair(0.2)
    experienced.learn(3.0)
    assert not experienced.is_fair(5.0)
    assert experienced.is_fair(6.0)
