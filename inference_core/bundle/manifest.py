"""The manifest `bundle.json`: what a bundle holds and how its model is to be fed and read.

One typed tree for every task and framework.
"""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from inference_core.bundle.postprocess import PostprocessStep, check_postprocess
from inference_core.bundle.preprocess import Decode, PreprocessStep, ToTensor, check_preprocess, ends_of
from inference_core.bundle.remote import Remote
from inference_core.bundle.schema import Identifier, Record, RelativePath, Sha256, format_json
from inference_core.bundle.skeleton import Skeleton, check_skeleton
from inference_core.bundle.tensors import Size, TensorSpec
from inference_core.bundle.tuning import Precision, Tuning

FORMAT: Literal[1] = 1
MANIFEST_NAME = "bundle.json"

TaskName = Literal["classification", "detection", "instance_segmentation", "pose", "super_resolution"]


class Label(Record):
    """One class of the model."""

    id: Annotated[int, Field(ge=0, le=2**53)]
    """The published id, `class_id` in results; ids may start at 1 and have gaps."""
    name: Annotated[str, Field(min_length=1)]
    index: Annotated[int, Field(ge=0, le=2**31)] | None = None
    """Place in the model's output; by default the label's place in the list. Where labels state it, outputs that no
    label has (background, gaps in a label map) are left out of results."""


class Source(Record):
    """Where the trained model came from."""

    url: str | None = None
    sha256: Sha256 | None = None
    """Digest of the file that was packed."""
    note: str | None = None


class Metric(Record):
    """One measured figure of merit."""

    name: str
    """Such as `AP@.5` or `top-1`."""
    value: float
    dataset: str
    label: str | None = None
    """The class it speaks of; absent for an overall figure."""
    samples: Annotated[int, Field(ge=0)] | None = None
    """How many images or ground-truth objects the figure rests on."""


