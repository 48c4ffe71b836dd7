"""What a variant is worth beside its source; the variants here run in this process, those of test_variants.py apart."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from inference_core.bundle import Manifest
from inference_core.bundle.tuning import Precision
from inference_core.bundle.writer import draft_manifest
from inference_core.engines import EngineOptions
from inference_core.packing.apart import Apart
from inference_core.packing.artifact import artifact_facts, artifact_in_place, bundle_files
from inference_core.packing.graph import ModelGraph
from inference_core.packing.labels import read_labels
from inference_core.packing.onnx.graph import inspect_onnx
from inference_core.packing.pictures import write_tensors
from inference_core.packing.recipe import read_recipe
from inference_core.packing.tuning.accuracy import Dataset
from inference_core.packing.tuning.candidate import Candidate
from inference_core.packing.tuning.comparison import Comparison, Verdict
from inference_core.tasks import Result
from tests.models import BOXES, CLASSIFIER_RECIPE, DETECTOR_RECIPE, write_classifier, write_detector
from tests.packing.bench import model_of
from tests.pictures import plain


class _Here:
    """A process that is none."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    def call(self, method: str, **arguments: Any) -> Any:
        return getattr(self._candidate, method)(**arguments)


class InProcess(Comparison):
    """Notes what was opened: the file, and whether it was warmed up."""

    opened: tuple[tuple[str, bool], ...] = ()

    @contextmanager
    def open(self, graph: ModelGraph, options: EngineOptions, *, warm_up: bool = True) -> Iterator[Apart]:
        self.opened += ((graph.path.name, warm_up),)
        artifact, directory = artifact_in_place(graph, self._draft)
        facts = artifact.model_dump(mode="json", exclude_none=True)
        tensors = list(map(str, self._tensors))
        yield cast(Apart, _Here(Candidate(facts, str(self._manifest), str(directory), asdict(options), tensors)))

    def verdict(self, graph: ModelGraph) -> Verdict:
        with self.open(graph, EngineOptions(threads=1)) as process:
            return self.judge(graph, process)


def drafted(folder: Path, source: ModelGraph, recipe: str, labels: str) -> Manifest:
    (folder / "recipe.toml").write_text(recipe)
    card = read_recipe(str(folder / "recipe.toml"))[0]
    (folder / "labels.txt").write_text(labels)
    facts = card.model_dump(mode="json", exclude={"labels", "buckets"}, exclude_none=True)
    facts |= {"format": 1, "labels": read_labels("labels.txt", folder), "provenance": {}}
    return draft_manifest(facts | {"artifacts": [artifact_facts(source, card)]}, bundle_files([source]))


def compare(
    folder: Path, source: ModelGraph, draft: Manifest, *, dataset: Dataset | None = None, max_drop: float = 0.005
) -> InProcess:
    """On a red and a blue picture, the blue one being the only one whose outputs are compared."""
    pictures = [folder / "red.png", folder / "blue.png"]
    for picture, color in zip(pictures, ((255, 51, 0), (0, 0, 255)), strict=True):
        picture.write_bytes(plain(color, 32, 32))
    tensors = write_tensors(pictures[1:], draft, folder / "tensors")
    sampled = dict(zip(tensors, pictures[1:], strict=True))
    return InProcess(source, draft, pictures, sampled, folder, dataset=dataset, max_drop=max_drop)


@pytest.fixture
def classifier(tmp_path: Path) -> ModelGraph:
    return inspect_onnx(write_classifier(tmp_path / "source.onnx"))


@pytest.fixture
def draft(tmp_path: Path, classifier: ModelGraph) -> Manifest:
    return drafted(tmp_path, classifier, CLASSIFIER_RECIPE, "red\ngreen\nblue\n")


def variant(folder: Path, scale: float, precision: Precision = "fp32") -> ModelGraph:
    graph = inspect_onnx(write_classifier(folder / "variant.onnx", scale=scale))
    return replace(graph, precision=precision)


