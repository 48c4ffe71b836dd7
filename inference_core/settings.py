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


def _choice(*allowed: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in allowed:
            raise ValueError(" or ".join(allowed))
        return text

    return parse


def _switch(text: str) -> bool:
    return _choice("off", "on")(text) == "on"


def _listed(pattern: str, expected: str) -> Callable[[str], tuple[str, ...]]:
    """Reads a comma-separated list whose entries match `pattern` as a whole."""

    def parse(text: str) -> tuple[str, ...]:
        entries = tuple(entry.strip() for entry in text.split(","))
        if not all(re.fullmatch(pattern, entry) for entry in entries):
            raise ValueError(expected)
        return entries

    return parse


_names = _listed(r"[^\s/]+", "names, separated by commas")
_digests = _listed(r"[0-9a-fA-F]{64}", "SHA-256 digests in hexadecimal, separated by commas")
_hosts = _listed(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?", "host names, each with or without a port, separated by commas")
_origins = _listed(r"\*|https?://[^\s/]+", "origins such as https://example.org, separated by commas, or *")


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
    max_images: Annotated[int, _Rule("most images of one batch request", _whole(1, 1024))] = 32
    queue_size: Annotated[int, _Rule("requests that may wait for a model; more get 429", _whole(0, 100_000))] = 128
    timeout_ms: Annotated[int, _Rule("time a request may take, milliseconds", _whole(1, 230_000))] = 30_000
    goal: Annotated[
        str,
        _Rule(
            "latency (all threads for one picture), throughput (a thread for each), or auto: by how many there are,"
            " with a second copy of the weights",
            _choice("auto", "latency", "throughput"),
        ),
    ] = "auto"
    max_batch: Annotated[
        int | None, _Rule("most pictures of one inference (default: by the tuning table)", _whole(1, 1024))
    ] = None
    batch_delay_ms: Annotated[
        int, _Rule("how long the first of a batch waits for more, milliseconds", _whole(0, 1000))
    ] = 0
    only: Annotated[tuple[str, ...], _Rule("names of the models to serve (default: all)", _names)] = ()
    load: Annotated[str, _Rule("eager, or lazy: with the first request", _choice("eager", "lazy"))] = "eager"
    max_active: Annotated[
        int, _Rule("most models in memory, the least recently used giving way; 0 sets no limit", _whole(0, 10_000))
    ] = 0
    idle_unload_s: Annotated[
        int, _Rule("seconds after which an unused model is unloaded; 0 keeps it", _whole(0, 10_000_000))
    ] = 0
    reload: Annotated[bool, _Rule("whether bundles that change on disk are loaded again: off, on", _switch)] = False
    admin: Annotated[bool, _Rule("whether load, unload and PATCH are allowed: off, on", _switch)] = False
    api_keys: Annotated[tuple[str, ...], _Rule("SHA-256 digests of the keys that open the API", _digests)] = ()
    cors_origins: Annotated[tuple[str, ...], _Rule("origins whose pages may call the API", _origins)] = ()
    url_hosts: Annotated[tuple[str, ...], _Rule("hosts that pictures may be fetched from by URL", _hosts)] = ()
    grpc_port: Annotated[int | None, _Rule("port for gRPC (default: no gRPC)", _whole(0, 65535))] = None
    log_format: Annotated[str, _Rule("text or json", _choice("text", "json"))] = "text"
    drain_s: Annotated[
        int, _Rule("seconds between being told to stop, and thus unready, and refusing connections", _whole(0, 3600))
    ] = 0
    workers: Annotated[int, _Rule("server processes; they share the threads", _whole(1, 1024))] = 1

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
        return {name: _text(value) for name, value in pairs if value not in (None, ())}


def _text(value: object) -> str:
    """What a variable says for `value`."""
    match value:
        case bool():
            return "on" if value else "off"
        case tuple():
            return ",".join(map(str, value))
        case _:
            return str(value)


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
        default = "" if value in (None, ()) else f"`{_text(value)}`"
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {rule.doc} |")
    return "\n".join(rows)