class Artifact(Record):
    """The model in one format, for one engine, in one precision."""

    engine: Identifier
    precision: Precision
    file: RelativePath
    """The file, or the directory, that the engine opens."""
    companions: tuple[RelativePath, ...] = ()
    """Further files it needs, such as external weights."""
    inputs: Annotated[tuple[TensorSpec, ...], Field(min_length=1)]
    outputs: Annotated[tuple[TensorSpec, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        for kind, specs in (("input", self.inputs), ("output", self.outputs)):
            twice = [name for name, count in Counter(spec.name for spec in specs).items() if count > 1]
            if twice:
                raise ValueError(f"two {kind}s are called {twice[0]!r}")
        return self

    def owns(self, file: str) -> bool:
        """Whether `file`, by its name in the bundle, is the model, a companion, or lies below one of them."""
        return any(file == path or file.startswith(f"{path}/") for path in (self.file, *self.companions))

    def input(self, name: str | None) -> TensorSpec:
        """The input called `name`; the only one when `name` is None. Raises ValueError when there is none such."""
        return _find(self.inputs, name, "input")

    def output(self, name: str | None) -> TensorSpec:
        """The output called `name`; the only one when `name` is None. Raises ValueError when there is none such."""
        return _find(self.outputs, name, "output")


class FileRecord(Record):
    """Digest and size of one file."""

    sha256: Sha256
    bytes: Annotated[int, Field(ge=0)]


class ModelCard(Record):
    """What a person knows about a trained model: the part that recipes and manifests share."""

    name: Identifier
    version: Identifier = "1"
    task: TaskName
    architecture: Identifier
    license: Annotated[str, Field(min_length=1)]
    """SPDX expression of the weights' licence."""
    source: Source = Source()
    preprocess: tuple[PreprocessStep, ...]
    postprocess: tuple[PostprocessStep, ...]
    skeleton: Skeleton | None = None
    """Pairs of keypoints of the task `pose` that a line joins in drawings."""
    metrics: tuple[Metric, ...] = ()
    remote: Remote | None = None

    @model_validator(mode="after")
    def _check_chains(self) -> Self:
        check_preprocess(self.preprocess)
        check_postprocess(self.postprocess, self.task)
        if self.skeleton is not None and self.task != "pose":
            raise ValueError(f"only the task pose has a skeleton, the task is {self.task}")
        if self.task == "super_resolution" and self.decode_step.color != "Y":
            raise ValueError(
                f"step luma adds the colours that decode keeps with color Y, it is {self.decode_step.color}"
            )
        return self

    @property
    def decode_step(self) -> Decode:
        """The step that opens the preprocessing chain."""
        return ends_of(self.preprocess)[0]

    @property
    def tensor_step(self) -> ToTensor:
        """The step that closes the preprocessing chain."""
        return ends_of(self.preprocess)[1]


class Recipe(ModelCard):
    """What is written by hand; `satchel pack` adds artifacts, labels, files and provenance."""

    labels: str | None = None
    """A shipped label list such as `coco_80`, or a label file beside the recipe; `--labels` overrides it."""
    buckets: dict[str, Annotated[tuple[Size, ...], Field(min_length=1)]] = Field(default_factory=dict)
    """Sizes to allow for dynamic axes of the inputs, by the axis's name: each is tried, and warmed up when loaded."""


class Manifest(ModelCard):
    """The whole of `bundle.json`."""

    format: Literal[1]
    labels: Annotated[tuple[Label, ...], Field(min_length=1)]
    artifacts: Annotated[tuple[Artifact, ...], Field(min_length=1)]
    """The first one is the default."""
    tuning: Tuning | None = None
    """What it was chosen from; absent where nothing was measured."""
    provenance: dict[str, str] = Field(default_factory=dict)
    """Versions of the tools that packed it."""
    files: Annotated[dict[RelativePath, FileRecord], Field(json_schema_extra={"additionalProperties": False})]
    """Every file of the bundle but `bundle.json` itself."""

    @model_validator(mode="after")
    def _check_references(self) -> Self:
        counts = Counter(label.id for label in self.labels)
        if len(counts) < len(self.labels):
            raise ValueError(f"label id {next(i for i in counts if counts[i] > 1)} is used twice")
        check_label_indices(self.labels)
        if MANIFEST_NAME in self.files:
            raise ValueError(f"files lists {MANIFEST_NAME}, which cannot hold its own digest")
        for artifact in self.artifacts:
            check_names(self, artifact)
            if self.skeleton is not None:
                check_skeleton(self.skeleton, self.postprocess[0], artifact.output)
            for path in (artifact.file, *artifact.companions):
                if path not in self.files and not any(file.startswith(f"{path}/") for file in self.files):
                    raise ValueError(f"artifact file {path} is not listed in files")
        return self

    def to_json(self) -> str:
        """The canonical text: same manifest, same bytes."""
        tree = self.model_dump(mode="json", exclude_none=True)
        return format_json({"format": tree.pop("format"), **tree}) + "\n"


def check_label_indices(labels: tuple[Label, ...]) -> None:
    """Raises ValueError unless all labels state an output index, each another one, or none does."""
    stated = [label.index for label in labels if label.index is not None]
    if stated and len(stated) < len(labels):
        raise ValueError("either every label states its index or none does")
    if len(set(stated)) < len(stated):
        raise ValueError("two labels have the same index")


def check_names(card: ModelCard, artifact: Artifact) -> None:
    """Raises ValueError when a step names a tensor that the artifact lacks, leaves open which one it means, or uses one
    of text."""
    for step in (*card.preprocess, *card.postprocess):
        for use in step.tensors():
            try:
                spec = artifact.input(use.name) if use.kind == "input" else artifact.output(use.name)
                if spec.dtype == "string":
                    raise ValueError(f"{use.kind} {spec.name!r} holds text, not numbers")
            except ValueError as error:
                raise ValueError(f"step {step.op}: {error}") from None


def manifest_schema() -> str:
    """The JSON schema of `bundle.json`, as committed beside this module."""
    schema = Manifest.model_json_schema()
    return format_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}) + "\n"


def _find(specs: tuple[TensorSpec, ...], name: str | None, kind: str) -> TensorSpec:
    names = ", ".join(spec.name for spec in specs)
    if name is None:
        if len(specs) > 1:
            raise ValueError(f"the model has {len(specs)} {kind}s ({names}): name the {kind} to use")
        return specs[0]
    for spec in specs:
        if spec.name == name:
            return spec
    raise ValueError(f"there is no {kind} {name!r}: the model has {names}")
