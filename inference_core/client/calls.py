"""What can be asked, each as a request and the way to read its answer. The clients only carry it there and back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeVar
from urllib.parse import quote

from inference_core.client.answer import Answer, Json
from inference_core.client.failures import checked
from inference_core.client.pictures import Picture, encoded
from inference_core.client.results import read_outcomes, read_result
from inference_core.errors import SatchelError

if TYPE_CHECKING:
    from inference_core.tasks import Result

T = TypeVar("T")


class Unchanged(Enum):
    """The type of `UNCHANGED`."""

    UNCHANGED = "unchanged"


UNCHANGED: Final = Unchanged.UNCHANGED
"""Leaves a setting as it is; None would give it back to the bundle."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, and what its answer means."""

    method: str
    path: str
    read: Callable[[Answer], T]
    """Raises the SatchelError that the answer holds."""
    query: Mapping[str, str | int | float | None] = field(default_factory=dict)
    """Parameters; those of None are left out."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    document: Mapping[str, object] | None = None
    """To send as JSON."""
    files: Sequence[bytes] = ()
    """To send as a form, in its field `images`."""
    timeout: float | None = None
    """Seconds; the client's where None."""
    is_inference: bool = False
    """Whether the server is told how long the caller waits."""


def models() -> Call[list[Json]]:
    """Each version of each model: name, version, task, architecture and state."""
    return Call("GET", "/models", lambda answer: list(checked(answer).json()["models"]))


def describe(name: str, *, version: str | None = None) -> Call[Json]:
    """What a model is, where it came from, how it was measured, and what runs it."""
    return Call("GET", _path(name), _object, {"version": version})


def labels(name: str, *, version: str | None = None) -> Call[list[Json]]:
    """Ids and names, in the order of the model's outputs."""
    query = {"version": version}
    return Call("GET", _path(name, "/labels"), lambda answer: list(checked(answer).json()["labels"]), query)


def status(name: str) -> Call[Json]:
    """The state of each version of a model."""
    return Call("GET", _path(name, "/status"), _object)


def config(name: str, *, version: str | None = None) -> Call[Json]:
    """The limits set at run time, and the steps before and after the model."""
    return Call("GET", _path(name, "/config"), _object, {"version": version})


def set_config(
    name: str,
    *,
    confidence: float | Literal[Unchanged.UNCHANGED] | None = UNCHANGED,
    max_predictions: int | Literal[Unchanged.UNCHANGED] | None = UNCHANGED,
) -> Call[Json]:
    """Changes what requests get that do not say otherwise, and gives the new configuration.

    Args:
        name: of the model, all of its versions.
        confidence: least score, 0 to 1; None for the bundle's.
        max_predictions: at least 1; None for the bundle's.
    """
    wanted = {"confidence": confidence, "max_predictions": max_predictions}
    document = {key: value for key, value in wanted.items() if value is not UNCHANGED}
    return Call("PATCH", _path(name, "/config"), _object, document=document)


def load(name: str, *, version: str | None = None) -> Call[Json]:
    """Loads a version of a model, or all of them, and gives their states. The server must allow it."""
    return Call("POST", _path(name, "/load"), _object, {"version": version})


def unload(name: str, *, version: str | None = None) -> Call[Json]:
    """Unloads a version of a model, or all of them, and gives their states. The server must allow it."""
    return Call("POST", _path(name, "/unload"), _object, {"version": version})


def ready() -> Call[bool]:
    """Whether the server can predict. UnreachableError where there is none."""
    return Call("GET", "/health/ready", _is_ready)


def version() -> Call[Json]:
    """Versions of Satchel, Python and the engines, at the server."""
    return Call("GET", "/version", _object)


def predict(
    name: str,
    image: Picture,
    *,
    confidence: float | None = None,
    max_predictions: int | None = None,
    version: str | None = None,
    timeout: float | None = None,
) -> Call["Result"]:
    """What a model finds on a picture.

    Args:
        name: of the model.
        image: encoded bytes, a path, or an image of Pillow.
        confidence: least score, 0 to 1; None for the configured one.
        max_predictions: at least 1; None for the configured number.
        version: of the model; None for the newest.
        timeout: seconds; None for the client's.
    """
    query = {"confidence": confidence, "max_predictions": max_predictions, "version": version}
    path = _path(name, "/predict")
    return Call("POST", path, read_result, query, _RAW, encoded(image), timeout=timeout, is_inference=True)


def predict_batch(
    name: str,
    images: Sequence[Picture],
    *,
    confidence: float | None = None,
    max_predictions: int | None = None,
    version: str | None = None,
    timeout: float | None = None,
) -> Call["list[Result | SatchelError]"]:
    """What a model finds on each of several pictures, in their order. A bad picture fails alone.

    The arguments are those of `predict`.
    """
    query = {"confidence": confidence, "max_predictions": max_predictions, "version": version}
    files = [encoded(image) for image in images]
    path = _path(name, "/predict_batch")
    return Call("POST", path, read_outcomes, query, files=files, timeout=timeout, is_inference=True)


def predict_image(
    name: str,
    image: Picture,
    format: Literal["png", "jpeg"] = "png",
    *,
    confidence: float | None = None,
    max_predictions: int | None = None,
    version: str | None = None,
    timeout: float | None = None,
) -> Call[bytes]:
    """The picture with what the model finds drawn on it, encoded.

    The other arguments are those of `predict`.
    """
    query = {"confidence": confidence, "max_predictions": max_predictions, "version": version}
    headers = _RAW | {"Accept": f"image/{format}"}
    path = _path(name, "/predict_image")
    return Call("POST", path, _content, query, headers, encoded(image), timeout=timeout, is_inference=True)


_RAW = {"Content-Type": "application/octet-stream"}


def _path(name: str, rest: str = "") -> str:
    return f"/models/{quote(name, safe='')}{rest}"


def _object(answer: Answer) -> Json:
    return checked(answer).json()


def _content(answer: Answer) -> bytes:
    return checked(answer).content


def _is_ready(answer: Answer) -> bool:
    return answer.status != 503 and checked(answer).ok
