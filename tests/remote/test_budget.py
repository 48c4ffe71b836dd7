"""The budget of retries."""

from inference_core.remote.budget import RetryBudget


def test_there_are_ten_to_begin_with_and_then_one_for_five_calls() -> None:
    budget = RetryBudget()
    assert [budget.spend() for _ in range(11)] == [True] * 10 + [False]
    spent = 0
    for _ in range(100):
        budget.earn()
        spent += budget.spend()
    assert spent in (19, 20)


def test_no_more_than_ten_are_saved() -> None:
    budget = RetryBudget()
    for _ in range(1000):
        budget.earn()
    assert [budget.spend() for _ in range(11)] == [True] * 10 + [False]
