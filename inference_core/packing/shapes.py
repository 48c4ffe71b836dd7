"""Axes of tensors: what several runs have in common, and names for the rest."""

from collections.abc import Sequence

from inference_core.errors import PackError

BATCH = "batch"

Sizes = list[int | None]
"""A shape in which None stands for an axis of any size."""


def common_sizes(shapes: Sequence[Sequence[int]]) -> Sizes:
    """The sizes in which shapes of one rank agree."""
    columns = [set(column) for column in zip(*shapes, strict=True)]
    return [column.pop() if len(column) == 1 else None for column in columns]


def output_sizes(name: str, shapes: Sequence[Sequence[int]]) -> Sizes:
    """The same for the shapes that an output had on several pictures.

    Raises:
        PackError: they are not of one rank.
    """
    if len({len(shape) for shape in shapes}) > 1:
        raise PackError(
            f"output {name} changes its number of axes with the picture",
            got=", ".join(str(list(shape)) for shape in shapes),
            remedy="export the model with outputs of one rank",
        )
    return common_sizes(shapes)


def name_axes(name: str, sizes: Sequence[int | None], *, batch: bool) -> list[int | str]:
    """`NAME_axisI` for an axis of any size; the first one is `batch` where the model takes several images at once."""
    axes: list[int | str] = [f"{name}_axis{i}" if size is None else size for i, size in enumerate(sizes)]
    return [BATCH, *axes[1:]] if batch and sizes and sizes[0] is None else axes
