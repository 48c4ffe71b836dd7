"""What a model may be fed: its own tensors, and any number of items where axis 0 is a batch."""

from typing import Any

import numpy as np
import orjson
import pytest

from inference_core.bundle import Artifact
from inference_core.errors import BadRequestError
from inference_core.oip.tensors import Tensor
from inference_core.server.oip.feeding import check_fed, has_batch


def artifact(inputs: dict[str, list[Any]], outputs: list[list[Any]], dtype: str = "float32") -> Artifact:
    def spec(name: str, shape: list[Any], dtype: str) -> dict[str, Any]:
        return {"name": name, "dtype": dtype, "shape": shape}

    return Artifact.model_validate_json(
        orjson.dumps(
            {
                "engine": "onnxruntime",
                "precision": "fp32",
                "file": "m.onnx",
                "inputs": [spec(name, shape, dtype) for name, shape in inputs.items()],
                "outputs": [spec(f"y{number}", shape, "float32") for number, shape in enumerate(outputs)],
            }
        )
    )


def feed(of: Artifact, **shapes: list[int]) -> list[str]:
    return list(check_fed([Tensor.of(name, np.zeros(shape, np.float32)) for name, shape in shapes.items()], of))


FIXED = artifact({"x": [1, 3]}, [[1, 5]])
BUCKETS: list[Any] = [{"sizes": [1, 4]}, 3]


@pytest.mark.parametrize("items", [1, 2, 7])
def test_any_number_of_items_fits_a_batch(items: int) -> None:
    for of in (FIXED, artifact({"x": ["n", 3]}, [["n", 5]]), artifact({"x": BUCKETS}, [[{"sizes": [1, 4]}, 5]])):
        assert feed(of, x=[items, 3]) == ["x"]


def test_an_axis_that_is_no_batch_is_taken_as_it_is() -> None:
    without = artifact({"x": [1, 3]}, [["boxes", 4]])  # one picture, any number of rows
    assert not has_batch(without)
    assert feed(without, x=[1, 3]) == ["x"]
    for of in (without, artifact({"x": [1, 3], "size": [2]}, [[1, 5]])):
        assert not has_batch(of)
        with pytest.raises(BadRequestError):
            feed(of, x=[2, 3])


def test_inputs_must_agree_on_the_number_of_items() -> None:
    two = artifact({"a": [1, 3], "b": [1, 2]}, [[1, 5]])
    assert feed(two, a=[4, 3], b=[4, 2]) == ["a", "b"]
    with pytest.raises(BadRequestError, match="do not agree on the number of items"):
        feed(two, a=[4, 3], b=[2, 2])


@pytest.mark.parametrize(
    "shapes", [{}, {"y": [1, 3]}, {"x": [1, 3], "y": [1, 3]}, {"x": [1, 4]}, {"x": [3]}, {"x": []}]
)
def test_other_names_and_shapes_are_refused(shapes: dict[str, list[int]]) -> None:
    with pytest.raises(BadRequestError, match=r"not those of the model|input x does not fit"):
        feed(FIXED, **shapes)


def test_no_items_are_refused() -> None:
    with pytest.raises(BadRequestError, match="input x does not fit the model"):
        feed(FIXED, x=[0, 3])


@pytest.mark.parametrize("dtype", ["bfloat16", "string", "uint8"])
def test_datatypes_that_do_not_fit_or_that_no_engine_takes_are_refused(dtype: str) -> None:
    with pytest.raises(BadRequestError, match="input x"):
        feed(artifact({"x": [1, 3]}, [[1, 5]], dtype), x=[1, 3])
