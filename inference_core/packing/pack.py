"""`satchel pack`: a trained model and a recipe in, a verified bundle out."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from inference_core import __version__
from inference_core.bundle import Artifact, Manifest, Recipe, write_bundle
from inference_core.bundle.digest import describe_file
from inference_core.bundle.manifest import FORMAT, check_names
from inference_core.bundle.schema import parse_record
from inference_core.bundle.writer import check_target, draft_manifest
from inference_core.cpu import available_cpus
from inference_core.engines import EngineOptions, engine_versions, load_engine
from inference_core.errors import PackError
from inference_core.imaging import sample_picture
from inference_core.packing.formats import inspect_model
from inference_core.packing.graph import ModelGraph, TensorFacts
from inference_core.packing.labels import read_labels
from inference_core.packing.recipe import read_recipe
from inference_core.packing.trial import TRIAL_SIZES, run_trial
from inference_core.tasks import Result


@dataclass(frozen=True, slots=True)
class Packed:
    """What packing made."""

    manifest: Manifest
    results: list[Result]
    """Of the trial run, one for each image."""


def pack_model(
    model: Path,
    recipe_name: str,
    target: Path,
    *,
    labels: str | None = None,
    images: Sequence[Path] = (),
    force: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
) -> Packed:
    """Packs an ONNX model or a TorchScript archive.

    Args:
        model: the file; external weights of an ONNX model lie beside it.
        recipe_name: a recipe file, or the name of one in the zoo.
        target: bundle directory, or file ending in `.satchel`.
        labels: label file or list; overrides the recipe's.
        images: pictures for the trial run; generated ones where empty.
        force: whether an existing target is replaced.
        progress: called with the name of each stage as it begins.

    Raises:
        PackError: model, recipe and labels do not fit together.
        BundleError: the recipe is invalid, or the target exists.
    """
    check_target(target, force)
    progress("reading recipe")
    recipe, folder = read_recipe(recipe_name)
    names = read_labels(labels or recipe.labels, Path() if labels else folder)
    with TemporaryDirectory(prefix="satchel-") as scratch:
        progress("inspecting graph")
        graph = inspect_model(model, recipe, Path(scratch))
        files = _files(graph)
        facts = _facts(recipe, graph, names, model)
        _check_names(recipe, facts["artifacts"][0])
        draft = draft_manifest(facts, files)
        progress("trial run")
        pictures = [path.read_bytes() for path in images] or [sample_picture(*size) for size in TRIAL_SIZES]
        results = _try(draft, graph.path, pictures)
        progress("writing bundle")
        return Packed(write_bundle(facts, files, target, force=force), results)


def _files(graph: ModelGraph) -> dict[str, Path]:
    """Where each file of the bundle lies now."""
    if graph.file in graph.companions:
        raise PackError(
            f"the model keeps weights in a file called {graph.file}",
            expected="another name: that one is the graph's in a bundle",
            remedy="export the model again with another name for its weights",
        )
    return {graph.file: graph.path} | {name: graph.path.parent / name for name in graph.companions}


def _try(draft: Manifest, model: Path, pictures: Sequence[bytes]) -> list[Result]:
    """Runs the model where it lies, under the name it has there."""
    artifact = draft.artifacts[0]
    there = artifact.model_copy(update={"file": model.name})
    engine = load_engine(there, model.parent, EngineOptions(threads=available_cpus()))
    try:
        return run_trial(draft, artifact, engine, pictures)
    finally:
        engine.close()


def _facts(recipe: Recipe, graph: ModelGraph, labels: list[dict[str, Any]], model: Path) -> dict[str, Any]:
    """The manifest's keys, but `files`, as plain JSON values."""
    artifact = {
        "engine": graph.engine,
        "precision": graph.precision,
        "file": graph.file,
        "companions": graph.companions,
        "inputs": _with_layout(graph.inputs, recipe),
        "outputs": graph.outputs,
    }
    source = recipe.source.model_dump(exclude_none=True) | {"sha256": _source_digest(recipe, model)}
    return recipe.model_dump(mode="json", exclude={"labels", "source"}) | {
        "format": FORMAT,
        "source": source,
        "labels": labels,
        "artifacts": [artifact],
        "provenance": {"satchel": __version__, graph.engine: str(engine_versions()[graph.engine])} | graph.provenance,
    }


def _check_names(recipe: Recipe, artifact: dict[str, Any]) -> None:
    try:
        check_names(recipe, parse_record(Artifact, json.dumps(artifact), where="the model's tensors"))
    except ValueError as error:
        raise PackError(str(error), remedy="name the tensor of the model in that step of the recipe") from error


def _with_layout(inputs: list[TensorFacts], recipe: Recipe) -> list[TensorFacts]:
    """Notes the layout on the input that the tensor step writes."""
    step = recipe.tensor_step
    named = [spec for spec in inputs if step.input in (None, spec["name"]) and len(spec["shape"]) == len(step.layout)]
    return [spec | {"layout": step.layout} if spec in named else spec for spec in inputs]


def _source_digest(recipe: Recipe, model: Path) -> str:
    """Digest of the model file; the one the recipe states, if any, must be it."""
    actual, stated = describe_file(model).sha256, recipe.source.sha256
    if stated is not None and stated != actual:
        raise PackError(
            f"{model} is not the file the recipe was written for",
            got=f"sha256 {actual}",
            expected=f"sha256 {stated}",
            remedy="use that file, or remove source.sha256 from a copy of the recipe",
        )
    return actual
