"""Triton's model repository.

Specification: https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto and, for names
and files of each backend, docs/user_guide/model_configuration.md and model_repository.md of the server.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from inference_core.bundle import Label, TensorSpec
from inference_core.bundle.tuning import Row
from inference_core.engines.tensors import warm_up_inputs
from inference_core.errors import ExportError
from inference_core.export.choice import Backend, Choice, Split
from inference_core.export.files import copy_artifact, copy_program
from inference_core.export.pbtxt import Symbol, Value, format_message, map_field
from inference_core.oip.datatypes import BYTES, datatype_of
from inference_core.packing.slim import slim_bundle

VERSION = "1"
CONFIGURATION = "config.pbtxt"
LABELS = "labels.txt"
BUNDLE = "bundle"
_PLATFORMS = {
    Backend.ONNXRUNTIME: "onnxruntime_onnx",
    Backend.PYTORCH: "pytorch_libtorch",
    Backend.TENSORFLOW: "tensorflow_savedmodel",
}
"""For backends that want, or know, a platform beside their own name."""
_LARGEST_BATCH = 32
"""Items of one request: as many as Satchel takes pictures in one."""
_FILLER = "-"
"""Stands in the label file for outputs that no label has."""

Fields = dict[str, Value]


def write_triton(choice: Choice, folder: Path) -> None:
    """Writes the repository's directory of the model.

    Raises:
        ExportError: the backend cannot open a file of that kind.
    """
    version = folder / VERSION
    version.mkdir(parents=True)
    if choice.split is Split.IMAGE:
        slim_bundle(choice.bundle, [choice.artifact_name], version / BUNDLE)
        copy_program("triton_image", version / "model.py")
        config = _image_config(choice)
    else:
        model = copy_artifact(choice.bundle, choice.artifact, version)
        _check_kind(choice, version / model)
        if choice.backend is Backend.PYTHON:
            copy_program("triton_tensors", version / "model.py")
        config = _tensor_config(choice, model)
        if _labelled(choice):
            (folder / LABELS).write_text(_label_lines(choice.bundle.manifest.labels), encoding="utf-8")
    (folder / CONFIGURATION).write_text(f"# {choice.origin}\n{format_message(config)}", encoding="utf-8")


def _check_kind(choice: Choice, model: Path) -> None:
    if choice.backend is Backend.TENSORFLOW and not model.is_dir():
        raise ExportError(
            f"Triton's backend tensorflow does not get {model.name} from here",
            got=model.suffix or "a file",
            expected="a SavedModel",
            remedy="pack the model from a SavedModel, or name another artifact with --engine",
        )


def _image_config(choice: Choice) -> Fields:
    text: Fields = {"data_type": Symbol("TYPE_STRING"), "dims": [-1]}
    return {
        "name": choice.name,
        "backend": choice.backend or Backend.PYTHON,
        "max_batch_size": 0,
        "input": [{"name": "image", **text}],
        "output": [{"name": "result", **text}],
        "instance_group": _instances(choice),
        "parameters": _parameters(bundle=BUNDLE),
    }


def _tensor_config(choice: Choice, model: str) -> Fields:
    artifact, row = choice.artifact, _row(choice)
    batched = _is_batched([*artifact.inputs, *artifact.outputs])
    config: Fields = {"name": choice.name, "backend": str(choice.backend)}
    if choice.backend in _PLATFORMS:
        config["platform"] = _PLATFORMS[choice.backend]
    if choice.backend is not Backend.PYTHON:
        config["default_model_filename"] = model
    preferred = row.batch_size if row else 1
    config["max_batch_size"] = max(_LARGEST_BATCH, preferred) if batched else 0
    for side, specs in (("input", artifact.inputs), ("output", artifact.outputs)):
        config[side] = [_tensor(choice, side, place, spec, batched=batched) for place, spec in enumerate(specs)]
    if batched and preferred > 1:
        config["dynamic_batching"] = {"preferred_batch_size": [preferred]}
    config["instance_group"] = _instances(choice)
    config["model_warmup"] = list(_warm_ups(choice, batched=batched))
    if choice.backend is Backend.PYTHON:
        config["parameters"] = _parameters(model=model, names=json.dumps(_native_names(choice)), threads=_threads(row))
    return config


def _tensor(choice: Choice, side: str, place: int, spec: TensorSpec, *, batched: bool) -> Fields:
    shape = [axis if isinstance(axis, int) else -1 for axis in spec.shape]
    fields: Fields = {
        "name": _name(choice, side, place, spec),
        "data_type": _data_type(spec),
        "dims": shape[1:] if batched else shape,
    }
    if side == "output" and spec.name == _labelled(choice):
        fields["label_filename"] = LABELS
    return fields


def _name(choice: Choice, side: str, place: int, spec: TensorSpec) -> str:
    """TorchScript states no names, so that its backend has them tell the place; others know the model's own."""
    if choice.backend is Backend.PYTORCH:
        return f"{side.upper()}__{place}"
    return spec.name if choice.backend is Backend.PYTHON else spec.engine_name


