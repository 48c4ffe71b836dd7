"""From what the packer knows of a model to what the manifest says of it, and to the files that go into the bundle."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from inference_core.bundle import Artifact
from inference_core.bundle.manifest import ModelCard, check_names
from inference_core.bundle.schema import parse_record
from inference_core.errors import PackError
from inference_core.packing.graph import ModelGraph, TensorFacts

_NONE: Mapping[str, Sequence[int]] = MappingProxyType({})


def artifact_facts(graph: ModelGraph, card: ModelCard, buckets: Mapping[str, Sequence[int]] = _NONE) -> dict[str, Any]:
    """The manifest's entry as plain JSON values.

    Args:
        graph: the model.
        card: whose steps use its tensors.
        buckets: the sizes that a dynamic axis of the inputs may have, by its name.

    Raises:
        PackError: a step of the recipe names a tensor, or a bucket an axis, that the model lacks.
    """
    _check_axes(graph, buckets)
    facts = {
        "engine": graph.engine,
        "precision": graph.precision,
        "file": graph.file,
        "companions": graph.companions,
        "inputs": [_with_buckets(spec, buckets) for spec in _with_layout(graph.inputs, card)],
        "outputs": graph.outputs,
    }
    try:
        check_names(card, _record(facts))
    except ValueError as error:
        raise PackError(str(error), remedy="name the tensor of the model in that step of the recipe") from error
    return facts


def artifact_in_place(graph: ModelGraph, card: ModelCard) -> tuple[Artifact, Path]:
    """The artifact as it lies now, before it is in a bundle, and the directory it lies in."""
    record = _record(artifact_facts(graph, card))
    # Unlike names in a bundle, it may hold spaces and letters of any script.
    return record.model_copy(update={"file": graph.path.name}), graph.path.parent


def bundle_files(graphs: Iterable[ModelGraph]) -> dict[str, Path]:
    """Where each file of the bundle lies now.

    Raises:
        PackError: two different files would have one name.
    """
    files: dict[str, Path] = {}
    for graph in graphs:
        for name, path in _files(graph).items():
            if files.setdefault(name, path) != path:
                raise PackError(
                    f"two files of the bundle would be called {name}",
                    got=f"{files[name]} and {path}",
                    remedy="export the model again with another name for its weights",
                )
    return files


def size_of(graph: ModelGraph) -> int:
    """Bytes of its files."""
    return sum(path.stat().st_size for path in _files(graph).values())


def _files(graph: ModelGraph) -> dict[str, Path]:
    if graph.file in graph.companions:
        raise PackError(
            f"the model keeps weights in a file called {graph.file}",
            expected="another name: that one is the graph's in a bundle",
            remedy="export the model again with another name for its weights",
        )
    if graph.path.is_dir():
        inside = (path for path in sorted(graph.path.rglob("*")) if path.is_file())
        return {f"{graph.file}/{path.relative_to(graph.path).as_posix()}": path for path in inside}
    return {graph.file: graph.path} | {name: graph.path.parent / name for name in graph.companions}


def _check_axes(graph: ModelGraph, names: Iterable[str]) -> None:
    axes = [axis for spec in graph.inputs for axis in spec["shape"] if isinstance(axis, str)]
    for name in names:
        if name not in axes:
            raise PackError(
                f"no input has a dynamic axis {name}",
                got=", ".join(axes) or "fixed sizes only",
                remedy="name one of these in the recipe's buckets, or export the model with dynamic axes",
            )


def _with_buckets(spec: TensorFacts, buckets: Mapping[str, Sequence[int]]) -> TensorFacts:
    shape = [{"sizes": list(buckets[axis])} if axis in buckets else axis for axis in spec["shape"]]
    return spec | {"shape": shape}


def _record(facts: dict[str, Any]) -> Artifact:
    return parse_record(Artifact, json.dumps(facts), where="the model's tensors")


def _with_layout(inputs: list[TensorFacts], card: ModelCard) -> list[TensorFacts]:
    """Notes the layout on the input that the tensor step writes."""
    step = card.tensor_step
    named = [spec for spec in inputs if step.input in (None, spec["name"]) and len(spec["shape"]) == len(step.layout)]
    return [spec | {"layout": step.layout} if spec in named else spec for spec in inputs]
