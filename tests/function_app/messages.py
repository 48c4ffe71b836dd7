"""What passes between the stand-in for the host and the runtime, as plain Python objects."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Protocol


class IndexingError(Exception):
    """The app could not be imported, or a function of it is declared wrongly."""


class InvocationError(Exception):
    """A function raised. The text ends with its traceback."""


@dataclass(frozen=True)
class Function:
    """A function as the runtime announces it to the host."""

    name: str
    function_id: str
    trigger: str
    argument: str
    route: str | None
    methods: tuple[str, ...]
    auth_level: str | None  # of HTTP functions only
    raw_bindings: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Response:
    """An answer. Header names are in lower case; cookies travel apart, as they do on Azure."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cookies: tuple[str, ...] = ()


class Datum(Protocol):
    """The runtime's own value: what would be a protobuf field on the wire."""

    value: Any
    type: str | None


class Metadata(Protocol):
    """What the runtime reports of a function, as far as it is read here."""

    name: str
    function_id: str
    raw_bindings: list[str]


class _Message(SimpleNamespace):
    """All that the runtime asks of a protobuf message: a bag of named fields."""


class _StatusResult(_Message):
    Failure, Success, Cancelled = range(3)


class _BindingInfo(_Message):
    out, inout = 1, 2
    undefined = 0


_MESSAGES = (
    "FunctionMetadataResponse RpcException RpcFunctionMetadata RpcRetryOptions WorkerInitResponse WorkerMetadata"
)
PROTOS = SimpleNamespace(
    BindingInfo=_BindingInfo,
    StatusResult=_StatusResult,
    **dict.fromkeys(_MESSAGES.split(), _Message),
)


def read_function(metadata: Metadata) -> Function:
    """A function's trigger and bindings, from the JSON in which the runtime reports them."""
    bindings = tuple(json.loads(text) for text in metadata.raw_bindings)
    trigger = next(binding for binding in bindings if binding["type"].endswith("Trigger"))
    is_http = trigger["type"] == "httpTrigger"
    return Function(
        name=metadata.name,
        function_id=metadata.function_id,
        trigger=trigger["type"],
        argument=trigger["name"],
        route=trigger.get("route"),
        methods=tuple(method.upper() for method in trigger.get("methods") or ()),
        auth_level=trigger.get("authLevel", "function").lower() if is_http else None,
        raw_bindings=bindings,
    )


def read_response(datum: Datum) -> Response:
    """An answer, from the `Datum` that the runtime would write to the wire."""
    if datum.type == "string":  # a function may return plain text
        plain = {"content-type": "text/plain; charset=utf-8"}
        return Response(200, plain, datum.value.encode())
    value = datum.value
    morsels = [morsel for cookie in value["cookies"] or () for morsel in cookie.values()]
    return Response(
        status=int(value["status_code"].value),
        headers={name.lower(): header.value for name, header in value["headers"].items()},
        body=value["body"].value,
        cookies=tuple(morsel.OutputString() for morsel in morsels),
    )
