"""Which kind of model was given. What a file is counts, not what it is called."""

import pickletools
import re
import zipfile
from pathlib import Path

from inference_core.bundle import Recipe
from inference_core.dependencies import require
from inference_core.engines import engine_type
from inference_core.errors import PackError
from inference_core.packing.graph import ModelGraph

_KINDS = (
    "an ONNX model, a TorchScript or torch.export archive, a TensorFlow frozen graph, SavedModel or TFLite file, "
    "torchvision:NAME or module:factory"
)
_ZIP = b"PK"
_PICKLE = b"\x80"
_HDF5 = b"\x89HDF"
_FLATBUFFER = slice(4, 8)
_TFLITE = b"TFL3"
_GRAPH_DEF = b"\x0a"
"""The tag of a GraphDef's first node. In an ONNX file that field is a number, so it cannot start one."""
_FACTORY = re.compile(r"[A-Za-z_][\w.]*:\w[\w.]*(\?.*)?")
_START = 8
_SAVED_MODEL = "saved_model.pb"
_CHECKPOINT = ".ckpt"
_PICKLED, _CODE = "/data.pkl", "/constants.pkl"
"""In zip files of PyTorch: torch.jit.save writes both, torch.save only the first."""


def inspect_model(model: str | Path, recipe: Recipe, scratch: Path, *, weights: str | None = None) -> ModelGraph:
    """The facts of a model, as an artifact for the engine of its own framework.

    Args:
        model: a file, a SavedModel directory, `torchvision:NAME`, or `module:factory` of a PyTorch module.
        recipe: how it is to be fed.
        scratch: an empty folder for what has to be made of it before it is packed.
        weights: the state_dict for the last two.

    Raises:
        PackError: no such file, or none that can be packed.
        MissingDependencyError: the package that reads its kind is not installed.
    """
    path = Path(model)
    if not path.exists() and _FACTORY.fullmatch(str(model)):
        return _torch(str(model), weights, recipe, scratch)
    if weights is not None:
        raise PackError(
            f"{path} brings its own weights",
            got=f"--weights {weights}",
            remedy="leave --weights out, or name a factory",
        )
    if path.name == _SAVED_MODEL or (path / _SAVED_MODEL).is_file():
        return _tensorflow(path.parent if path.is_file() else path, recipe, scratch)
    start = _start(path)
    if start.startswith(_ZIP):
        return _from_zip(path, recipe, scratch)
    if start[_FLATBUFFER] == _TFLITE or start.startswith((_GRAPH_DEF, _HDF5)) or _CHECKPOINT in path.name:
        return _tensorflow(path, recipe, scratch)
    if start.startswith(_PICKLE) or _is_old_pickle(path):
        raise _pickle(path)
    require("onnx", extra="pack", purpose="packing an ONNX model")
    engine_type("onnxruntime")
    from inference_core.packing.onnx.check import check_loads
    from inference_core.packing.onnx.graph import inspect_onnx

    graph = inspect_onnx(path)
    check_loads(path)
    return graph


def _torch(model: str, weights: str | None, recipe: Recipe, scratch: Path) -> ModelGraph:
    require("torch", extra="pack-torch", purpose="packing a PyTorch model")
    require("satchel_torchscript", extra="torchscript", purpose="packing a PyTorch model")
    from inference_core.packing.torch.source import inspect_torch

    return inspect_torch(model, weights, recipe, scratch)


def _torchscript(path: Path, recipe: Recipe, scratch: Path) -> ModelGraph:
    require("satchel_torchscript", extra="torchscript", purpose="packing a TorchScript archive")
    from inference_core.packing.torch.archive import inspect_torchscript

    return inspect_torchscript(path, recipe, scratch)


def _tensorflow(path: Path, recipe: Recipe, scratch: Path) -> ModelGraph:
    from inference_core.packing.tensorflow.graph import inspect_tensorflow

    return inspect_tensorflow(path, recipe, scratch)


def _from_zip(path: Path, recipe: Recipe, scratch: Path) -> ModelGraph:
    """TorchScript archives are zip files, and so are those of torch.export, of torch.save and of Keras."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        names = []  # the reader of TorchScript archives says what is wrong with it
    if any(name.endswith("/archive_format") for name in names):
        return _torch(str(path), None, recipe, scratch)
    if "model.weights.h5" in names:
        return _tensorflow(path, recipe, scratch)
    if any(name.endswith(_PICKLED) for name in names) and not any(name.endswith(_CODE) for name in names):
        raise _pickle(path)
    return _torchscript(path, recipe, scratch)


def _is_old_pickle(path: Path) -> bool:
    """Whether it is one from before they had a mark at their start (protocols 0 and 1). Nothing in it is run."""
    with path.open("rb") as file:
        try:
            return all(opcode.proto < 2 for opcode, _, _ in pickletools.genops(file))
        except (ValueError, MemoryError):  # the latter where a length is nonsense
            return False


def _pickle(path: Path) -> PackError:
    return PackError(
        f"{path} is a pickle, which can run any code when it is read",
        expected=_KINDS,
        remedy="save the model with torch.jit.save or torch.export.save, or export it to ONNX; a state_dict is "
        "given with --weights, beside torchvision:NAME or module:factory",
    )


def _start(path: Path) -> bytes:
    if not path.is_file():
        what = "a directory without a model" if path.is_dir() else "no file" if path.exists() else None
        raise PackError(f"there is no model {path}", got=what, expected=_KINDS, remedy="correct the path")
    with path.open("rb") as file:
        return file.read(_START)
