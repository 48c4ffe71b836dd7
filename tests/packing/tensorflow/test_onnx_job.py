"""What becomes of TensorFlow models in ONNX."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from inference_core.errors import MissingDependencyError
from inference_core.packing.graph import ModelGraph
from inference_core.packing.tensorflow.graph import tensorflow_to_onnx
from tests.packages import needs_tensorflow, needs_tf2onnx
from tests.packing.tensorflow.bench import NAMED, Inspect, refused, tensors


@needs_tensorflow
@needs_tf2onnx
@pytest.mark.parametrize("case", ["frozen", "saved_two", "saved_v1", "lite", "lite_plain"])
def test_onnx_keeps_names_and_axes_and_gives_the_same_numbers(inspect: Inspect, tmp_path: Path, case: str) -> None:
    source = inspect(case, *([] if case == "saved_v1" else [NAMED]))
    graph = tensorflow_to_onnx(source, tmp_path)
    assert (graph.engine, graph.file, graph.path) == ("onnxruntime", "model.onnx", tmp_path / "model.onnx")
    assert graph.provenance["opset"] == "17" and graph.provenance["tf2onnx"]
    assert [t[0:1] + t[2:] for t in tensors(graph)] == [t[0:1] + t[2:] for t in tensors(source)]
    session = ort.InferenceSession(str(graph.path), providers=["CPUExecutionProvider"])
    ends = [*session.get_inputs(), *session.get_outputs()]
    assert [(end.name, end.shape) for end in ends] == [(name, shape) for name, _, _, shape in tensors(graph)]
    pictures = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    [logits] = session.run(None, {ends[0].name: pictures})
    np.testing.assert_allclose(logits, pictures.mean((1, 2)) * 10, rtol=1e-5)


@needs_tensorflow
@needs_tf2onnx
def test_operators_without_a_counterpart_in_onnx_are_named(inspect: Inspect, tmp_path: Path) -> None:
    source = inspect("frozen_unconvertible")
    error = refused(lambda: tensorflow_to_onnx(source, tmp_path))
    assert (error.message, error.got) == ("the model uses operators that cannot be converted to ONNX", "Cholesky")


def test_tf2onnx_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: None)
    graph = ModelGraph("tensorflow", "model.pb", tmp_path / "m.pb", [], [], "fp32")
    with pytest.raises(MissingDependencyError, match="converting a TensorFlow model to ONNX needs the package tf2onnx"):
        tensorflow_to_onnx(graph, tmp_path)
