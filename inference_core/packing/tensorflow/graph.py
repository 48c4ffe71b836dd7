"""TensorFlow models: frozen graphs, SavedModels and TensorFlow Lite files, as they are and as ONNX.

TensorFlow itself runs in a process of its own.
"""

import difflib
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from inference_core.bundle import Recipe
from inference_core.bundle.tensors import DType
from inference_core.dependencies import require
from inference_core.errors import PackError
from inference_core.packing.apart import run_apart
from inference_core.packing.graph import ModelGraph, TensorFacts
from inference_core.packing.pictures import generated_pictures, write_tensors
from inference_core.packing.shapes import Sizes, name_axes, output_sizes

Facts = dict[str, Any]
"""What a job tells: see `job`."""

OPSET = 17
"""Of the ONNX graphs: the newest that tf2onnx writes and every consumer reads."""
FROZEN, SAVED, LITE = "model.pb", "saved_model", "model.tflite"
"""Names in a bundle."""

_JOBS = "inference_core.packing.tensorflow."
_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "2"}  # hints for users of TensorFlow would hide the lines that matter
_SAVED_MODEL = "saved_model.pb"
_OF_SAVED_MODEL = (_SAVED_MODEL, "fingerprint.pb", "variables", "assets")
_TFLITE = b"TFL3"
_HDF5 = b"\x89HDF"
_ZIP = b"PK"


def inspect_tensorflow(path: Path, recipe: Recipe, scratch: Path) -> ModelGraph:
    """The facts of a TensorFlow model.

    Inputs and outputs of a frozen graph are called as the recipe's steps call them, with or without `:0`; where no step
    names an output, they are the ends of the graph that depend on an input. Those of a SavedModel have the keys of its
    signature `serving_default`, or of the only one; those of a TensorFlow Lite file the keys of its signature, or else
    the names of its tensors. Of outputs that steps name only these are taken.

    Where the graph does not tell the rank of a tensor, it is run on what the recipe's steps make of generated pictures.

    Args:
        path: a frozen graph, a TensorFlow Lite file, or the directory of a SavedModel.
        recipe: how the model is to be fed.
        scratch: a folder for the tensors of that run, and for a SavedModel that shares its directory with other files.

    Raises:
        PackError: not such a model, or none that can be served: see the jobs.
    """
    kind = _kind(path)
    require("tensorflow", extra="pack-tf", purpose="packing a TensorFlow model")
    raw = _read(kind, path, recipe)
    if any(tensor["shape"] is None for tensor in raw["inputs"] + raw["outputs"]):
        _learn(path, raw, recipe, scratch)
    if kind == SAVED and any(inside.name not in _OF_SAVED_MODEL for inside in path.iterdir()):
        path = _alone(path, scratch)
    inputs, outputs = _tensors(kind, raw, recipe)
    return ModelGraph(
        engine="tensorflow",
        file=kind,
        path=path,
        inputs=inputs,
        outputs=outputs,
        precision="int8" if raw.get("quantized") else "fp32",
        provenance={"tensorflow": raw["version"]},
    )


def tensorflow_to_onnx(graph: ModelGraph, scratch: Path) -> ModelGraph:
    """The same model in ONNX, made by tf2onnx, with the same names of tensors and axes.

    Args:
        graph: what `inspect_tensorflow` gave.
        scratch: a folder for the ONNX file.

    Raises:
        PackError: an operator has no counterpart in ONNX.
        MissingDependencyError: tf2onnx is not installed.
    """
    require("tf2onnx", extra="pack-tf", purpose="converting a TensorFlow model to ONNX")
    written = scratch / "model.onnx"
    made = run_apart(
        f"{_JOBS}onnx_job:to_onnx",
        purpose="converting a TensorFlow model to ONNX",
        environment=_QUIET,
        kind=graph.file,
        path=str(graph.path),
        written=str(written),
        opset=OPSET,
        inputs=graph.inputs,
        outputs=graph.outputs,
    )
    return replace(
        graph,
        engine="onnxruntime",
        file=written.name,
        path=written,
        inputs=made["inputs"],
        outputs=made["outputs"],
        provenance={"tf2onnx": made["version"], "opset": str(OPSET)},
    )


def _kind(path: Path) -> str:
    """The name that the model has in a bundle."""
    if (path / _SAVED_MODEL).is_file():
        return SAVED
    if path.with_name(f"{path.name}.index").is_file() or ".ckpt" in path.name:
        raise PackError(
            f"{path} is a checkpoint: weights without a graph",
            expected="a SavedModel, a frozen graph or a TensorFlow Lite file",
            remedy="load it in the program it was trained with, and export a SavedModel with tf.saved_model.save",
        )
    if not path.is_file():
        what = f"a directory without {_SAVED_MODEL}" if path.is_dir() else "no such file or directory"
        raise PackError(f"{path} is not a TensorFlow model", got=what, remedy="correct the path")
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith((_HDF5, _ZIP)):
        raise PackError(
            f"{path} is a Keras model, which can run any code when it is read",
            expected="a SavedModel, a frozen graph or a TensorFlow Lite file",
            remedy="load it with keras.saving.load_model, and export a SavedModel with model.export(DIRECTORY)",
        )
    return LITE if start[4:] == _TFLITE else FROZEN


