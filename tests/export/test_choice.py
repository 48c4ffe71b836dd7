"""Which artifact goes to which server, and what runs it there."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from inference_core.bundle import Bundle
from inference_core.errors import ExportError, NotFoundError
from inference_core.export.choice import Backend, Choice, Server, Split
from tests.export.bundles import artifact, bundle

ENGINES = {"openvino": "model.xml", "onnxruntime": "model.onnx", "tensorflow": "saved", "torchscript": "model.pt"}


@pytest.fixture
def many(tmp_path: Path) -> Bundle:
    """Artifacts of four engines, openvino's the default, and one in int8."""
    artifacts = [artifact(engine, file) for engine, file in ENGINES.items()]
    artifacts.append(artifact("onnxruntime", "int8.onnx", precision="int8"))
    files = ["model.xml", "model.onnx", "saved/saved_model.pb", "saved/variables/index", "model.pt", "int8.onnx"]
    return bundle(tmp_path, *artifacts, files=files)


@pytest.mark.parametrize(
    ("server", "options", "name", "backend"),
    [
        (Server.TRITON, {}, "openvino:fp32", Backend.OPENVINO),
        (Server.KSERVE, {}, "openvino:fp32", Backend.OPENVINO),
        (Server.TRITON, {"engine": "onnxruntime"}, "onnxruntime:fp32", Backend.ONNXRUNTIME),
        (Server.TRITON, {"engine": "torchscript"}, "torchscript:fp32", Backend.PYTORCH),
        (Server.TRITON, {"engine": "tensorflow"}, "tensorflow:fp32", Backend.TENSORFLOW),
        (Server.TRITON, {"backend": Backend.PYTHON}, "onnxruntime:fp32", Backend.PYTHON),
        (Server.TRITON, {"backend": Backend.PYTORCH}, "torchscript:fp32", Backend.PYTORCH),
        (Server.TRITON, {"backend": Backend.PYTHON, "engine": "onnxruntime:int8"}, "onnxruntime:int8", Backend.PYTHON),
        (Server.TRITON, {"split": Split.IMAGE}, "openvino:fp32", Backend.PYTHON),
        (Server.TRITON, {"split": Split.IMAGE, "engine": "tensorflow"}, "tensorflow:fp32", Backend.PYTHON),
        (Server.TFS, {}, "tensorflow:fp32", None),
        (Server.MLSERVER, {}, "onnxruntime:fp32", None),
        (Server.MLSERVER, {"split": Split.IMAGE}, "openvino:fp32", None),
    ],
)
def test_what_is_left_open_is_chosen(
    many: Bundle, server: Server, options: dict[str, Any], name: str, backend: Backend | None
) -> None:
    choice = Choice.of(many, server, **options)
    assert (choice.artifact_name, choice.backend, choice.name) == (name, backend, "tiny")


@pytest.mark.parametrize(
    ("server", "options", "message"),
    [
        (
            Server.TFS,
            {"split": Split.IMAGE},
            "tfs runs models, and nothing that reads pictures\n  got: --split image\n  expected: --split tensors",
        ),
        (
            Server.MLSERVER,
            {"backend": Backend.PYTHON},
            "mlserver has no backends to choose from\n  got: python\n  remedy: leave --backend out",
        ),
        (
            Server.TRITON,
            {"split": Split.IMAGE, "backend": Backend.OPENVINO},
            "the backend openvino does not read pictures\n  got: --split image\n"
            "  expected: --split tensors, or the backend python",
        ),
        (
            Server.TRITON,
            {"engine": "tensorflow", "backend": Backend.PYTHON},
            "triton does not run that artifact with the backend python\n  got: tensorflow:fp32\n"
            "  expected: an artifact for onnxruntime\n"
            "  remedy: name one with --engine, or pack the model for onnxruntime",
        ),
        (
            Server.TFS,
            {"engine": "onnxruntime:int8"},
            "tfs does not run that artifact\n  got: onnxruntime:int8\n  expected: an artifact for tensorflow\n"
            "  remedy: name one with --engine, or pack the model for tensorflow",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    many: Bundle, server: Server, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ExportError) as caught:
        Choice.of(many, server, **options)
    assert str(caught.value) == message


def test_a_bundle_without_a_tensorflow_artifact_does_not_go_to_tfs(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"^bundle tiny has no artifact for engine tensorflow\n"):
        Choice.of(bundle(tmp_path, artifact()), Server.TFS)


def test_an_engine_that_triton_has_no_backend_for_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"^Triton has no backend for that artifact\n  got: other\n"):
        Choice.of(bundle(tmp_path, artifact("other")), Server.TRITON)


def test_the_digest_of_one_file_is_its_own_and_that_of_several_is_that_of_their_list(many: Bundle) -> None:
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in many.manifest.files}
    one, several = Choice.of(many, Server.MLSERVER), Choice.of(many, Server.TFS)
    assert one.sha256 == digests["model.onnx"]
    names = ("saved/saved_model.pb", "saved/variables/index")
    listed = "".join(f"{digests[name]}  {name}\n" for name in names)
    assert several.sha256 == hashlib.sha256(listed.encode()).hexdigest()
    assert one.origin == f"Satchel bundle tiny 1, onnxruntime:fp32, sha256 {digests['model.onnx']}"
