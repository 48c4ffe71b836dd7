"""The predictors of remote mode: for services that take tensors, and for those that take pictures."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from inference_core.batching import infer_in_parts
from inference_core.bundle import Artifact, Manifest
from inference_core.engines import Array, EngineDescription
from inference_core.errors import DeadlineError, RemoteFailedError, RemoteUnavailableError, SatchelError
from inference_core.imaging import DEFAULT_MAX_PIXELS, sample_picture
from inference_core.limits import Limits
from inference_core.pipeline import LocalPredictor
from inference_core.predictor import Outcome, Predictor
from inference_core.remote.connection import CallError, Connection, Failure
from inference_core.remote.engine import RemoteEngine
from inference_core.tasks import Result, Timings

_log = logging.getLogger("satchel")

_SAMPLE = (64, 48)


class RemoteTensors(LocalPredictor):
    """The pipeline in this process, but for the model.

    Args:
        manifest: how to feed and read the model.
        artifact: whose tensors it has.
        engine: asks the service; closed with the predictor.
        max_pixels: cap on width x height of a picture.
    """

    def __init__(
        self, manifest: Manifest, artifact: Artifact, engine: RemoteEngine, *, max_pixels: int = DEFAULT_MAX_PIXELS
    ) -> None:
        super().__init__(manifest, artifact, engine, max_pixels=max_pixels)
        self._remote = engine
        width = min(_SAMPLE[0], max_pixels)
        self._sample = width, min(_SAMPLE[1], max_pixels // width)

    def warm_up(self) -> None:
        """See `Predictor.warm_up`. Where an endpoint is ready, a picture goes all the way; where none is, or the
        picture gets no answer, that is for `check_ready` to say.

        Raises:
            EngineError: the model at an endpoint is not the bundle's.
        """
        _warm_up(self, self._remote, self._sample)

    def check_ready(self) -> None:
        """See `Predictor.check_ready`."""
        self._remote.check_ready()


class RemoteImages:
    """Everything runs at the service, which gets the pictures as they came.

    Args:
        manifest: whose model, version and task the results are.
        artifact: whose tensors the model there has.
        engine: asks the service; closed with the predictor.
    """

    def __init__(self, manifest: Manifest, artifact: Artifact, engine: RemoteEngine) -> None:
        self.manifest = manifest
        self.artifact = artifact
        self.engine = engine

    def warm_up(self) -> None:
        """See `RemoteTensors.warm_up`."""
        _warm_up(self, self.engine, _SAMPLE)

    def check_ready(self) -> None:
        """See `Predictor.check_ready`."""
        self.engine.check_ready()

    def predict(
        self, images: Sequence[bytes], *, deadline: float | None = None, limits: Sequence[Limits] = ()
    ) -> list[Outcome]:
        """See `Predictor.predict`. All pictures go in one call, which succeeds or fails as a whole; within it, a bad
        picture fails alone. What a picture may be is the service's to say."""
        if not images:
            return []

        def ask(connection: Connection, timeout: float) -> list[Outcome]:
            return [self._check(outcome) for outcome in connection.predict(images, limits, timeout)]

        began = time.perf_counter()
        try:
            outcomes = self.engine.ask(ask, deadline)
        except SatchelError as error:
            return [error] * len(images)
        elapsed = (time.perf_counter() - began) * 1e3
        return [self._adopt(outcome, elapsed) if isinstance(outcome, Result) else outcome for outcome in outcomes]

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        """See `Predictor.infer`."""
        return infer_in_parts(self.engine, inputs, self.artifact.inputs, deadline)

    def describe(self) -> EngineDescription:
        """See `Predictor.describe`."""
        return self.engine.describe()

    def close(self) -> None:
        """See `Predictor.close`."""
        self.engine.close()

    def _check(self, outcome: Outcome) -> Outcome:
        if isinstance(outcome, Result) and outcome.task != self.manifest.task:
            raise CallError(Failure.GARBAGE, f"results of the task {outcome.task}, not {self.manifest.task}")
        return outcome

    def _adopt(self, result: Result, elapsed: float) -> Result:
        """The result as this bundle's. What the way and the queue there took counts as inference: it is what a caller
        waits for beyond the other stages, as it is where tensors travel."""
        told = result.timings_ms
        around = told.decode + told.preprocess + told.postprocess
        timings = Timings(told.decode, told.preprocess, round(max(told.infer, elapsed - around), 3), told.postprocess)
        return replace(result, model=self.manifest.name, version=self.manifest.version, timings_ms=timings)


def _warm_up(predictor: Predictor, engine: RemoteEngine, size: tuple[int, int]) -> None:
    engine.warm_up()
    try:
        engine.check_ready()
    except RemoteUnavailableError as error:
        _log.warning("%s: %s (%s)", predictor.manifest.name, error.message, error.got)
        return
    [outcome] = predictor.predict([sample_picture(*size)])
    if isinstance(outcome, DeadlineError | RemoteFailedError | RemoteUnavailableError):
        _log.warning(
            "%s: a first picture got no answer: %s (%s)", predictor.manifest.name, outcome.message, outcome.got
        )
    elif isinstance(outcome, SatchelError):
        raise outcome
