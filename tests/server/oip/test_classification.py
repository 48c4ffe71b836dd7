"""Classification: the best classes in words, as Triton writes them."""

from typing import Any

import numpy as np
import pytest

from inference_core.bundle.manifest import Label
from inference_core.errors import BadRequestError
from inference_core.oip.tensors import Tensor
from inference_core.server.oip.classification import classify

LABELS = [Label(id=1, name="apple"), Label(id=2, name="pickle")]


def texts(array: Any, count: object, labels: list[Label] = LABELS) -> list[Any]:
    return classify(Tensor.of("y", np.asarray(array)), count, labels).array.tolist()  # type: ignore[no-any-return]


def test_the_highest_come_first_with_index_and_label() -> None:
    assert texts(np.array([[0.5, 2, 1]], np.float32), 2) == [[b"2.000000:1:pickle", b"1.000000:2"]]
    assert texts(np.array([1, 5, 10, 4]), 2, []) == [b"10:2", b"5:1"]


def test_of_equal_values_the_lower_index_comes_first() -> None:
    assert texts(np.array([[7, 7, 0, 7]], np.uint8), 3, []) == [[b"7:0", b"7:1", b"7:3"]]


def test_no_more_than_there_are_are_given() -> None:
    assert texts(np.array([[1], [2]], np.float32), 5) == [[b"1.000000:0:apple"], [b"2.000000:0:apple"]]


def test_labels_that_state_their_place_stand_there() -> None:
    assert texts(np.array([[0, 9]]), 1, [Label(id=7, name="late", index=1)]) == [[b"9:1:late"]]


@pytest.mark.parametrize("count", [0, -1, 1.0, "1", True])
def test_other_counts_are_refused(count: object) -> None:
    with pytest.raises(BadRequestError, match="parameter classification"):
        texts([[1.0]], count)


@pytest.mark.parametrize("array", [np.zeros((1, 2, 3)), np.array(1.0), np.array([b"a"], object)])
def test_what_has_no_classes_is_refused(array: Any) -> None:
    with pytest.raises(BadRequestError, match="has no classes"):
        texts(array, 1)
