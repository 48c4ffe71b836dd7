"""What every door stands on: encoded images in, typed results out, wherever the model runs."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from inference_core.bundle import Manifest
from inference_core.engines import Array, EngineDescription
from inference_core.errors import SatchelError
from inference_core.limits import Limits
from inference_core.tasks import Result

Outcome = Result | SatchelError
"""What became of one image: its result, or the reason it has none."""


class Predictor(Protocol):
    """Anything that turns encoded images into results: a local pipeline, or a remote service."""

    @property
    def manifest(self) -> Manifest:
        """What is being served."""

    def warm_up(self) -> None:
        """Makes the first request as quick as the later ones."""

    def check_ready(self) -> None:
        """Raises NotReadyError where nothing can be predicted now: the endpoints of a remote service are all down."""

    def predict(
        self, images: Sequence[bytes], *, deadline: float | None = None, limits: Sequence[Limits] = ()
    ) -> list[Outcome]:
        """One outcome per image, in order; a bad image fails alone.

        Args:
            images: JPEG, PNG, WebP or BMP files.
            deadline: `time.monotonic()` value after which the caller no longer waits.
            limits: of each image; none leaves all to the bundle.
        """

    def infer(self, inputs: Mapping[str, Array], *, deadline: float | None = None) -> dict[str, Array]:
        """Runs the model on tensors, without the steps before and after it; a fixed batch axis is no limit.

        Raises:
            EngineError: the model failed, or an input has the wrong name, dtype or shape.
            DeadlineError: the deadline has passed.
        """

    def describe(self) -> EngineDescription:
        """What runs the model, and how."""

    def close(self) -> None:
        """Frees what it holds."""
