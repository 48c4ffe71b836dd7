"""Settings: every `SATCHEL_*` environment variable, read once, strictly, into one immutable record."""

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, NamedTuple, Self, get_args, get_type_hints

from inference_core import settings_text as read
from inference_core.errors import SettingsError

PREFIX = "SATCHEL_"


class _Rule(NamedTuple):
    """What a variable means, and how its text is read."""

    doc: str
    parse: Callable[[str], Any] = str
    is_secret: bool = False
    """Whether no message may show it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be chosen where Satchel runs. The names are those of the variables, in lower case, without prefix."""

    models: Annotated[Path, _Rule("bundle, or directory of bundles, to serve", Path)] = Path("models")
    engine: Annotated[str | None, _Rule("engine to use, or engine:precision (default: a bundle's first)")] = None
    device: Annotated[str, _Rule("cpu, cuda or cuda:N", read.device)] = "cpu"
    threads: Annotated[int | None, _Rule("CPU threads (default: the quota, rounded down)", read.whole(1, 1024))] = None
    host: Annotated[str, _Rule("address to listen on")] = "127.0.0.1"
    port: Annotated[int, _Rule("port to listen on; 0 takes a free one", read.whole(0, 65535))] = 8080
    max_body_mb: Annotated[int, _Rule("largest request body, MiB", read.whole(1, 100))] = 20
    max_bodies_mb: Annotated[
        int, _Rule("most bytes of request bodies held at once, MiB; more get 429", read.whole(1, 1_000_000))
    ] = 512
    max_pixels: Annotated[int, _Rule("largest image, width x height", read.whole(1, 2**30))] = 50_000_000
    max_images: Annotated[int, _Rule("most images of one batch request", read.whole(1, 1024))] = 32
    queue_size: Annotated[int, _Rule("requests that may wait for a model; more get 429", read.whole(0, 100_000))] = 128
    timeout_ms: Annotated[int, _Rule("time a request may take, milliseconds", read.whole(1, 230_000))] = 30_000
    goal: Annotated[
        str,
        _Rule(
            "latency (all threads for one picture), throughput (a thread for each), or auto: by how many there are,"
            " with a second copy of the weights",
            read.choice("auto", "latency", "throughput"),
        ),
    ] = "auto"
    max_batch: Annotated[
        int | None, _Rule("most pictures of one inference (default: by the tuning table)", read.whole(1, 1024))
    ] = None
    batch_delay_ms: Annotated[
        int, _Rule("how long the first of a batch waits for more, milliseconds", read.whole(0, 1000))
    ] = 0
    only: Annotated[tuple[str, ...], _Rule("names of the models to serve (default: all)", read.names)] = ()
    load: Annotated[str, _Rule("eager, or lazy: with the first request", read.choice("eager", "lazy"))] = "eager"
    max_active: Annotated[
        int, _Rule("most models in memory, the least recently used giving way; 0 sets no limit", read.whole(0, 10_000))
    ] = 0
    idle_unload_s: Annotated[
        int, _Rule("seconds after which an unused model is unloaded; 0 keeps it", read.whole(0, 10_000_000))
    ] = 0
    reload: Annotated[bool, _Rule("whether bundles that change on disk are loaded again: off, on", read.switch)] = False
    admin: Annotated[bool, _Rule("whether load, unload and PATCH are allowed: off, on", read.switch)] = False
    api_keys: Annotated[tuple[str, ...], _Rule("SHA-256 digests of the keys that open the API", read.digests)] = ()
    cors_origins: Annotated[tuple[str, ...], _Rule("origins whose pages may call the API", read.origins)] = ()
    url_hosts: Annotated[tuple[str, ...], _Rule("hosts that pictures may be fetched from by URL", read.hosts)] = ()
    grpc_port: Annotated[int | None, _Rule("port for gRPC (default: no gRPC)", read.whole(0, 65535))] = None
    log_format: Annotated[str, _Rule("text or json", read.choice("text", "json"))] = "text"
    drain_s: Annotated[
        int,
        _Rule("seconds between being told to stop, and thus unready, and refusing connections", read.whole(0, 3600)),
    ] = 0
    workers: Annotated[int, _Rule("server processes; they share the threads", read.whole(1, 1024))] = 1
    mode: Annotated[
        str,
        _Rule(
            "where models run: embedded (in this process) or remote (at a service)", read.choice("embedded", "remote")
        ),
    ] = "embedded"
    overflow: Annotated[
        str,
        _Rule(
            "what takes the requests that the mode cannot: off (nothing), remote (when the queue is full) or embedded"
            " (when no endpoint can be used)",
            read.choice("off", "remote", "embedded"),
        ),
    ] = "off"
    remote_url: Annotated[
        tuple[str, ...], _Rule("endpoints of the remote service, all alike, with commas between", read.endpoints)
    ] = ()
    remote_protocol: Annotated[
        str | None,
        _Rule(
            "oip-http, oip-grpc, tfs-http or tfs-grpc (default: the bundle's, else oip-http)",
            read.choice("oip-http", "oip-grpc", "tfs-http", "tfs-grpc"),
        ),
    ] = None
    remote_split: Annotated[
        str | None,
        _Rule(
            "what travels: tensors, or image, as it came (default: the bundle's, else tensors)",
            read.choice("tensors", "image"),
        ),
    ] = None
    remote_model: Annotated[
        str | None, _Rule("the model's name there; {name} stands for the bundle's (default: the bundle's)")
    ] = None
    remote_version: Annotated[str | None, _Rule("the model's version there (default: its newest)")] = None
    remote_concurrency: Annotated[int, _Rule("calls at once, for each model", read.whole(1, 1024))] = 16
    remote_connect_ms: Annotated[int, _Rule("longest wait for a connection, milliseconds", read.whole(1, 230_000))] = (
        1000
    )
    remote_read_ms: Annotated[
        int, _Rule("longest wait for an endpoint's answer, milliseconds", read.whole(1, 230_000))
    ] = 10_000
    remote_retries: Annotated[int, _Rule("further tries of a call that failed in passing", read.whole(0, 10))] = 2
    remote_header: Annotated[
        str | None, _Rule("header sent to endpoints, such as X-API-Key: secret", read.header, is_secret=True)
    ] = field(default=None, repr=False)
    remote_token: Annotated[str | None, _Rule("bearer token sent to endpoints", read.secret, is_secret=True)] = field(
        default=None, repr=False
    )
    remote_identity: Annotated[
        str | None, _Rule("scope for which Azure's managed identity gets bearer tokens", read.secret)
    ] = None
    remote_ca: Annotated[
        Path | None, _Rule("PEM file of the authorities for endpoints' certificates (default: the system's)", Path)
    ] = None

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
                    f"unknown setting {variable}",  # whose value may be a secret
                    expected=f"one of {', '.join(rules)}",
                    remedy=f"rename it to {near[0]}" if near else "remove it",
                )
            name, rule = rules[variable]
            values[name] = _parse(variable, text, rule)
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


def _parse(name: str, text: str, rule: _Rule) -> object:
    if not text:
        raise SettingsError(f"{name} is empty", expected="a value", remedy=f"give it one, or unset {name}")
    try:
        return rule.parse(text)
    except ValueError as error:
        raise SettingsError(
            f"{name} cannot be used",
            got=None if rule.is_secret else repr(text),
            expected=str(error),
            remedy=f"correct {name}, or unset it",
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
