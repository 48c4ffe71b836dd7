"""`satchel pack`: a trained model and a recipe in, a verified bundle out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from inference_core import __version__
from inference_core.bundle import Artifact, Manifest, Recipe, write_bundle
from inference_core.bundle.digest import describe_file
from inference_core.bundle.manifest import FORMAT
from inference_core.bundle.tensors import BucketedAxis
from inference_core.bundle.writer import check_target, draft_manifest
from inference_core.cpu import available_cpus
from inference_core.engines import Engine, EngineOptions, engine_versions, load_engine
from inference_core.engines.tensors import warm_up_inputs
from inference_core.errors import EngineError, PackError
from inference_core.imaging import sample_picture
from inference_core.packing.artifact import artifact_facts, bundle_files
from inference_core.packing.choice import Choice
from inference_core.packing.formats import inspect_model
from inference_core.packing.graph import ModelGraph
from inference_core.packing.labels import read_labels
from inference_core.packing.model_folder import is_model_folder, read_model_folder
from inference_core.packing.recipe import read_recipe
from inference_core.packing.trial import TRIAL_SIZES, run_trial
from inference_core.packing.tuning.report import markdown
from inference_core.packing.variants import make_variants
from inference_core.tasks import Result

_REPORT = "tuning.md"
_AS_IT_IS = Choice()


@dataclass(frozen=True, slots=True)
class _Given:
    """A trained model and what a person knows about it."""

    model: str | Path
    recipe: Recipe
    labels: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Packed:
    """What packing made."""

    manifest: Manifest
    results: list[Result]
    """Of the trial run, one for each picture."""


def pack_model(  # noqa: PLR0913  # what is not a name is by keyword, and has a default
    model: str | Path,
    recipe_name: str | None,
    target: Path,
    *,
    labels: str | None = None,
    weights: str | None = None,
    images: Sequence[Path] = (),
    choice: Choice = _AS_IT_IS,
    force: bool = False,
    progress: Callable[[str], None] = lambda stage: None,
) -> Packed:
    """Packs a trained model of any of the formats `inspect_model` knows.

    Args:
        model: a file or directory, `torchvision:NAME` or `module:factory`; external weights lie beside it.
        recipe_name: a recipe file, or the name of one in the zoo; None for a model folder, which says it all.
        target: bundle directory, or file ending in `.satchel`.
        labels: label file or list; overrides the recipe's.
        weights: see `inspect_model`.
        images: pictures for the trial run; generated ones where empty.
        choice: engines and precisions to make, and whether to measure them.
        force: whether an existing target is replaced.
        progress: called with the name of each stage as it begins.

    Raises:
        PackError: model, recipe and labels do not fit together, or a conversion answers otherwise than the model.
        BundleError: the recipe is invalid, or the target exists.
        MissingDependencyError: a package for this model, or for an engine asked for, is not installed.
    """
    check_target(target, force)
    progress("reading recipe")
    given = _read(model, recipe_name, labels)
    with TemporaryDirectory(prefix="satchel-") as name:
        scratch = Path(name)
        progress("inspecting model")
        source = inspect_model(given.model, given.recipe, _folder(scratch, "source"), weights=weights)
        if choice.simplify:
            source = _simplified(source, _folder(scratch, "simple"))
        card = _card(given)
        draft = draft_manifest(card | _facts(given.recipe, [source]), bundle_files([source]))
        progress("trial run")
        pictures = [path.read_bytes() for path in images] or [sample_picture(*size) for size in TRIAL_SIZES]
        results = _try(draft, source, pictures)
        graphs, tuning = make_variants(source, draft, choice, images, _folder(scratch, "variants"), progress)
        progress("writing bundle")
        facts, files = card | _facts(given.recipe, graphs), bundle_files(graphs)
        if tuning is not None:
            facts["tuning"] = tuning.model_dump(mode="json", exclude_none=True)
            files[_REPORT] = scratch / _REPORT
            files[_REPORT].write_text(markdown(tuning, given.recipe.name), encoding="utf-8")
        return Packed(write_bundle(facts, files, target, force=force), results)


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def _read(model: str | Path, recipe_name: str | None, labels: str | None) -> _Given:
    """The model, its recipe and its labels: of a recipe file or list, or all of them of a model folder."""
    if recipe_name is None:
        if not is_model_folder(Path(model)):
            raise PackError(
                f"{model} comes without a recipe",
                expected="--recipe, or a model folder with config.json and a label map",
                remedy="name a recipe; `satchel recipes` lists good examples to copy",
            )
        found = read_model_folder(Path(model))
        return _Given(found.model, found.recipe, read_labels(labels or str(found.labels), Path()))
    recipe, folder = read_recipe(recipe_name)
    return _Given(model, recipe, read_labels(labels or recipe.labels, Path() if labels else folder))


def _simplified(source: ModelGraph, scratch: Path) -> ModelGraph:
    if source.engine != "onnxruntime":
        raise PackError(
            "only ONNX models are simplified", got=f"a model for {source.engine}", remedy="leave --simplify out"
        )
    from inference_core.packing.onnx.simplification import simplify_onnx

    return simplify_onnx(source, scratch)


def _try(draft: Manifest, source: ModelGraph, pictures: Sequence[bytes]) -> list[Result]:
    """Runs the model where it lies, under the name it has there; in every size, where axes have a choice."""
    artifact = draft.artifacts[0].model_copy(update={"file": source.path.name})
    engine = load_engine(artifact, source.path.parent, EngineOptions(threads=available_cpus()))
    try:
        if any(isinstance(axis, BucketedAxis) for spec in artifact.inputs for axis in spec.shape):
            _run_buckets(artifact, engine)
        return run_trial(draft, artifact, engine, pictures)
    finally:
        engine.close()


def _run_buckets(artifact: Artifact, engine: Engine) -> None:
    for inputs in warm_up_inputs(artifact.inputs):
        try:
            engine.infer(inputs)
        except EngineError as error:
            shapes = ", ".join(f"{name} {list(array.shape)}" for name, array in inputs.items())
            raise PackError(
                f"the model does not run with {shapes}, which the recipe's buckets allow",
                got=error.got,
                remedy="take that size out of the recipe's buckets",
            ) from error


def _card(given: _Given) -> dict[str, Any]:
    """The manifest's keys that do not depend on what is made of the model, as plain JSON values."""
    source = given.recipe.source.model_dump(exclude_none=True) | _digest(given)
    card = given.recipe.model_dump(mode="json", exclude={"labels", "source", "buckets"})
    return card | {"format": FORMAT, "source": source, "labels": given.labels}


def _facts(recipe: Recipe, graphs: Sequence[ModelGraph]) -> dict[str, Any]:
    """Those that do, but `files` and `tuning`."""
    versions = {graph.engine: str(engine_versions()[graph.engine]) for graph in graphs}
    origins = {name: value for graph in graphs for name, value in graph.provenance.items()}
    return {
        "artifacts": [artifact_facts(graph, recipe, recipe.buckets) for graph in graphs],
        "provenance": {"satchel": __version__} | versions | origins,
    }


def _digest(given: _Given) -> dict[str, str]:
    """Digest of the model file, if it is one; that which the recipe states, if any, must be it."""
    stated, model = given.recipe.source.sha256, Path(given.model)
    if not model.is_file():
        return {}
    actual = describe_file(model).sha256
    if stated is not None and stated != actual:
        raise PackError(
            f"{model} is not the file the recipe was written for",
            got=f"sha256 {actual}",
            expected=f"sha256 {stated}",
            remedy="use that file, or remove source.sha256 from a copy of the recipe",
        )
    return {"sha256": actual}
