"""The whole comparison: sections in turn, printed as Markdown, kept as JSON."""

import platform
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from os import getloadavg
from pathlib import Path
from time import perf_counter

import numpy
import onnxruntime
import PIL

from benchmarks.serving.figures import Table, save
from benchmarks.serving.ground import FULL, QUICK, Ground, make_peers
from benchmarks.serving.matrix import matrix
from benchmarks.serving.overhead import overhead
from benchmarks.serving.overload import overload, saturation
from benchmarks.serving.protocols import protocols, proton
from inference_core.cpu import available_cpus, cpu_name

_FOLDER = Path(__file__).parents[2] / "build"
MODELS = ("mobilenet_v2", "yolox_nano")

SECTIONS: Mapping[str, Callable[[Ground], list[Table]]] = {
    "matrix": matrix,
    "overhead": overhead,
    "saturation": saturation,
    "overload": overload,
    "protocols": protocols,
    "proton": proton,
}
"""By the names that choose them."""


def measure(
    assets: Path,
    peers: Path | None = None,
    models: tuple[str, ...] = MODELS,
    only: tuple[str, ...] = (),
    quick: bool = False,
) -> None:
    """Prints the tables of each section, and writes `build/serving/results.json`.

    Args:
        assets: the folder with `models/` and `images/`.
        peers: the environments that scripts/peers.sh makes (default: build/peers).
        models: of `MODELS`.
        only: sections; none means all.
        quick: few and short rounds.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the servers end, too
    folder = _FOLDER / "serving"
    peers = (peers or _FOLDER / "peers").resolve()
    make_peers(peers)
    shutil.rmtree(folder / "plain", ignore_errors=True)
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    ground = Ground(assets.resolve(), peers, folder, models, QUICK if quick else FULL)
    tables: list[Table] = []
    for name in only or SECTIONS:
        began, load = perf_counter(), getloadavg()[0]
        found = SECTIONS[name](ground)
        print(f"\n## {name}, {perf_counter() - began:.0f} s, load average before {load:.1f}\n")
        print("\n\n".join(table.markdown() for table in found), flush=True)
        tables += found
        save(folder / "results.json", _machine(quick), tables)


def _machine(quick: bool) -> dict[str, object]:
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": cpu_name(),
        "cpus": available_cpus(),
        "python": platform.python_version(),
        "onnxruntime": onnxruntime.__version__,
        "numpy": numpy.__version__,
        "pillow": PIL.__version__,
        "quick": quick,
    }
