"""The program for Triton's Python backend, given what Triton gives it; `tests/remote/real` has the real one."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from google.protobuf import json_format, text_format
from tritonclient.grpc import model_config_pb2

from inference_core.bundle import open_bundle
from inference_core.export.choice import Backend, Choice, Server
from inference_core.export.exporting import export_bundle
from inference_core.pipeline import LocalPredictor


class Given:
    """As Triton's: a name and an array."""

    def __init__(self, name: str, array: Any) -> None:
        self.name, self.array = name, array

    def as_numpy(self) -> Any:
        return self.array


class TritonUtilities(ModuleType):
    """As the module that Triton's Python finds: requests are lists of tensors here, answers too."""

    Tensor = Given
    InferenceResponse = list

    @staticmethod
    def get_input_tensor_by_name(request: list[Given], name: str) -> Given:
        return next(tensor for tensor in request if tensor.name == name)


@pytest.fixture
def start(tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Exports a model and starts the program beside it, with its configuration as JSON."""
    monkeypatch.setitem(sys.modules, "triton_python_backend_utils", TritonUtilities("triton_python_backend_utils"))
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(name: str) -> Any:
        with open_bundle(tiny_models / name) as bundle:
            choice = Choice.of(bundle, Server.TRITON, backend=Backend.PYTHON)
            folder = export_bundle(choice, tmp_path).path
        config = text_format.Parse((folder / "config.pbtxt").read_text(), model_config_pb2.ModelConfig())
        fields = {"preserving_proto_field_name": True, "always_print_fields_with_no_presence": True}
        spec = importlib.util.spec_from_file_location("model", folder / "1" / "model.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        model = module.TritonPythonModel()
        model.initialize({"model_config": json.dumps(json_format.MessageToDict(config, **fields))})
        return model

    return run


def test_requests_that_come_together_are_one_inference(start: Any, tiny_models: Path) -> None:
    model = start("tiny_classifier")
    batches = [np.random.default_rng(size).random((size, 3, 8, 8), np.float32) for size in (1, 3, 2)]
    runs: list[tuple[int, ...]] = []
    session = model.session

    def run(outputs: list[str], feed: dict[str, Any]) -> Any:
        runs.append(feed["images"].shape)
        return session.run(outputs, feed)

    model.session = SimpleNamespace(run=run)
    answers = model.execute([[Given("images", batch)] for batch in batches])
    assert runs == [(6, 3, 8, 8)]
    with open_bundle(tiny_models / "tiny_classifier") as bundle, LocalPredictor.load(bundle) as predictor:
        for batch, [answer] in zip(batches, answers, strict=True):
            assert answer.name == "logits"
            expected: Any = predictor.infer({"images": batch})["logits"]
            np.testing.assert_allclose(answer.array, expected, atol=1e-6)


def test_a_fixed_batch_is_left_alone(start: Any) -> None:
    model = start("tiny_detector")
    image = np.zeros((1, 3, 32, 32), np.float32)
    answers = model.execute([[Given("images", image)], [Given("images", image)]])
    shapes = [{tensor.name: tensor.array.shape for tensor in answer} for answer in answers]
    assert shapes == [{"boxes": (1, 4, 4), "scores": (1, 4, 2)}] * 2
