"""How a remote service that runs the bundle's model is asked."""

from typing import Annotated, Literal

from pydantic import Field

from inference_core.bundle.schema import Record


class Remote(Record):
    """How a remote service that runs this model is asked. The environment says where it is, and may say otherwise."""

    protocol: Literal["oip-http", "oip-grpc", "tfs-http", "tfs-grpc"] | None = None
    """Open Inference Protocol or TensorFlow Serving, over REST or gRPC."""
    split: Literal["tensors", "image"] | None = None
    """What is sent: the model's input tensors, made of the picture here, or the picture itself."""
    model: Annotated[str, Field(min_length=1)] | None = None
    """The model's name at the service."""
    version: Annotated[str, Field(min_length=1)] | None = None
    """Its version there."""
    signature: str | None = None
    """Name of the signature, for TensorFlow Serving."""
