"""Vocabulary of the tensors that go into a model and come out of it."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from inference_core.bundle.schema import Record

DType = Literal["float32", "float16", "bfloat16", "float64", "uint8", "int8", "int32", "int64", "bool", "string"]
Size = Annotated[int, Field(ge=1)]


class BucketedAxis(Record):
    """An axis that takes a few sizes only, so that each can be warmed up."""

    sizes: Annotated[tuple[Size, ...], Field(min_length=1)]


def _axis_tag(value: object) -> str | None:
    kinds: dict[type, str] = {int: "size", str: "dynamic", dict: "bucketed", BucketedAxis: "bucketed"}
    return kinds.get(type(value))


# The discriminator makes a wrong value one problem, not one for each type of the choice.
Axis = Annotated[
    Annotated[Size, Tag("size")]
    | Annotated[str, Field(min_length=1), Tag("dynamic")]
    | Annotated[BucketedAxis, Tag("bucketed")],
    Discriminator(
        _axis_tag,
        custom_error_type="axis",
        custom_error_message='a size of at least 1, the name of a dynamic axis, or {"sizes": [...]}',
    ),
]
"""A fixed size, the name of a dynamic axis, or a choice of sizes."""


class TensorSpec(Record):
    """One input or output tensor of an artifact."""

    name: str
    """The name that steps use, equal across the artifacts of a bundle."""
    native: str | None = None
    """The engine's own name, where it differs."""
    dtype: DType
    shape: tuple[Axis, ...]
    layout: Annotated[str, Field(pattern=r"^[NCTDHW]+$")] | None = None
    """One letter per axis, such as NCHW, where it is known."""

    @model_validator(mode="after")
    def _check_layout(self) -> Self:
        if self.layout is not None and len(self.layout) != len(self.shape):
            raise ValueError(f"layout {self.layout} has {len(self.layout)} axes, shape has {len(self.shape)}")
        return self

    @property
    def engine_name(self) -> str:
        """The name to use towards the engine."""
        return self.native or self.name
