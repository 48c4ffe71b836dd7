"""Which kind of model a file holds. What it is counts, not what it is called."""

from pathlib import Path

from inference_core.bundle import Recipe
from inference_core.dependencies import require
from inference_core.errors import PackError
from inference_core.packing.graph import ModelGraph

_ZIP = b"PK"
_PICKLE = b"\x80"


def inspect_model(path: Path, recipe: Recipe, scratch: Path) -> ModelGraph:
    """The facts of an ONNX model or a TorchScript archive.

    Args:
        path: the model file.
        recipe: how it is to be fed.
        scratch: a folder for what has to be made of the file before it is packed.

    Raises:
        PackError: no such file, or none that can be packed.
        MissingDependencyError: the package that reads its kind is not installed.
    """
    start = _start(path)
    if start == _ZIP:
        require("satchel_torchscript", extra="torchscript", purpose="packing a TorchScript archive")
        from inference_core.packing.torchscript_archive import inspect_torchscript

        return inspect_torchscript(path, recipe, scratch)
    if start.startswith(_PICKLE):
        raise PackError(
            f"{path} is a pickle, which can run any code when it is read",
            expected="an ONNX model or a TorchScript archive",
            remedy="save the model with torch.jit.save, or export it to ONNX",
        )
    require("onnx", extra="pack", purpose="packing an ONNX model")
    from inference_core.packing.onnx_graph import inspect_onnx

    return inspect_onnx(path)


def _start(path: Path) -> bytes:
    if not path.is_file():
        raise PackError(
            f"there is no model file {path}",
            expected="an ONNX model or a TorchScript archive",
            remedy="correct the path",
        )
    with path.open("rb") as file:
        return file.read(len(_ZIP))
