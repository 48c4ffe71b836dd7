"""The source model's answers on the pictures, and what a variant is worth beside them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from inference_core.bundle import Manifest, TensorSpec
from inference_core.bundle.heads import Picked
from inference_core.cpu import available_cpus
from inference_core.engines import EngineOptions
from inference_core.packing.apart import Apart
from inference_core.packing.artifact import artifact_in_place
from inference_core.packing.graph import ModelGraph
from inference_core.packing.tuning.accuracy import Dataset
from inference_core.packing.tuning.agreement import AGREEMENT_METRICS, Disagreement, agreement, first_disagreement
from inference_core.packing.tuning.candidate import read_results
from inference_core.tasks import Result

_CANDIDATE = "inference_core.packing.tuning.candidate:Candidate"
_BATCHED = 32
"""Most pictures that are predicted in batches."""
_TOLERANCE = 1e-3
"""Of the outputs of a model in fp32, relative to the largest magnitude: other kernels add in another order."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What comparing a variant gave."""

    figures: dict[str, float] = field(default_factory=dict)
    """As in a row of the tuning table."""
    fault: str | None = None
    """Why it cannot be taken for the source model."""


class Comparison:
    """Compares variants with their source, each in a process of its own.

    Args:
        source: the model that was given.
        draft: a manifest of it, for the steps and labels.
        pictures: what to compare on, at least one.
        tensors: .npy files, the source's input, and the picture of each; outputs are compared on these.
        folder: an empty one, for the source's outputs.
        dataset: the pictures' truth, where there is one.
        max_drop: how far the metric may lie below the source's.
    """

    def __init__(
        self,
        source: ModelGraph,
        draft: Manifest,
        pictures: Sequence[Path],
        tensors: Mapping[Path, Path],
        folder: Path,
        *,
        dataset: Dataset | None,
        max_drop: float,
    ) -> None:
        self._draft = draft
        self._pictures = pictures
        self._tensors = list(tensors)
        self._sampled = list(tensors.values())
        self._dataset = dataset
        self._max_drop = max_drop
        self._manifest = folder / "manifest.json"
        self._manifest.write_text(draft.to_json(), encoding="utf-8")
        self._expected = [str(folder / f"{number:05}.npz") for number in range(len(tensors))]
        # Not warmed up, so that nothing is fused: the plain graph is what was trained.
        with self.open(source, EngineOptions(threads=available_cpus()), warm_up=False) as process:
            process.call("outputs", files=self._expected)
            self._results = self._predict(process)
        self.source_score = self._score(self._results)

    @property
    def metric(self) -> str:
        """The name of the score."""
        return self._dataset.metric if self._dataset else AGREEMENT_METRICS[self._draft.task]

    @property
    def images(self) -> int:
        """How many pictures the score rests on."""
        return len(self._pictures)

    @contextmanager
    def open(self, graph: ModelGraph, options: EngineOptions, *, warm_up: bool = True) -> Iterator[Apart]:
        """A process that has loaded `graph`; see `candidate.Candidate`.

        Raises:
            SatchelError: its engine cannot load or run it, or the process ended.
        """
        artifact, directory = artifact_in_place(graph, self._draft)
        with Apart(
            _CANDIDATE,
            purpose=f"running {graph.engine} in {graph.precision}",
            artifact=artifact.model_dump(mode="json", exclude_none=True) | {"file": graph.file},
            file=artifact.file,
            manifest=str(self._manifest),
            directory=str(directory),
            options=asdict(options),
            inputs=list(map(str, self._tensors)),
            warm_up=warm_up,
        ) as process:
            yield process

    def judge(self, graph: ModelGraph, process: Apart) -> Verdict:
        """Whether what `process` has loaded answers as the source does: in fp32 the same, else as well."""
        found = process.call("verify", expected=self._expected)
        results = self._predict(process)
        score = self._score(results)
        figures = {"score": score} | {k: found[k] for k in ("max_absolute", "max_relative") if isfinite(found[k])}
        if graph.precision == "fp32" and (fault := self._difference(found, results)):
            return Verdict(figures, fault)
        if score < self.source_score - self._max_drop:
            return Verdict(figures, f"{self.metric} drops by {self.source_score - score:.4f}")
        return Verdict(figures)

    def input(self, graph: ModelGraph) -> TensorSpec:
        """The tensor of the images."""
        return artifact_in_place(graph, self._draft)[0].input(self._draft.tensor_step.input)

    def judge_batch(self, graph: ModelGraph, process: Apart, images: int, usual: float) -> str | None:
        """Why a picture's answers depend on those it is batched with; None where they do not.

        Args:
            graph: what `process` has loaded.
            process: where it runs.
            images: of one inference.
            usual: how far its outputs lie from the source's, which a reduced precision may add once more.

        Raises:
            SatchelError: it does not run on so many, or its outputs do not have the batch on axis 0.
        """
        found = process.call("verify_batch", images=images)
        tolerance = _TOLERANCE if graph.precision == "fp32" else max(_TOLERANCE, usual)
        if found["max_relative"] > tolerance and not self._picks():
            return f"output {found['output']} differs by {found['max_relative']:.2g} of its largest value in a batch"
        pictures = self._sampled[:_BATCHED]
        files = list(map(str, pictures))
        alone, batched = (read_results(process.call("predict", images=files, batch=size)) for size in (1, images))
        disagreement = first_disagreement(alone, batched, self._draft)
        return _describe(disagreement, pictures, "a picture alone", "a batch") if disagreement else None

    def _difference(self, found: dict[str, Any], results: list[Result]) -> str | None:
        """What is not the same, and on which picture."""
        if found["max_relative"] > _TOLERANCE and not self._picks():
            picture = self._sampled[found["image"]].name
            return f"output {found['output']} differs by {found['max_relative']:.2g} of its largest value on {picture}"
        disagreement = first_disagreement(self._results, results, self._draft)
        return _describe(disagreement, self._pictures, "the source model", "this variant") if disagreement else None

    def _picks(self) -> bool:
        """Whether the graph picks detections itself: its rows change places with the last bit of a score."""
        return any(isinstance(step, Picked) for step in self._draft.postprocess)

    def _predict(self, process: Apart) -> list[Result]:
        return read_results(process.call("predict", images=list(map(str, self._pictures))))

    def _score(self, results: list[Result]) -> float:
        return self._dataset.truth.score(results) if self._dataset else agreement(self._results, results)


def _describe(disagreement: Disagreement, pictures: Sequence[Path], source: str, other: str) -> str:
    prediction = disagreement.prediction
    who = source if disagreement.lost else other
    picture = pictures[disagreement.image].name
    return f"only {who} finds {prediction.label} {prediction.score:.3f} on {picture}"