def _data_type(spec: TensorSpec) -> Symbol:
    datatype = datatype_of(spec.dtype)
    return Symbol("TYPE_STRING" if datatype == BYTES else f"TYPE_{datatype}")


def _is_batched(specs: Sequence[TensorSpec]) -> bool:
    """Whether axis 0 of every tensor is the same dynamic one, and not its only one: Triton then counts it by itself."""
    first = specs[0].shape[0] if specs[0].shape else 1
    return isinstance(first, str) and all(len(spec.shape) > 1 and spec.shape[0] == first for spec in specs)


def _warm_ups(choice: Choice, *, batched: bool) -> Iterator[Value]:
    """One for each declared shape; none where only pictures tell which shapes come."""
    specs = choice.artifact.inputs
    for number, zeros in enumerate(warm_up_inputs(specs)):
        inputs: dict[str, Value] = {}
        for place, spec in enumerate(specs):
            name, data_type = _name(choice, "input", place, spec), _data_type(spec)
            dims = list(zeros[spec.name].shape[batched:])
            inputs[name] = {"data_type": data_type, "dims": dims, "zero_data": True}
        yield {"name": f"zeros_{number}", "batch_size": 1, "inputs": map_field(inputs)}


def _instances(choice: Choice) -> Value:
    """As many as were best where it was tuned. Programs of ours run on the CPU; the others choose by themselves."""
    kind = "KIND_CPU" if choice.backend is Backend.PYTHON else "KIND_AUTO"
    row = _row(choice)
    return [{"count": row.instances if row else 1, "kind": Symbol(kind)}]


def _row(choice: Choice) -> Row | None:
    tuning = choice.bundle.manifest.tuning
    return None if tuning is None else tuning.row(choice.artifact.engine, choice.artifact.precision)


def _threads(row: Row | None) -> str:
    """Of an inference; 0 leaves it to onnxruntime."""
    return str(row.threads if row else 0)


def _parameters(**texts: str) -> Value:
    return map_field({name: {"string_value": text} for name, text in texts.items()})


def _native_names(choice: Choice) -> dict[str, dict[str, str]]:
    """The names in the ONNX graph, by ours."""
    sides = {"input": choice.artifact.inputs, "output": choice.artifact.outputs}
    return {side: {spec.name: spec.engine_name for spec in specs} for side, specs in sides.items()}


def _labelled(choice: Choice) -> str | None:
    """The output of a classifier: what its first step reads."""
    manifest = choice.bundle.manifest
    if manifest.task != "classification":
        return None
    names = [use.name for use in manifest.postprocess[0].tensors() if use.kind == "output"]
    return choice.artifact.output(names[0] if names else None).name


def _label_lines(labels: Sequence[Label]) -> str:
    """A line for each place in the output."""
    names = {place if label.index is None else label.index: label.name for place, label in enumerate(labels)}
    return "".join(f"{names.get(place, _FILLER)}\n" for place in range(max(names) + 1))
