"""What onnxruntime refuses is named."""

from pathlib import Path

import onnx
import onnxruntime
import pytest
from onnx import helper

from inference_core.errors import PackError
from inference_core.packing.onnx.check import check_loads
from tests.models import OPSET, write_classifier
from tests.packing.bench import channel_weights, external, matmul

VERSION = f"onnxruntime {onnxruntime.__version__}"


def refusal(path: Path, op: str, domain: str, opset: int) -> PackError:
    model = onnx.load(str(write_classifier(path)))
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", opset))
    if domain:
        model.opset_import.append(helper.make_opsetid(domain, 1))
    model.graph.node[-1].op_type = op
    model.graph.node[-1].domain = domain
    path.write_bytes(model.SerializeToString())
    with pytest.raises(PackError) as caught:
        check_loads(path)
    return caught.value


def test_a_model_that_onnxruntime_takes_passes(tmp_path: Path) -> None:
    check_loads(write_classifier(tmp_path / "m.onnx"))


@pytest.mark.parametrize("domain", ["my.layers", "com.microsoft"])
def test_an_operator_of_a_foreign_domain_is_named(tmp_path: Path, domain: str) -> None:
    path = tmp_path / "m.onnx"
    message = f"{path} needs operator Unheard of domain {domain}, which {VERSION} does not have"
    assert refusal(path, "Unheard", domain, OPSET).message == message


def test_an_unknown_standard_operator_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    message = f"{path} needs operator Unheard of opset {OPSET}, which {VERSION} does not have"
    assert refusal(path, "Unheard", "", OPSET).message == message


def test_an_opset_that_is_too_new_is_named(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    error = refusal(path, "Mul", "", 999)
    assert error.message == f"{path} is of an opset that {VERSION} does not take"
    assert error.expected is not None and error.expected.endswith("or lower of domain ai.onnx")


def test_another_refusal_is_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(PackError) as caught:
        check_loads(path)
    assert caught.value.message == f"{VERSION} cannot load {path}"
    assert caught.value.got


def test_weights_that_are_a_link_out_of_the_directory_are_told(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    weights = external(channel_weights(), tmp_path / "elsewhere", "weights.bin")
    (tmp_path / "here").mkdir()
    path = matmul(tmp_path / "here" / "model.onnx", weights)
    (tmp_path / "here" / "weights.bin").symlink_to(tmp_path / "elsewhere" / "weights.bin")
    with pytest.raises(PackError, match="a link out of its directory") as caught:
        check_loads(path)
    assert caught.value.remedy is not None and "cp -L" in caught.value.remedy
