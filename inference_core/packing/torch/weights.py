"""Weights of a PyTorch model. Only imported by processes that hold Python torch."""

import re
from pathlib import Path

import torch
from torch import Tensor, nn

from inference_core.dependencies import require
from inference_core.errors import PackError, first_line

_REFUSED = "UnpicklingError"
"""What weights_only raises, by name: nothing here imports pickle."""
_SHOWN = 3
_STATE_DICT = "a state_dict, as torch.save(model.state_dict(), FILE) writes it, or a .safetensors file"


def load_weights(model: nn.Module, path: Path) -> None:
    """Puts the state_dict in a file into the model. Nothing in the file is run.

    Raises:
        PackError: the file holds something else, or the weights of another model.
        MissingDependencyError: it is a .safetensors file, and their package is not installed.
    """
    state = _read(path)
    try:
        keys = model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()[1:]]
        raise _misfit(path, {"": lines}) from error
    if keys.missing_keys or keys.unexpected_keys:
        raise _misfit(path, {"missing ": keys.missing_keys, "unexpected ": sorted(keys.unexpected_keys)})


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise PackError(f"there is no weights file {path}", expected=_STATE_DICT, remedy="correct the path")
    state = _read_safetensors(path) if _is_safetensors(path) else _read_pickle(path)
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        held = ", ".join(map(str, list(state)[:_SHOWN])) if isinstance(state, dict) else type(state).__name__
        raise PackError(
            f"{path} is not a state_dict",
            got=f"a checkpoint with {held}" if isinstance(state, dict) else held,
            expected=_STATE_DICT,
            remedy='save the weights in it alone, as with torch.save(checkpoint["state_dict"], FILE)',
        )
    return state


def _read_pickle(path: Path) -> object:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # which share no base class
        if type(error).__name__ == _REFUSED:
            found = re.search(r"GLOBAL (\S+)", str(error))
            raise PackError(
                f"{path} is a pickle of more than tensors, which can run any code when it is read",
                got=found.group(1) if found else None,
                expected=_STATE_DICT,
                remedy="save it again where it was made: torch.save(model.state_dict(), FILE)",
            ) from error
        raise PackError(
            f"{path} cannot be read as weights",
            got=first_line(error),
            expected=_STATE_DICT,
            remedy="check that the file is whole; a TorchScript archive is packed without --weights",
        ) from error


def _is_safetensors(path: Path) -> bool:
    """Whether a JSON object follows its own length of eight bytes."""
    with path.open("rb") as file:
        return file.read(9)[8:] == b"{"


def _read_safetensors(path: Path) -> object:
    require("safetensors", extra="pack-torch", purpose="reading a .safetensors file")
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise PackError(f"{path} is not a whole .safetensors file", got=str(error), expected=_STATE_DICT) from error


def _misfit(path: Path, faults: dict[str, list[str]]) -> PackError:
    """The first few of each kind of fault, and how many more there are."""
    parts = []
    for kind, lines in faults.items():
        more = len(lines) - _SHOWN
        shown = "; ".join(lines[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        parts += [kind + shown] if lines else []
    return PackError(
        f"{path} does not fit the model",
        got="; ".join(parts),
        expected="the weights of this model, with the arguments it was trained with",
        remedy="state arguments after the name, as in torchvision:resnet50?num_classes=5",
    )
