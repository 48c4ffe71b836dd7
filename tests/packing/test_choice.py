"""Which variants are made of a model, by what was asked for and what is installed."""

from pathlib import Path
from typing import Any

import pytest

from inference_core.errors import PackError
from inference_core.packing import choice as module
from inference_core.packing.choice import Choice, variants
from inference_core.packing.graph import ModelGraph


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"onnxruntime": "1", "torchscript": "1", "openvino": "1", "tensorflow": None}
    monkeypatch.setattr(module, "engine_versions", lambda: versions)


def made(engine: str, *, precision: Any = "fp32", calibrated: bool = True, **asked: Any) -> list[str]:
    source = ModelGraph(engine, "model", Path("model"), [], [], precision)
    return [str(variant) for variant in variants(source, Choice(**asked), calibrated=calibrated)]


def test_nothing_asked_for_leaves_the_model_as_it_is() -> None:
    assert made("onnxruntime") == ["onnxruntime:fp32"]
    assert made("onnxruntime", precision="int8") == ["onnxruntime:int8"]


def test_engines_alone_mean_the_precision_of_the_source() -> None:
    assert made("torchscript", engines=("openvino", "torchscript")) == ["torchscript:fp32", "openvino:fp32"]


def test_precisions_alone_mean_every_engine_that_is_installed() -> None:
    assert made("tensorflow", precisions=("fp32", "int8")) == [
        *("onnxruntime:fp32", "onnxruntime:int8", "openvino:fp32", "openvino:int8"),
    ]


def test_an_engine_that_is_not_installed_can_be_asked_for_to_learn_what_it_needs() -> None:
    assert made("tensorflow", engines=("tensorflow",)) == ["tensorflow:fp32"]


def test_tuning_tries_what_is_installed_in_the_precisions_of_a_cpu() -> None:
    assert made("torchscript", goal="latency") == [
        *("torchscript:fp32", "torchscript:bf16", "onnxruntime:fp32", "onnxruntime:int8"),
        *("openvino:fp32", "openvino:bf16", "openvino:int8"),
    ]


def test_tuning_without_pictures_leaves_int8_out_unless_it_is_asked_for() -> None:
    tried = made("onnxruntime", goal="latency", calibrated=False)
    assert tried == ["onnxruntime:fp32", "openvino:fp32", "openvino:bf16"]
    asked = made("onnxruntime", goal="latency", calibrated=False, engines=("onnxruntime",), precisions=("int8",))
    assert asked == ["onnxruntime:int8"]


def test_a_reduced_model_is_not_reduced_again() -> None:
    assert made("onnxruntime", precision="int8", goal="latency") == ["onnxruntime:int8"]


@pytest.mark.parametrize(
    ("engine", "asked", "message", "expected"),
    [
        ("onnxruntime", {"engines": ("torchscript",)}, "engine torchscript cannot be had", "onnxruntime, openvino"),
        ("onnxruntime", {"precisions": ("int4",)}, "precision int4 cannot be had", "bf16, fp16, fp32, int8"),
        (
            "tensorflow",
            {"engines": ("tensorflow",), "precisions": ("int8",)},
            "no engine that was asked for",
            "openvino",
        ),
    ],
)
def test_what_cannot_be_had_is_refused(engine: str, asked: dict[str, Any], message: str, expected: str) -> None:
    with pytest.raises(PackError, match=message) as caught:
        made(engine, **asked)
    assert expected in str(caught.value.expected)
