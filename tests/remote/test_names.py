"""Tensors by the bundle's names, whatever the endpoint calls them."""

import numpy as np
import pytest

from inference_core.remote.connection import CallError, Failure
from inference_core.remote.names import Interpreter, Names
from tests.remote.endpoints import AGREEING, FakeConnection, pictures

NAMES = Names({"images": "INPUT__0"}, {"logits": "OUTPUT__0"})


def test_tensors_are_renamed_both_ways() -> None:
    connection = FakeConnection()
    connection.outputs = lambda outputs: {"OUTPUT__1": outputs["logits"], "OUTPUT__0": outputs["logits"] + 1}
    outputs = Interpreter(connection, NAMES).infer(pictures(), 3.0)
    assert list(outputs) == ["logits"]
    np.testing.assert_array_equal(outputs["logits"], [[11.0, 1.0, 1.0]])
    [given] = connection.given
    assert list(given) == ["INPUT__0"]
    assert connection.timeouts == [3.0]


def test_an_answer_without_an_output_is_garbage() -> None:
    with pytest.raises(CallError, match="an answer without output OUTPUT__0") as caught:
        Interpreter(FakeConnection(), NAMES).infer(pictures(), 3.0)
    assert caught.value.kind is Failure.GARBAGE


def test_everything_else_is_the_connections() -> None:
    connection = FakeConnection()
    interpreter = Interpreter(connection, NAMES)
    assert interpreter.is_ready(1.0)
    assert interpreter.describe(1.0) is AGREEING
    assert interpreter.predict([b"picture"], [], 2.0) == []
    interpreter.close()
    assert (connection.probes, connection.timeouts, connection.closed) == (1, [2.0], True)


def test_the_same_names_need_no_interpreter() -> None:
    assert Names({"images": "images"}, {"logits": "logits"}).are_ours
    assert not NAMES.are_ours
