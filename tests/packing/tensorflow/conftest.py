"""A process with TensorFlow, and models that it makes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inference_core.packing.apart import Apart
from inference_core.packing.graph import ModelGraph
from inference_core.packing.tensorflow import graph as tensorflow_graph
from inference_core.packing.tensorflow.graph import inspect_tensorflow
from tests.packing.tensorflow.bench import Inspect, changed


@pytest.fixture(scope="package")
def tensorflow() -> Iterator[Apart]:
    """One process with TensorFlow for all tests."""
    with Apart(
        "tests.packing.tensorflow.models:TensorFlow",
        purpose="making models for tests",
        environment={"TF_CPP_MIN_LOG_LEVEL": "3"},
    ) as process:
        yield process


@pytest.fixture
def inspect(tensorflow: Apart, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Inspect:
    """Makes and inspects a model, with the recipe changed; jobs run in the process that is there already."""

    def run(target: str, *, purpose: str, environment: dict[str, str], **arguments: Any) -> Any:
        return tensorflow.call("run", target=target, arguments=arguments)

    monkeypatch.setattr(tensorflow_graph, "run_apart", run)

    def make(case: str, *changes: tuple[str, str]) -> ModelGraph:
        path = tmp_path / "model"
        tensorflow.call("make", case=case, path=str(path))
        (tmp_path / "scratch").mkdir()
        return inspect_tensorflow(path, changed(tmp_path, *changes), tmp_path / "scratch")

    return make
