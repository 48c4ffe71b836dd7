"""What the OpenVINO engine asks of OpenVINO, and what it says where the CPU cannot give it."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_core.bundle import Artifact, Bundle, open_bundle
from inference_core.engines import EngineOptions, load_engine

ov = pytest.importorskip("openvino", reason="openvino is not installed")

OPTIONS = EngineOptions(threads=1)


@pytest.fixture
def bundle(tiny_models: Path) -> Bundle:
    return open_bundle(tiny_models / "tiny_classifier")


@pytest.fixture
def artifact(bundle: Bundle) -> Artifact:
    """The ONNX file of the tiny classifier, for OpenVINO."""
    return bundle.artifact().model_copy(update={"engine": "openvino"})


def compiled_with(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """Device and options of each compilation from now on."""
    calls = []
    real = ov.Core.compile_model

    def spy(core: Any, model: Any, device: str, options: dict[str, Any]) -> Any:
        calls.append((device, options))
        return real(core, model, device, options)

    monkeypatch.setattr(ov.Core, "compile_model", spy)
    return calls


@pytest.mark.parametrize(("precision", "hint"), [("fp32", "f32"), ("bf16", "bf16"), ("fp16", "f16"), ("int8", "f32")])
def test_every_option_is_stated(
    bundle: Bundle, artifact: Artifact, monkeypatch: pytest.MonkeyPatch, precision: str, hint: str
) -> None:
    calls = compiled_with(monkeypatch)
    load_engine(
        artifact.model_copy(update={"precision": precision}), bundle.directory, EngineOptions(threads=2, instances=3)
    )
    expected = {
        "INFERENCE_PRECISION_HINT": hint,
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
        "NUM_STREAMS": 3,
        "INFERENCE_NUM_THREADS": 6,
        "SCHEDULING_CORE_TYPE": "ANY_CORE",
        "ENABLE_HYPER_THREADING": True,
        "ENABLE_CPU_PINNING": False,
        "CACHE_DIR": "",
    }
    assert calls == [("CPU", expected)]


class Property:
    """A compiled model that says of itself what a CPU without the precision would make it say."""

    outputs: tuple[Any, ...] = ()

    def __init__(self, taken: str, instructions: str) -> None:
        self._values = {
            "INFERENCE_PRECISION_HINT": getattr(ov.Type, taken),
            "RUNTIME_REQUIREMENTS": f"meta=1.0;ov=2026.4.1;isa={instructions}",
        }

    def get_property(self, name: str) -> Any:
        return self._values[name]

    def create_infer_request(self) -> object:
        return object()


@pytest.mark.parametrize(
    ("precision", "taken", "instructions", "notes"),
    [
        ("bf16", "bf16", "Intel AMX with bfloat16 and 8-bit integer support", ()),
        ("fp32", "f32", "Intel AVX2", ()),
        ("bf16", "f32", "Intel AVX2", ("runs in f32: this CPU has no bf16",)),
        ("bf16", "bf16", "AVX512BW", ("emulates bf16, which is slower than f32: this CPU has AVX512BW",)),
        (
            "fp16",
            "bf16",
            "AVX512BW",
            (
                "runs in bf16: this CPU has no f16",
                "emulates bf16, which is slower than f32: this CPU has AVX512BW",
            ),
        ),
    ],
)
def test_notes_say_where_the_cpu_lacks_the_precision(
    artifact: Artifact, precision: str, taken: str, instructions: str, notes: tuple[str, ...]
) -> None:
    from inference_core.engines.openvino import OpenVinoEngine

    there = artifact.model_copy(update={"precision": precision, "outputs": ()})
    assert OpenVinoEngine(Property(taken, instructions), there, OPTIONS).describe().notes == notes


def test_half_precision_rounds_the_answers(bundle: Bundle, artifact: Artifact) -> None:
    levels = np.array([0.3, 0.7, 0.1], np.float32)[None, :, None, None]
    image = {"images": np.broadcast_to(levels, (1, 3, 8, 8)).copy()}
    exact = load_engine(artifact, bundle.directory, OPTIONS).infer(image)["logits"].astype(float)
    half = load_engine(artifact.model_copy(update={"precision": "bf16"}), bundle.directory, OPTIONS)
    np.testing.assert_allclose(exact, [[3, 7, 1]], rtol=1e-6)
    np.testing.assert_allclose(half.infer(image)["logits"].astype(float), exact, rtol=2**-7)
