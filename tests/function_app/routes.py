"""Finds the function that answers a path, the way the Functions host does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal
from urllib.parse import unquote

from tests.function_app.worker import Function

RouteOrder = Literal["name", "specific"]
_PARAMETER = re.compile(r"\{(\*{0,2})(\w+)\}")
_NOTHING = re.compile(r"\{\w+:maxlength\(0\)\?\}")


class _Kind(IntEnum):
    """Ordered from the most to the least specific."""

    LITERAL = 0
    NOTHING = 1
    PARAMETER = 2
    CATCH_ALL = 3


@dataclass(frozen=True)
class Route:
    """A function's template, cut at the slashes."""

    function: Function
    segments: tuple[tuple[_Kind, str], ...]

    @property
    def specificity(self) -> tuple[_Kind, ...]:
        return tuple(kind for kind, _ in self.segments)

    def match(self, method: str, path: str) -> dict[str, str] | None:
        """The route's parameters, or None. An empty catch-all has no parameter, as on Azure."""
        if self.function.methods and method.upper() not in self.function.methods:
            return None
        trimmed = path.removeprefix("/")
        parts = trimmed.split("/") if trimmed else []
        values: dict[str, str] = {}
        for index, (kind, text) in enumerate(self.segments):
            if kind is _Kind.CATCH_ALL:
                rest = _decode("/".join(parts[index:]))
                return values | {text: rest} if rest else values
            part = _decode(parts[index]) if index < len(parts) else ""
            if kind is _Kind.NOTHING and not part:
                continue
            if kind is _Kind.NOTHING or not part or (kind is _Kind.LITERAL and part.casefold() != text.casefold()):
                return None
            if kind is _Kind.PARAMETER:
                values[text] = part
        return values if parts[len(self.segments) :] in ([], [""]) else None


def build_routes(functions: Sequence[Function], prefix: str, order: RouteOrder) -> list[Route]:
    """The routes in the order in which they are tried.

    The host sorts functions by name and takes the first whose template fits, so that a catch-all
    called "all" hides "health" (Azure/azure-functions-host #9876). `specific` is the order that
    ASP.NET Core itself would use and that the host may adopt one day: an app that works in both
    is safe.
    """
    routes = [
        Route(function, _parse("/".join(filter(None, [prefix, function.route or function.name]))))
        for function in functions
        if function.trigger == "httpTrigger"
    ]
    routes.sort(key=lambda route: route.function.name.upper())
    if order == "specific":
        routes.sort(key=lambda route: route.specificity)
    return routes


def find_route(routes: Sequence[Route], method: str, path: str) -> tuple[Function, dict[str, str]] | None:
    """The first route that fits. Paths under /admin belong to the host and never reach an app."""
    if re.match(r"/admin(/|$)", path, re.IGNORECASE):
        return None
    for route in routes:
        values = route.match(method, path)
        if values is not None:
            return route.function, values
    return None


def _parse(template: str) -> tuple[tuple[_Kind, str], ...]:
    parts = template.strip("/").split("/")
    segments = tuple(_segment(part, template) for part in parts)
    if _Kind.CATCH_ALL in [kind for kind, _ in segments[:-1]]:
        raise ValueError(f"route {template!r}: a catch-all must come last")
    return segments


def _segment(part: str, template: str) -> tuple[_Kind, str]:
    if _NOTHING.fullmatch(part):
        return _Kind.NOTHING, ""
    parameter = _PARAMETER.fullmatch(part)
    if parameter:
        stars, name = parameter.groups()
        return (_Kind.CATCH_ALL if stars else _Kind.PARAMETER), name
    if "{" in part or "}" in part:
        raise ValueError(f"route {template!r}: this stand-in does not know {part!r}")
    return _Kind.LITERAL, part


def _decode(text: str) -> str:
    """Undo percent-encoding, except that an encoded slash stays one, as in ASP.NET Core."""
    return "%2F".join(unquote(piece) for piece in re.split("%2f", text, flags=re.IGNORECASE))
