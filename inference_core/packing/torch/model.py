"""PyTorch modules by name: `torchvision:NAME` and `module:factory`.

Only imported by processes that hold Python torch.
"""

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import torch
from torch import nn

from inference_core.dependencies import require
from inference_core.errors import PackError
from inference_core.packing.torch.weights import load_weights

_RANDOM = "random"
_OWN = "own"
_SEED = 0


def build(model: str, weights: str | None) -> nn.Module:
    """The module, ready to be evaluated.

    Args:
        model: `torchvision:NAME` or `module:factory`, with arguments as in `?num_classes=5&width=0.5`.
        weights: a file, `random` for those it starts training with, or `own` for those the factory puts in.

    Raises:
        PackError: it cannot be built, or the weights do not fit.
    """
    place, _, rest = model.partition(":")
    name, _, query = rest.partition("?")
    arguments = {key: _value(text) for key, text in parse_qsl(query, keep_blank_values=True)}
    words = (_RANDOM,) if place == "torchvision" else (_RANDOM, _OWN)
    if weights is None:
        raise PackError(
            f"{model} is given without weights",
            expected=f"--weights FILE, or one of the words {', '.join(words)}",
            remedy="give the file that torch.save(model.state_dict(), FILE) wrote",
        )
    torch.manual_seed(_SEED)
    made = _torchvision(name, arguments) if place == "torchvision" else _from_factory(place, name, arguments)
    if weights not in words:
        load_weights(made, Path(weights))
    return made.eval()


def _value(text: str) -> object:
    """A number, true, false or null, or else text."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _torchvision(name: str, arguments: dict[str, Any]) -> nn.Module:
    require("torchvision", extra="pack-torch", purpose=f"torchvision:{name}")
    from inference_core.packing.torch.torchvision_model import find_builder

    return _call(f"torchvision:{name}", find_builder(name), arguments | {"weights": None})


def _from_factory(module: str, name: str, arguments: dict[str, Any]) -> nn.Module:
    made = _call(f"{module}:{name}", _find_factory(module, name), arguments)
    if not isinstance(made, nn.Module):
        raise PackError(
            f"{module}:{name} does not return a torch.nn.Module",
            got=type(made).__name__,
            remedy="name a function or class that makes the model",
        )
    return made


def _find_factory(module: str, name: str) -> Callable[..., object]:
    try:
        found: object = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # whatever the module raises while it is imported
        raise PackError(
            f"{module}:{name} cannot be imported",
            got=f"{type(error).__name__}: {error}",
            expected="a module of the current directory or an installed one, and a function or class in it",
            remedy="start satchel where `import " + module + "` works",
        ) from error
    if not callable(found):
        raise PackError(f"{module}:{name} cannot be called", got=type(found).__name__, expected="a function or class")
    return found


def _call(name: str, factory: Callable[..., object], arguments: dict[str, Any]) -> Any:  # noqa: ANN401  # checked next
    try:
        return factory(**arguments)
    except Exception as error:  # whatever the factory raises
        stated = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        raise PackError(
            f"{name} cannot build the model",
            got=f"{type(error).__name__}: {error}",
            expected=f"a model from {name}({stated})",
            remedy="state the arguments it needs after its name, as in ?num_classes=5",
        ) from error
