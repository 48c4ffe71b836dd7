"""The data plane in this process: encoded images in, typed results out."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Self

from PIL import Image

from inference_core.batching import check_batch, infer_in_parts, largest_batch, stack
from inference_core.bundle import Artifact, Bundle, Manifest
from inference_core.bundle.preprocess import ToTensor
from inference_core.cpu import available_cpus
from inference_core.deadline import check_deadline
from inference_core.engines import Array, Engine, EngineDescription, EngineOptions, load_engine
from inference_core.errors import EngineError, SatchelError
from inference_core.imaging import DEFAULT_MAX_PIXELS, Geometry, Preprocessor, sample_picture
from inference_core.lanes import Lane, Lanes
from inference_core.limits import AS_PACKED, Limits
from inference_core.predictor import Outcome
from inference_core.tasks import (
    ImageSize,
    Postprocessor,
    Prediction,
    Result,
    Tensors,
    Timings,
    limit_predictions,
    limit_steps,
)

_WARM_UP_SIZE = (640, 480)
_KEPT_POSTPROCESSORS = 64


@dataclass(frozen=True, slots=True)
class _Ready:
    """An image between preprocessing and inference."""

    position: int
    limits: Limits
    tensor: Array
    geometry: Geometry
    picture: Image.Image | None
    decode_ms: float
    preprocess_ms: float


class LocalPredictor:
    """The pipeline over an engine in this process. `predict` may be called from several threads at once.

    Args:
        manifest: how to feed and read the model.
        artifact: what `engine` has loaded.
        engine: runs the model; closed with the predictor.
        crowd: runs it for callers side by side, on one thread each; None gives them `engine` too.
        max_pixels: cap on width x height of a picture.
        threads: how many may prepare one picture.
    """

    def __init__(
        self,
        manifest: Manifest,
        artifact: Artifact,
        engine: Engine,
        *,
        crowd: Engine | None = None,
        max_pixels: int = DEFAULT_MAX_PIXELS,
        threads: int = 1,
    ) -> None:
        self.manifest = manifest
        self.artifact = artifact
        self.engine = engine
        self._max_pixels = max_pixels
        alone, narrow = (Preprocessor(manifest.preprocess, max_pixels, threads=count) for count in (threads, 1))
        self._lanes = Lanes(Lane(alone, engine), None if crowd is None else Lane(narrow, crowd))
        self._postprocessor = lru_cache(_KEPT_POSTPROCESSORS)(self._make_postprocessor)
        self._writer = manifest.tensor_step
        self._input = artifact.input(self._writer.input)

    @classmethod
    def load(
        cls,
        bundle: Bundle,
        *,
        engine: str | None = None,
        options: EngineOptions | None = None,
        crowd: EngineOptions | None = None,
        max_pixels: int = DEFAULT_MAX_PIXELS,
    ) -> Self:
        """Opens the bundle's artifact for `engine` (default: its first one), on as many threads as the quota allows.

        Args:
            bundle: an opened one.
            engine: engine, or `engine:precision`.
            options: how the model runs.
            crowd: how it runs for callers side by side, in a copy of its own; None runs them all alike.
            max_pixels: cap on width x height of a picture.

        Raises:
            NotFoundError: no artifact for that engine.
            EngineError, MissingDependencyError: the engine cannot run it.
        """
        artifact = bundle.artifact(engine)
        chosen = options or EngineOptions(threads=available_cpus())
        with ExitStack() as undo:
            first, *second = (
                undo.enter_context(closing(load_engine(artifact, bundle.directory, each)))
                for each in (chosen, crowd)
                if each is not None
            )
            undo.pop_all()
        narrow = second[0] if second else None
        return cls(bundle.manifest, artifact, first, crowd=narrow, max_pixels=max_pixels, threads=chosen.threads)

    def warm_up(self) -> None:
        """See `Predictor.warm_up`. Every declared shape, then a picture through the whole pipeline.

        Raises:
            SatchelError: either failed.
        """
        for engine in self._lanes.engines:
            engine.warm_up()
        width = min(_WARM_UP_SIZE[0], self._max_pixels)
        height = min(_WARM_UP_SIZE[1], self._max_pixels // width)  # a low cap is no reason not to start
        picture = sample_picture(width, height)
        for _ in range(self.engine.describe().instances):  # which take turns
            outcome = self.predict([picture])[0]
            if isinstance(outcome, SatchelError):
                raise outcome

    def check_ready(self) -> None:
        """See `Predictor.check_ready`. A model in this process is always there."""

    def predict(
        self, images: Sequence[bytes], *, deadline: float | None = None, limits: Sequence[Limits] = ()
    ) -> list[Outcome]:
        """See `Predictor.predict`. Images of one tensor shape run together where the model's batch axis allows."""
        outcomes: dict[int, Outcome] = {}
        ready: list[_Ready] = []
        with self._lanes.enter():
            for position, data in enumerate(images):
                try:
                    check_deadline(deadline, "decoding")
                    ready.append(self._prepare(position, data, limits[position] if limits else AS_PACKED))
                except SatchelError as error:
                    outcomes[position] = error
            for batch in self._batches(ready):
                outcomes.update(self._run(batch, deadline))
        return [outcomes[position] for position in range(len(images))]

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        """See `Predictor.infer`."""
        with self._lanes.enter():
            return infer_in_parts(self._lanes.lane().engine, inputs, self.artifact.inputs, deadline)

    def describe(self) -> EngineDescription:
        """See `Predictor.describe`."""
        return self.engine.describe()

    def close(self) -> None:
        """See `Predictor.close`."""
        for engine in self._lanes.engines:
            engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _make_postprocessor(self, limits: Limits) -> Postprocessor:
        steps = limit_steps(self.manifest.postprocess, limits)
        return Postprocessor(self.manifest.task, steps, self.manifest.labels)

    def _prepare(self, position: int, data: bytes, limits: Limits) -> _Ready:
        done = self._lanes.lane().preprocess.run(data)
        return _Ready(position, limits, done.tensor, done.geometry, done.picture, done.decode_ms, done.preprocess_ms)

    def _batches(self, ready: list[_Ready]) -> Iterator[list[_Ready]]:
        """Groups of one tensor shape, no larger than a fixed batch axis."""
        shapes: dict[tuple[int, ...], list[_Ready]] = {}
        for item in ready:
            shapes.setdefault(item.tensor.shape, []).append(item)
        for group in shapes.values():
            size = largest_batch(self._input, len(group))
            yield from (group[start : start + size] for start in range(0, len(group), size))

    def _run(self, batch: list[_Ready], deadline: float | None) -> dict[int, Outcome]:
        tensor = stack([item.tensor for item in batch], self._input)
        began = time.perf_counter()
        try:
            outputs = self._lanes.lane().engine.infer({self._input.name: tensor}, deadline=deadline)
        except EngineError as error:
            if len(batch) == 1:
                return {batch[0].position: error}
            # One of them may be what the model failed on: each has its own outcome.
            return {position: outcome for item in batch for position, outcome in self._run([item], deadline).items()}
        except SatchelError as error:
            return {item.position: error for item in batch}
        try:
            check_batch(outputs, len(tensor))
        except EngineError as error:
            return {item.position: error for item in batch}
        infer_ms = _since(began)
        rows = ({name: value[row] for name, value in outputs.items()} for row in range(len(batch)))
        return {item.position: self._finish(item, row, infer_ms) for item, row in zip(batch, rows, strict=True)}

    def _finish(self, item: _Ready, outputs: Mapping[str, Array], infer_ms: float) -> Outcome:
        began = time.perf_counter()
        height, width = spatial_size(item.tensor, self._writer)
        try:
            predictions = self._read(Tensors(outputs, width, height, item.geometry, item.picture), item.limits)
        except SatchelError as error:
            return error
        return Result(
            model=self.manifest.name,
            version=self.manifest.version,
            task=self.manifest.task,
            image=ImageSize(item.geometry.width, item.geometry.height),
            predictions=predictions,
            timings_ms=Timings(item.decode_ms, item.preprocess_ms, infer_ms, _since(began)),
        )

    def _read(self, tensors: Tensors, limits: Limits) -> tuple[Prediction, ...]:
        return limit_predictions(self._postprocessor(limits)(tensors), limits)


def _since(began: float) -> float:
    """Milliseconds since `began` (`time.perf_counter()`), to the microsecond."""
    return round((time.perf_counter() - began) * 1e3, 3)


def spatial_size(tensor: Array, step: ToTensor) -> tuple[int, int]:
    """Height and width of an input tensor [1, ...] in the step's layout."""
    height, width = tensor.shape[2:4] if step.layout == "NCHW" else tensor.shape[1:3]
    return height, width