def test_the_source_agrees_with_itself_and_is_run_as_it_was_trained(
    tmp_path: Path, classifier: ModelGraph, draft: Manifest
) -> None:
    comparison = compare(tmp_path, classifier, draft)
    assert (comparison.metric, comparison.source_score, comparison.images) == ("top-1 agreement", 1.0, 2)
    assert comparison.verdict(classifier) == Verdict({"score": 1.0, "max_absolute": 0.0, "max_relative": 0.0})
    assert comparison.opened == (("source.onnx", False), ("source.onnx", True))


def test_fp32_has_to_give_the_same_values(tmp_path: Path, classifier: ModelGraph, draft: Manifest) -> None:
    verdict = compare(tmp_path, classifier, draft).verdict(variant(tmp_path, 11.0))
    assert verdict.figures == {"score": 1.0, "max_absolute": pytest.approx(1), "max_relative": pytest.approx(0.1)}
    assert verdict.fault == "output logits differs by 0.1 of its largest value on blue.png"


def test_fp32_may_round_otherwise(tmp_path: Path, classifier: ModelGraph, draft: Manifest) -> None:
    verdict = compare(tmp_path, classifier, draft).verdict(variant(tmp_path, 10.009))
    assert verdict.fault is None
    assert verdict.figures["max_relative"] == pytest.approx(9e-4, rel=1e-3)


def test_a_reduced_precision_may_give_other_values_but_not_other_answers(
    tmp_path: Path, classifier: ModelGraph, draft: Manifest
) -> None:
    comparison = compare(tmp_path, classifier, draft)
    assert comparison.verdict(variant(tmp_path, 11.0, "int8")).fault is None
    wrong = comparison.verdict(variant(tmp_path, -10.0, "int8"))
    assert wrong.fault == "top-1 agreement drops by 1.0000"
    assert wrong.figures == {"score": 0.0, "max_absolute": pytest.approx(20), "max_relative": pytest.approx(2)}


@dataclass(frozen=True)
class First:
    """A truth that looks at the first picture's best score only."""

    def score(self, results: Sequence[Result]) -> float:
        return results[0].predictions[0].score


@pytest.mark.parametrize(("max_drop", "fault"), [(0.03, None), (0.02, "margin drops by 0.0241")])
def test_with_truth_both_are_rated_by_it(
    tmp_path: Path, classifier: ModelGraph, draft: Manifest, max_drop: float, fault: str | None
) -> None:
    """Logits 10, 2 and 0 against 5, 1 and 0."""
    dataset = Dataset("any", "margin", (), First())
    comparison = compare(tmp_path, classifier, draft, dataset=dataset, max_drop=max_drop)
    assert comparison.metric == "margin"
    assert comparison.source_score == pytest.approx(0.99962, abs=1e-5)
    verdict = comparison.verdict(variant(tmp_path, 5.0, "int8"))
    assert verdict.figures["score"] == pytest.approx(0.97556, abs=1e-5)
    assert verdict.fault == fault


def test_a_variant_that_is_better_than_its_source_has_no_fault(
    tmp_path: Path, classifier: ModelGraph, draft: Manifest
) -> None:
    dataset = Dataset("any", "margin", (), First())
    verdict = compare(tmp_path, classifier, draft, dataset=dataset).verdict(variant(tmp_path, 20.0, "bf16"))
    assert verdict.fault is None
    assert verdict.figures["score"] > 0.999999


@pytest.mark.parametrize(
    ("scores", "fault", "score"),
    [
        (((0.9, 0.1), (0.8, 0.1), (0.1, 0.7), (0.4, 0.2)), "output scores differs by 0.11 of its largest value", 1),
        (((0.9, 0.1), (0.8, 0.1), (0.1, 0.4), (0.3, 0.2)), "output scores differs by 0.33 of its largest value", 2 / 3),
    ],
)
def test_values_count_even_where_no_prediction_rests_on_them(
    tmp_path: Path, scores: Sequence[Any], fault: str, score: float
) -> None:
    source = inspect_onnx(write_detector(tmp_path / "source.onnx"))
    draft = drafted(tmp_path, source, DETECTOR_RECIPE, "cat\ndog\n")
    comparison = compare(tmp_path, source, draft)
    verdict = comparison.verdict(inspect_onnx(write_detector(tmp_path / "variant.onnx", scores=scores)))
    assert comparison.metric == "F1@.5 agreement"
    assert verdict.fault == f"{fault} on blue.png"
    assert verdict.figures["score"] == pytest.approx(score)