def _read(kind: str, path: Path, recipe: Recipe) -> Facts:
    """What the job for that kind tells; only the outputs that steps name, where they name some."""
    uses = [use for step in recipe.postprocess for use in step.tensors() if use.kind == "output"]
    names = list(dict.fromkeys(use.name for use in uses if use.name is not None))
    image = recipe.tensor_step.input
    if kind == FROZEN:
        return _ask("job:read_frozen", path=str(path), image=image, outputs=names)
    raw = _ask("lite_job:read_lite" if kind == LITE else "saved_model_job:read_saved_model", path=str(path))
    chosen = [_pick(raw["outputs"], name, "output") for name in names] or raw["outputs"]
    _pick(raw["inputs"], image, "input")
    return raw | {"outputs": chosen}


def _ask(job: str, **arguments: Any) -> Facts:  # noqa: ANN401  # JSON
    purpose = "reading a TensorFlow model"
    answer: Facts = run_apart(f"{_JOBS}{job}", purpose=purpose, environment=_QUIET, **arguments)
    return answer


def _pick(tensors: list[Facts], name: str | None, kind: str) -> Facts:
    """The tensor of that name; the first one where the recipe names none."""
    names = [tensor["name"] for tensor in tensors]
    if name is not None and name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        raise PackError(
            f"the model has no {kind} {name!r}",
            got=name,
            expected=", ".join(names),
            remedy=f"name {near[0] if near else 'one of them'} in that step of the recipe",
        )
    return tensors[0 if name is None else names.index(name)]


def _alone(path: Path, scratch: Path) -> Path:
    """A copy of the SavedModel without what else lies in its directory."""
    target = scratch / SAVED
    target.mkdir()
    for inside in (path / name for name in _OF_SAVED_MODEL):
        if inside.is_dir():
            shutil.copytree(inside, target / inside.name)
        elif inside.is_file():
            shutil.copy(inside, target)
    return target


def _learn(path: Path, raw: Facts, recipe: Recipe, scratch: Path) -> None:
    """Runs the graph for the shapes of tensors whose rank it does not tell."""
    image = _pick(raw["inputs"], recipe.tensor_step.input, "input")
    tensors = write_tensors(generated_pictures(scratch), recipe, scratch / "tensors")
    ran = _ask(
        "run_job:run_graph",
        path=str(path),
        image=image["tensor"],
        tensors=[str(tensor) for tensor in tensors],
        outputs=[tensor["tensor"] for tensor in raw["outputs"]],
    )
    for index, tensor in enumerate(raw["outputs"]):
        pair = ran["pair"] and ran["pair"][index]
        if tensor["shape"] is None:
            tensor["shape"] = _sizes(tensor["name"], [shapes[index] for shapes in ran["shapes"]], pair)
    if image["shape"] is None:
        fed = [list(np.load(tensor, mmap_mode="r").shape) for tensor in tensors]
        pair = [2, *fed[0][1:]] if ran["pair"] else None
        image["shape"] = _sizes(image["name"], fed, pair)


def _sizes(name: str, shapes: list[list[int]], pair: list[int] | None) -> Sizes:
    """What the runs had in common; the first axis is of any size where two images made it twice as long."""
    sizes = output_sizes(name, shapes)
    doubled = pair and pair[0] == 2 * shapes[0][0]
    return [None, *sizes[1:]] if doubled else sizes


def _tensors(kind: str, raw: Facts, recipe: Recipe) -> tuple[list[TensorFacts], list[TensorFacts]]:
    """Inputs and outputs as plain manifest values."""
    shape = _pick(raw["inputs"], recipe.tensor_step.input, "input")["shape"]
    batch = bool(shape) and shape[0] is None
    inputs, outputs = ([_tensor(kind, fact, batch) for fact in raw[side]] for side in ("inputs", "outputs"))
    return inputs, outputs


def _tensor(kind: str, fact: Facts, batch: bool) -> TensorFacts:
    name = fact["name"]
    if fact["dtype"] not in get_args(DType):
        raise PackError(
            f"the model's tensor {name} is of a type that no step reads or writes",
            got=fact["dtype"],
            expected=", ".join(get_args(DType)),
            remedy="export the model with other inputs and outputs",
        )
    native = {"native": fact["tensor"]} if kind == FROZEN and fact["tensor"] != name else {}
    return {"name": name, **native, "dtype": fact["dtype"], "shape": name_axes(name, fact["shape"], batch=batch)}
