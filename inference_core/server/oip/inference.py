"""One inference of the protocol, as HTTP and gRPC alike ask for it: tensors in and out, on a model that is held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inference_core.errors import BadRequestError
from inference_core.oip.datatypes import BYTES
from inference_core.oip.images import IMAGE_INPUT, IMAGE_OUTPUT
from inference_core.oip.tensors import Tensor
from inference_core.repository import Model
from inference_core.server.oip.classification import classify
from inference_core.server.oip.feeding import check_fed
from inference_core.server.oip.pictures import predict_pictures
from inference_core.settings import Settings
from inference_core.tasks import Timings


@dataclass(frozen=True, slots=True)
class WantedOutput:
    """An output that the caller names."""

    name: str
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InferRequest:
    """What is asked."""

    inputs: Sequence[Tensor]
    outputs: Sequence[WantedOutput] = ()
    """Empty: all of them."""
    parameters: Mapping[str, object] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, slots=True)
class InferResponse:
    """What is answered."""

    model_name: str
    model_version: str
    id: str
    outputs: Sequence[Tensor]
    """In the order in which they were asked for, else in the artifact's."""
    timings: Timings | None = None
    """Of the picture, where there was one."""


async def infer(model: Model, request: InferRequest, settings: Settings, timeout: float) -> InferResponse:
    """Runs `model`: the whole pipeline where the one input is BYTES called `image`, else its tensors as they are.

    Args:
        model: held by the caller until this returns.
        request: what is asked.
        settings: limits of this process.
        timeout: seconds; the request's parameter `timeout`, microseconds, may ask for less.

    Raises:
        BadRequestError: the request does not fit the model.
        SatchelError: whatever became of it.
    """
    patience = _patience(request.parameters, timeout)
    pictures = [(tensor.name, tensor.datatype) for tensor in request.inputs] == [(IMAGE_INPUT, BYTES)]
    names = [IMAGE_OUTPUT] if pictures else [spec.name for spec in model.artifact.outputs]
    _check_wanted(request.outputs, names)
    timings = None
    if pictures:
        outputs, timings = await predict_pictures(model, request.inputs[0], request.parameters, settings, patience)
    else:
        arrays = await model.scheduler.infer(check_fed(request.inputs, model.artifact), timeout=patience)
        outputs = [Tensor.of(name, arrays[name]) for name in names]
    chosen = _choose(outputs, request.outputs, model)
    return InferResponse(model.manifest.name, model.manifest.version, request.id, chosen, timings)


def _patience(parameters: Mapping[str, object], timeout: float) -> float:
    wanted = parameters.get("timeout", 0)
    if type(wanted) is not int or wanted < 0:
        raise BadRequestError(
            "parameter timeout cannot be used", got=repr(wanted)[:40], expected="microseconds, a whole number"
        )
    return min(timeout, wanted / 1e6) if wanted else timeout


def _check_wanted(wanted: Sequence[WantedOutput], names: Sequence[str]) -> None:
    for output in wanted:
        if output.name not in names:
            raise BadRequestError(
                f"there is no output {output.name}", expected=f"one of {', '.join(names)}", remedy="name another"
            )
        if any(key.startswith("shared_memory") for key in output.parameters):
            raise BadRequestError(f"output {output.name} is wanted in shared memory, which is not written here")
    if len({output.name for output in wanted}) < len(wanted):
        raise BadRequestError("an output is asked for twice", got=", ".join(output.name for output in wanted))


def _choose(outputs: Sequence[Tensor], wanted: Sequence[WantedOutput], model: Model) -> list[Tensor]:
    """The outputs that are wanted, as they are wanted; all of them where none is named."""
    if not wanted:
        return list(outputs)
    named = {tensor.name: tensor for tensor in outputs}
    return [
        classify(named[output.name], output.parameters["classification"], model.manifest.labels)
        if output.parameters.get("classification")
        else named[output.name]
        for output in wanted
    ]
