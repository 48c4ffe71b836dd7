"""Settings: every `SATCHEL_*` environment variable, read once, strictly, into one immutable record."""

import dataclasses
import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self, TypeVar, get_args, get_type_hints

from inference_core.errors import SettingsError

PREFIX = "SATCHEL_"

T = TypeVar("T")


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,12}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _device(text: str) -> str:
    if not re.fullmatch(r"cpu|cuda(:[0-9]+)?", text):
        raise ValueError("cpu, cuda or cuda:N")
    return text


class _Rule(NamedTuple):
    """What a variable means, and how its text is read."""

    doc: str
    parse: Callable[[str], Any] = str


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen where Satchel runs. The names are those of the variables, in lower case, without prefix."""

    models: Annotated[Path, _Rule("bundle, or directory of bundles, to serve", Path)] = Path("models")
    engine: Annotated[str | None, _Rule("engine to use, or engine:precision (default: a bundle's first)")] = None
    device: Annotated[str, _Rule("cpu, cuda or cuda:N", _device)] = "cpu"
    threads: Annotated[int | None, _Rule("CPU threads (default: the quota, rounded down)", _whole(1, 1024))] = None
    host: Annotated[str, _Rule("address to listen on")] = "127.0.0.1"
    port: Annotated[int, _Rule("port to listen on; 0 takes a free one", _whole(0, 65535))] = 8080
    max_body_mb: Annotated[int, _Rule("largest request body, MiB", _whole(1, 100))] = 20
    max_pixels: Annotated[int, _Rule("largest image, width x height", _whole(1, 2**30))] = 50_000_000
    queue_size: Annotated[int, _Rule("requests that may wait for a model; more get 429", _whole(0, 100_000))] = 128
    timeout_ms: Annotated[int, _Rule("time a request may take, milliseconds", _whole(1, 230_000))] = 30_000

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Reads the variables that are set.

        Raises:
            SettingsError: an unknown `SATCHEL_*` variable, or a value that cannot be used.
        """
        rules = {PREFIX + name.upper(): (name, rule) for name, rule in _rules().items()}
        values: dict[str, Any] = {}
        for variable, text in environment.items():
            if not variable.startswith(PREFIX):
                continue
            if _is_service_link(variable, text):
                raise SettingsError(
                    f"{variable} was set by Kubernetes for a Service called satchel",
                    got=text,
                    expected="settings only",
                    remedy="set enableServiceLinks: false in the pod, or give the Service another name",
                )
            if variable not in rules:
                near = difflib.get_close_matches(variable, rules, n=1)
                raise SettingsError(
                    f"unknown setting {variable}",
                    got=text,
                    expected=f"one of {', '.join(rules)}",
                    remedy=f"rename it to {near[0]}" if near else "remove it",
                )
            name, rule = rules[variable]
            values[name] = _parse(variable, text, rule.parse)
        return cls(**values)

    def to_environment(self) -> dict[str, str]:
        """The variables that give these settings again, for child processes."""
        pairs = ((PREFIX + f.name.upper(), getattr(self, f.name)) for f in dataclasses.fields(self))
        return {name: str(value) for name, value in pairs if value is not None}


def _is_service_link(variable: str, text: str) -> bool:
    """Whether kubelet made the variable: it would shadow SATCHEL_PORT, and name what nobody set."""
    return text.startswith(("tcp://", "udp://")) or "_SERVICE_" in variable or "_PORT_" in variable


def _rules() -> dict[str, _Rule]:
    """The rule of each field."""
    hints = get_type_hints(Settings, include_extras=True)
    return {f.name: get_args(hints[f.name])[1] for f in dataclasses.fields(Settings)}


def _parse(name: str, text: str, parse: Callable[[str], T]) -> T:
    if not text:
        raise SettingsError(f"{name} is empty", expected="a value", remedy=f"give it one, or unset {name}")
    try:
        return parse(text)
    except ValueError as error:
        raise SettingsError(
            f"{name} cannot be used", got=repr(text), expected=str(error), remedy=f"correct {name}, or unset it"
        ) from None


def settings_table() -> str:
    """Every setting as a Markdown table, for the documentation."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    defaults = Settings()
    for name, rule in _rules().items():
        value = getattr(defaults, name)
        rows.append(f"| `{PREFIX}{name.upper()}` | {'' if value is None else f'`{value}`'} | {rule.doc} |")
    return "\n".join(rows)
