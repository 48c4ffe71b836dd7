"""The whole thin server: pictures in, results out, the model at Triton; and what its process costs."""

import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.remote.service import Service
from benchmarks.serving.candidates import satchel
from benchmarks.serving.figures import Table, over
from benchmarks.serving.ground import Ground
from benchmarks.serving.loading import ask_in_turn, crowd
from benchmarks.serving.matrix import CALLERS, spread
from benchmarks.serving.pictures import pictures
from benchmarks.serving.server import Candidate, Server, running
from inference_core.bench.load import Report
from inference_core.bundle import open_bundle

_COLUMNS = ("model", "where the model runs", "p50 ms", f"requests/s at {CALLERS}", "failed")
_STARTS = {
    "bare FastAPI, uvicorn, NumPy, Pillow": "import fastapi, numpy, PIL.Image, uvicorn",
    "bare Starlette, pydantic, uvicorn, NumPy, Pillow": "import numpy, PIL.Image, starlette.applications, uvicorn; "
    "from pydantic import BaseModel",
    "a built application": "import os; from inference_core.server import create_app, Service; "
    "from inference_core.settings import Settings; create_app(Service(Settings.from_environment(os.environ)))",
}
"""What an interpreter is started for, by what it is called."""
_TURNS = 9


def thin(ground: Ground, service: Service, bundles: Mapping[str, Path]) -> list[Table]:
    """Latency for one caller, requests a second for sixteen, embedded beside thin; then memory and start."""
    [picture, *_] = pictures(ground.assets)
    table = Table(f"the whole server, {picture.name}", _COLUMNS)
    costs = Table("the thin process", ("figure", "value"))
    for model, path in bundles.items():
        with _both(ground, service, path) as servers:
            rounds: dict[str, list[tuple[Report, Report]]] = {server.name: [] for server in servers}
            for _ in range(ground.plan.rounds):
                for server in servers:
                    target = server.target(model, [picture])
                    alone = ask_in_turn(target, ground.plan.requests)
                    rounds[server.name].append((alone, crowd(target, CALLERS, ground.plan.seconds)))
            for server in servers:
                memory = _resident(server)
                costs.add((f"{server.name}, {model}: resident MiB after load", f"{memory:.0f}"), rss=memory)
        for name, reports in rounds.items():
            rate = over([many.throughput for _, many in reports])
            failed = sum(report.failed for pair in reports for report in pair)
            p50 = spread([one for one, _ in reports], 50)
            table.add((model, name, p50, rate, failed), model=model, where=name, p50_ms=p50, rate=rate)
    settings = {"SATCHEL_MODE": "remote", "SATCHEL_REMOTE_URL": f"http://{service.http}"}
    settings["SATCHEL_MODELS"] = str(next(iter(bundles.values())))
    turns = [{name: _start(ground, code, settings) for name, code in _STARTS.items()} for _ in range(_TURNS)]
    for name in _STARTS:
        wall, busy = (over([turn[name][part] for turn in turns]) for part in (0, 1))
        costs.add((f"process start to {name}, ms", wall), start_ms=wall)
        costs.add((f"process start to {name}, ms of CPU", busy), start_cpu_ms=busy)
    return [table, costs]


@contextmanager
def _both(ground: Ground, service: Service, bundle: Path) -> Iterator[list[Server]]:
    thin_bundle = _without_model(bundle, ground.folder / "thin" / bundle.name)
    candidates = [
        satchel("embedded", bundle, "as it comes"),
        _remote("thin, REST", thin_bundle, f"http://{service.http}", "oip-http"),
        _remote("thin, gRPC", thin_bundle, f"grpc://{service.grpc}", "oip-grpc"),
    ]
    logs = ground.folder / "logs"
    [picture, *_] = pictures(ground.assets)
    with (
        running(candidates[0], logs) as one,
        running(candidates[1], logs) as two,
        running(candidates[2], logs) as three,
    ):
        for server in (one, two, three):
            server.wait([bundle.name], picture)
        yield [one, two, three]


def _remote(name: str, bundle: Path, url: str, protocol: str) -> Candidate:
    return satchel(name, bundle, "thin", mode="remote", remote_url=url, remote_protocol=protocol)


def _without_model(bundle: Path, target: Path) -> Path:
    """A copy that lacks every artifact's files."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(bundle, target)
    with open_bundle(bundle) as opened:
        for artifact in opened.manifest.artifacts:
            for name in opened.manifest.files:
                if artifact.owns(name):
                    (target / name).unlink()
    return target


def _resident(server: Server) -> float:
    """MiB of the server's processes that are in memory."""
    return sum(
        int(line.split()[1]) / 1024
        for pid in server.processes()
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )


def _start(ground: Ground, code: str, settings: Mapping[str, str]) -> tuple[float, float]:
    """Milliseconds that an interpreter takes for `code` from its start to its end: on the clock, and of CPU."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, env=settings, cwd=ground.folder)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall * 1e3, (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e3
