"""Names of devices, read the same way by every engine."""

import re

from inference_core.errors import EngineError

_CUDA = re.compile(r"cuda(?::(\d+))?")


def cuda_index(device: str, engine: str) -> int | None:
    """Which GPU `cuda` or `cuda:N` means; None for `cpu`.

    Raises:
        EngineError: it is none of these.
    """
    if device == "cpu":
        return None
    found = _CUDA.fullmatch(device)
    if found is None:
        raise EngineError(
            f"{engine} has no device {device}",
            expected="cpu, cuda or cuda:N",
            remedy="set SATCHEL_DEVICE to one of these",
        )
    return int(found[1] or 0)