PICKED_RECIPE = """
name = "picks_itself"
task = "detection"
architecture = "tiny"
license = "MIT"
labels = "labels.txt"

preprocess = [
  {op = "decode", color = "RGB"},
  {op = "letterbox", width = 32, height = 32, anchor = "top-left", resample = "nearest", antialias = false},
  {op = "tensor", layout = "NCHW", dtype = "float32"},
]
postprocess = [{op = "picked"}, {op = "score", min = 0.5}, {op = "top", k = 10}, {op = "restore"}]
"""
CAT, DOG, FAINT = (BOXES[0], 0.9, 0), (BOXES[2], 0.7, 1), (BOXES[3], 0.3, 0)
"""Box, score and class."""


def write_picked(path: Path, *rows: tuple[Any, float, int]) -> ModelGraph:
    """A graph that finds these in any input [1, 3, 32, 32]."""
    values = dict(zip(("boxes", "scores", "classes"), zip(*rows, strict=True), strict=True))
    tensors = {
        name: numpy_helper.from_array(np.array([value], np.float32), f"the_{name}") for name, value in values.items()
    }
    # The constants pass through the image, so that the input is part of the graph.
    zero = numpy_helper.from_array(np.zeros((), np.float32), "zero")
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["peak"], keepdims=0),
        helper.make_node("Mul", ["peak", "zero"], ["nothing"]),
        *(helper.make_node("Add", [f"the_{name}", "nothing"], [name]) for name in tensors),
    ]
    image = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 32, 32])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, tensor.dims) for name, tensor in tensors.items()]
    path.write_bytes(model_of(helper.make_graph(nodes, "picked", [image], outputs, [zero, *tensors.values()])))
    return inspect_onnx(path)


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ((DOG, FAINT, CAT), None),
        ((CAT, ((8.0, 8.0, 32.0, 31.0), 0.69, 1), FAINT), None),
        ((CAT, DOG, (BOXES[3], 0.45, 0)), None),
        ((((0.0, 0.0, 16.0, 12.0), 0.9, 0), DOG, FAINT), "only the source model finds cat 0.900 on red.png"),
        ((CAT, (BOXES[2], 0.6, 1), FAINT), "only the source model finds dog 0.700 on red.png"),
        ((CAT, DOG, (BOXES[3], 0.8, 0)), "only this variant finds cat 0.800 on red.png"),
    ],
)
def test_rows_that_a_graph_picks_itself_are_compared_as_predictions(
    tmp_path: Path, rows: Sequence[Any], fault: str | None
) -> None:
    source = write_picked(tmp_path / "source.onnx", CAT, DOG, FAINT)
    comparison = compare(tmp_path, source, drafted(tmp_path, source, PICKED_RECIPE, "cat\ndog\n"))
    verdict = comparison.verdict(write_picked(tmp_path / "variant.onnx", *rows))
    assert verdict.fault == fault
    assert verdict.figures["max_relative"] > 0


def test_an_infinite_difference_is_not_put_into_the_table(tmp_path: Path) -> None:
    """A row less, which nothing was made of."""
    source = write_picked(tmp_path / "source.onnx", CAT, DOG, FAINT)
    comparison = compare(tmp_path, source, drafted(tmp_path, source, PICKED_RECIPE, "cat\ndog\n"))
    assert comparison.verdict(write_picked(tmp_path / "variant.onnx", CAT, DOG)) == Verdict({"score": 1.0})
