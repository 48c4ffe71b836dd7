"""What a PyTorch module answers, as one row of named tensors. Only imported by processes that hold Python torch."""

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

from inference_core.errors import PackError


def flatten(value: object, path: str = "") -> dict[str, Tensor]:
    """Tensors by their path through nested tuples, lists and dicts, such as `boxes` or `0.1`; a lone one is `output`.

    Raises:
        PackError: there is something else among them.
    """
    if isinstance(value, Tensor):
        return {path or "output": value}
    found: dict[str, Tensor] = {}
    for key, part in _parts(value, path):
        found |= flatten(part, f"{path}.{key}" if path else str(key))
    return found


def _parts(value: object, path: str) -> Iterable[tuple[object, object]]:
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return zip(value._fields, value, strict=True)
    if isinstance(value, (tuple, list)):
        return enumerate(value)
    if isinstance(value, Mapping):
        return value.items()
    raise PackError(
        f"output {path} of the model is not a tensor" if path else "the model's answer is not a tensor",
        got=type(value).__name__,
        expected="tensors, alone or in tuples, lists and dicts",
        remedy="wrap the model in a module whose forward returns tensors",
    )


class Served(nn.Module):  # type: ignore[misc]  # torch is not there when types are checked
    """One image tensor in, the tensors of the answer out: the lone one, or a tuple of all.

    Args:
        model: whose answers they are.
        names: those wanted, in order; by default all.
    """

    def __init__(self, model: nn.Module, names: list[str] | None = None) -> None:
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        """See the class."""
        found = flatten(self.model(images))
        row = tuple(found[name] for name in (self.names or found))
        return row[0] if len(row) == 1 else row
