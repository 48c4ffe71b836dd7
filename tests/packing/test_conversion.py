"""Which converter makes which variant, from what; the converters have tests of their own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference_core.errors import MissingDependencyError, PackError
from inference_core.packing.choice import Variant
from inference_core.packing.conversion import Converter
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.quantization import Quantized

PLACES = (
    *("onnx.quantization.quantize_onnx", "onnx.half.halve_onnx", "openvino.ir.to_openvino"),
    *("openvino.ir.quantize_openvino", "tensorflow.graph.tensorflow_to_onnx", "torch.source.torchscript_to_onnx"),
    "torch.source.round_torchscript",
)
TENSORS, CALIBRATION = [Path("compared.npy")], [Path("calibrated.npy")]

Calls = list[tuple[Any, ...]]


def graph(file: str, engine: str = "any") -> ModelGraph:
    return ModelGraph(engine, file, Path(file), [], [], "fp32")


QUANTIZED = Quantized(graph("quantize_onnx"), graph("simple"), ["sensitive"])


def _stand_in(noted: Calls, name: str) -> Callable[..., ModelGraph | Quantized]:
    def convert(given: ModelGraph | Quantized, *rest: Any) -> ModelGraph | Quantized:
        folders = [value for value in rest if isinstance(value, Path)]
        assert [list(folder.iterdir()) for folder in folders] == [[]]
        source = given.file if isinstance(given, ModelGraph) else given
        noted.append((name, source, *(value for value in rest if value not in folders)))
        return QUANTIZED if name == "quantize_onnx" else graph(name)

    return convert


@pytest.fixture(autouse=True)
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Stands in for every converter: what it makes is called as it is, and what it got is noted, but for its folder."""
    noted: Calls = []
    for place in PLACES:
        monkeypatch.setattr(f"inference_core.packing.{place}", _stand_in(noted, place.rsplit(".", 1)[1]))
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: True)
    return noted


def make(folder: Path, engine: str, *wanted: tuple[str, Any]) -> list[str]:
    """The files of the variants, made by one converter."""
    converter = Converter(graph("source", engine), folder, TENSORS, CALIBRATION)
    return [converter.make(Variant(*variant)).file for variant in wanted]


@pytest.mark.parametrize("engine", ["onnxruntime", "torchscript", "tensorflow"])
def test_the_source_itself_is_not_converted(tmp_path: Path, calls: Calls, engine: str) -> None:
    assert make(tmp_path, engine, (engine, "fp32")) == ["source"]
    assert calls == []


def test_variants_of_an_onnx_model_are_made_of_it(tmp_path: Path, calls: Calls) -> None:
    variants = [("onnxruntime", "fp16"), ("onnxruntime", "int8"), ("openvino", "fp32"), ("openvino", "bf16")]
    assert make(tmp_path, "onnxruntime", *variants) == ["halve_onnx", "quantize_onnx", "to_openvino", "to_openvino"]
    assert calls == [
        ("halve_onnx", "source"),
        ("quantize_onnx", "source", CALIBRATION),
        ("to_openvino", "source", "fp32"),
        ("to_openvino", "source", "bf16"),
    ]


def test_openvino_quantizes_by_what_onnxruntime_found(tmp_path: Path, calls: Calls) -> None:
    variants = [("openvino", "int8"), ("onnxruntime", "int8")]
    assert make(tmp_path, "onnxruntime", *variants) == ["quantize_openvino", "quantize_onnx"]
    assert calls == [("quantize_onnx", "source", CALIBRATION), ("quantize_openvino", QUANTIZED, CALIBRATION)]


def test_onnx_is_the_road_from_tensorflow_and_made_once(tmp_path: Path, calls: Calls) -> None:
    variants = [("onnxruntime", "fp32"), ("openvino", "bf16"), ("onnxruntime", "int8")]
    assert make(tmp_path, "tensorflow", *variants) == ["tensorflow_to_onnx", "to_openvino", "quantize_onnx"]
    assert calls == [
        ("tensorflow_to_onnx", "source"),
        ("to_openvino", "tensorflow_to_onnx", "bf16"),
        ("quantize_onnx", "tensorflow_to_onnx", CALIBRATION),
    ]


def test_an_archive_is_rounded_as_it_is_and_exported_with_the_compared_tensors(tmp_path: Path, calls: Calls) -> None:
    assert make(tmp_path, "torchscript", ("torchscript", "bf16"), ("openvino", "fp32")) == [
        "round_torchscript",
        "to_openvino",
    ]
    assert calls == [
        ("round_torchscript", "source"),
        ("torchscript_to_onnx", "source", TENSORS),
        ("to_openvino", "torchscript_to_onnx", "fp32"),
    ]


def test_what_several_variants_need_fails_once_for_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[ModelGraph] = []

    def refuse(given: ModelGraph, *_: object) -> ModelGraph:
        tried.append(given)
        raise PackError("operator Foo has no counterpart")

    monkeypatch.setattr("inference_core.packing.tensorflow.graph.tensorflow_to_onnx", refuse)
    converter = Converter(graph("source", "tensorflow"), tmp_path, TENSORS, CALIBRATION)
    for variant in (Variant("onnxruntime", "fp32"), Variant("openvino", "fp32"), Variant("openvino", "int8")):
        with pytest.raises(PackError, match="operator Foo has no counterpart"):
            converter.make(variant)
    assert len(tried) == 1


@pytest.mark.parametrize("engine", ["onnxruntime", "openvino"])
def test_int8_without_pictures_is_refused_before_any_work(tmp_path: Path, calls: Calls, engine: str) -> None:
    converter = Converter(graph("source", "tensorflow"), tmp_path, TENSORS, [])
    with pytest.raises(PackError) as caught:
        converter.make(Variant(engine, "int8"))
    assert caught.value.message == f"{engine}:int8 needs pictures to be calibrated with"
    assert caught.value.remedy == "give --images or --calibration"
    assert (calls, list(tmp_path.iterdir())) == ([], [])


@pytest.mark.parametrize(
    ("given", "variant", "package", "extra"),
    [
        ("onnxruntime", ("openvino", "fp32"), "openvino", "openvino"),
        ("onnxruntime", ("openvino", "int8"), "nncf", "nncf"),
        ("onnxruntime", ("openvino", "int8"), "onnxruntime", "onnx"),
        ("tensorflow", ("onnxruntime", "fp32"), "onnxruntime", "onnx"),
        ("torchscript", ("onnxruntime", "fp32"), "onnx", "pack"),
    ],
)
def test_a_package_that_is_missing_is_named_with_its_extra(
    tmp_path: Path,
    calls: Calls,
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    variant: tuple[str, Any],
    package: str,
    extra: str,
) -> None:
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: None if name == package else True)
    with pytest.raises(MissingDependencyError, match=f"needs the package {package},") as caught:
        make(tmp_path, given, variant)
    assert (caught.value.remedy, calls) == (f"pip install 'satchel[{extra}]'", [])
