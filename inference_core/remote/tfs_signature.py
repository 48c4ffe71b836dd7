"""What TensorFlow Serving cannot do, over either protocol."""

from collections.abc import Iterable

from inference_core.remote.connection import CallError, Failure


def no_pictures() -> CallError:
    """Of either protocol of TensorFlow Serving."""
    return CallError(Failure.REFUSED, "TensorFlow Serving takes tensors, and no encoded pictures")


def no_signature(wanted: str, there: Iterable[str]) -> CallError:
    """Where the model has others only."""
    listed = ", ".join(sorted(name for name in there if not name.startswith("__"))) or "none"
    return CallError(Failure.REFUSED, f"the model has no signature {wanted}, but {listed}")
