"""Facts found by running a TorchScript archive, which states neither shapes nor types."""

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import satchel_torchscript

from inference_core.bundle import Recipe
from inference_core.cpu import available_cpus
from inference_core.engines import Array, EngineOptions
from inference_core.engines.torchscript import open_module, translate
from inference_core.errors import PackError, SatchelError
from inference_core.imaging import Preprocessor, sample_picture
from inference_core.packing.apart import run_apart
from inference_core.packing.graph import ModelGraph, TensorFacts
from inference_core.packing.shapes import name_axes, output_sizes
from inference_core.packing.trial import TRIAL_SIZES, failed

_BATCH = 2
_FILE = "model.pt"
_FREEZE = "inference_core.packing.torch.archive:freeze"


def inspect_torchscript(path: Path, recipe: Recipe, scratch: Path, *, names: Sequence[str] = ()) -> ModelGraph:
    """Freezes the archive and runs it on the tensors that the recipe's steps make of pictures of several shapes.

    An axis whose size follows the picture is dynamic; so is the batch axis where two images at once work.

    Args:
        path: of the archive.
        recipe: how the model is to be fed.
        scratch: a folder for the frozen archive.
        names: of the outputs, in order, where the archive only numbers them.

    Raises:
        PackError: it cannot be loaded, not be run on what the recipe's steps give, or has no output then.
    """
    module = _open(path)
    tensors = trial_tensors(recipe)
    runs = [_run(module, tensor) for tensor in tensors]
    several = _run_several(module, tensors[0])
    batch = several is not None and _doubled(runs[0], several)
    image = {"name": module.inputs[0], "dtype": tensors[0].dtype.name, "shape": _axes("image", tensors, batch)}
    native = _common_names(runs)
    labels = dict(zip(native, names or native, strict=True))
    # Apart, since libtorch aborts when the disk is full.
    run_apart(_FREEZE, purpose="writing the frozen archive", archive=str(path), frozen=str(scratch / _FILE))
    return ModelGraph(
        engine="torchscript",
        file=_FILE,
        path=scratch / _FILE,
        inputs=[image],
        outputs=[_output(labels[name], name, [run[name] for run in runs], batch) for name in native],
        precision="fp32",
        provenance={"libtorch": satchel_torchscript.libtorch_version()},
    )


def freeze(archive: str, frozen: str) -> None:
    """Writes `frozen`: the archive as it is served, without the records for debuggers, which hold lines of the sources
    and their paths. Run in a process of its own."""
    target = Path(frozen)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        whole = Path(folder) / target.name  # whose name is that of a folder in it
        _open(Path(archive)).save(whole)
        with zipfile.ZipFile(whole) as records, zipfile.ZipFile(target, "w") as kept:
            for record in records.infolist():
                if not record.filename.endswith(".debug_pkl"):
                    kept.writestr(zipfile.ZipInfo(record.filename), records.read(record))


def trial_tensors(recipe: Recipe) -> list[Array]:
    """What the recipe's steps make of generated pictures of several shapes."""
    preprocess = Preprocessor(recipe.preprocess)
    return [preprocess.run(sample_picture(*size)).tensor for size in TRIAL_SIZES]


def _open(path: Path) -> satchel_torchscript.Module:
    try:
        module = open_module(path, EngineOptions(threads=available_cpus()))
    except SatchelError as error:
        raise failed(f"{path} cannot be packed", error) from error
    if len(module.inputs) > 1:
        raise PackError(
            "the model has inputs that no step feeds",
            got=", ".join(module.inputs),
            expected="one input, the image",
            remedy="save the model with the image as its only input",
        )
    return module


def _run(module: satchel_torchscript.Module, tensor: Array) -> dict[str, Array]:
    try:
        return module.run([tensor])
    except satchel_torchscript.TorchscriptError as error:
        what = f"the model cannot be run on {tensor.dtype.name} {list(tensor.shape)}"
        raise failed(what, translate(error)) from error


def _run_several(module: satchel_torchscript.Module, tensor: Array) -> dict[str, Array] | None:
    """None where the graph has a batch of one built in."""
    try:
        return module.run([np.repeat(tensor, _BATCH, axis=0)])
    except satchel_torchscript.TorchscriptError:
        return None


def _doubled(one: Mapping[str, Array], several: Mapping[str, Array]) -> bool:
    return one.keys() == several.keys() and all(
        several[name].shape == (value.shape[0] * _BATCH, *value.shape[1:]) if value.ndim else False
        for name, value in one.items()
    )


def _common_names(runs: Sequence[Mapping[str, Array]]) -> list[str]:
    """Outputs that every run gave: the length of a list may follow the picture."""
    names = [name for name in runs[0] if all(name in run for run in runs)]
    if not names:
        raise PackError(
            "the model has no output that every picture gets",
            got="; ".join(", ".join(run) or "none" for run in runs),
            expected="at least one tensor",
            remedy="save the model with a forward that returns tensors for every picture",
        )
    return names


def _output(name: str, native: str, values: Sequence[Array], batch: bool) -> TensorFacts:
    facts = {"name": name, "dtype": values[0].dtype.name, "shape": _axes(name, values, batch)}
    return facts if name == native else facts | {"native": native}


def _axes(name: str, values: Sequence[Array], batch: bool) -> list[int | str]:
    """Sizes, and names where they differ between values, or nothing was found in any."""
    sizes = [size or None for size in output_sizes(name, [value.shape for value in values])]
    return name_axes(name, [None, *sizes[1:]] if batch else sizes, batch=batch)
