"""Measures the images that are here, and fails past a budget."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.images import budgets, client, containers
from benchmarks.images.layers import Sizes
from benchmarks.images.report import Measured, compose

TARGETS = ("embedded-onnx", "embedded-openvino", "embedded-torchscript", "embedded-tf", "thin")
"""Those that start by themselves; others need a GPU, the Functions host with its storage, or a checkout."""

_ROOT = Path(__file__).parents[2]
_NAIVE = "naive"
_SERVICE = "embedded-onnx"
_STARTS, _QUICK_STARTS = 5, 2


def offer(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--images", nargs="*", metavar="TARGET", help="default: all on CPUs and the slim base")
    parser.add_argument("--naive", action="store_true", help="for --images: build and measure pip install torch, too")
    parser.add_argument("--out", type=Path, help="for --images: a file for the tables, beside stdout")
    parser.add_argument("--budgets", type=Path, default=_ROOT / "docker" / "budgets.toml", help="for --images")
    parser.add_argument("--enforce-start", action="store_true", help="for --images: fail past a budget of time, too")


def measure(chosen: argparse.Namespace) -> int:
    """Prints the tables; returns the exit status, which is 1 past a budget."""
    title = f"{client.engine()}, load average {os.getloadavg()[0]:.1f}"
    allowed = budgets.read(chosen.budgets)
    wanted = chosen.images or TARGETS
    missing = [target for target in wanted if not _is_here(target)]
    if missing and (chosen.images or len(missing) == len(wanted)):
        commands = "\n".join(f"    {build_command(target)}" for target in missing)
        raise SystemExit(f"not here: {', '.join(missing)}. To make what is missing:\n{commands}")
    measured = Measured(gaps=[f"{target}, which `{build_command(target)}` makes" for target in missing])
    if chosen.naive:
        client.build(_ROOT / "docker" / "naive.Dockerfile", _image(_NAIVE))
    present = [target for target in wanted if target not in missing]
    _measure_sizes(measured, [*present, _NAIVE] if chosen.naive else present)
    rounds = _QUICK_STARTS if chosen.quick else _STARTS
    _measure_starts(measured, [target for target in present if _can_start(target, measured)], rounds)
    report = compose(title, measured, allowed, chosen.enforce_start, rounds)
    print(f"\n{report.text}", end="")
    if chosen.out is not None:
        chosen.out.write_text(report.text, "utf-8")
    return int(report.over)


def build_command(target: str) -> str:
    """What makes the image of a target."""
    base = " --build-arg BASE=functions" if target.endswith("-functions") else ""
    name = target.removesuffix("-functions")
    return f"docker build -f docker/Dockerfile --target {name}{base} -t {_image(target)} ."


def _image(target: str) -> str:
    return f"satchel:{target}"


def _is_here(target: str) -> bool:
    return client.has(_image(target))


def _can_start(target: str, measured: Measured) -> bool:
    """Notes why not."""
    if target not in TARGETS:
        measured.gaps.append(f"the start of {target}, which needs more than a host with Docker")
    elif target == "thin" and not _is_here(_SERVICE):
        measured.gaps.append(f"the start of {target}, which needs {_image(_SERVICE)} to ask")
    else:
        return True
    return False


def _measure_sizes(measured: Measured, targets: Sequence[str]) -> None:
    reader = Sizes()
    for target in targets:
        _say(f"layers of {target}")
        measured.sizes[target] = reader.of(_image(target))


def _measure_starts(measured: Measured, targets: Sequence[str], rounds: int) -> None:
    """In turns, so that a machine that slows down slows them all."""
    for turn in range(rounds + 1):
        for target in targets:
            _say(f"start {turn} of {rounds}: {target}")
            floor = containers.floor(_image(target))
            with _settings(target) as settings:
                start = containers.start(_image(target), settings)
            if turn:
                measured.floors.setdefault(target, []).append(floor)
                measured.starts.setdefault(target, []).append(start)


@contextmanager
def _settings(target: str) -> Iterator[Mapping[str, str]]:
    """For `thin`, with a service to ask."""
    if target != "thin":
        yield {}
        return
    with containers.running(_image(_SERVICE), {}) as service:
        service.wait()
        yield {"SATCHEL_REMOTE_URL": f"http://127.0.0.1:{service.port}"}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
