"""Satchel and its peers, each started the way its documentation has it."""

import json
import shutil
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.serving.ground import Ground
from benchmarks.serving.server import Candidate, Launch, Predictions, free_port
from inference_core.bench.load.open_inference import http_body

PEERS = Path(__file__).parent / "peers"
_LABELS = Path(__file__).parents[2] / "inference_core" / "zoo" / "labels"
_TRITON_CONFIGURATION = """backend: "python"
input [{{ name: "image" data_type: TYPE_STRING dims: [1] }}]
output [{{ name: "answer" data_type: TYPE_STRING dims: [1] }}]
instance_group [{{ count: {workers} kind: KIND_CPU }}]
"""


class Layout(NamedTuple):
    """Processes that infer, and threads of each inference."""

    workers: int
    threads: int

    def __str__(self) -> str:
        return f"{self.workers} x {self.threads}"


LAYOUTS = {name: Layout(2, 1) for name in ("FastAPI", "LitServe", "BentoML", "MLServer", "Triton")}
"""A session for each of two cores, so that none waits for another."""


def satchel(name: str, bundles: Path, layout: str, **settings: str) -> Candidate:
    """`satchel serve`, all settings but the named ones left alone.

    Args:
        name: for the tables.
        bundles: a bundle, or a folder of bundles.
        layout: what it runs on, in words.
        settings: `queue_size="8"` sets SATCHEL_QUEUE_SIZE.
    """
    environment = {f"SATCHEL_{key.upper()}": value for key, value in settings.items()}

    def launch(port: int) -> Launch:
        command = [sys.executable, "-m", "inference_core", "serve", str(bundles), "--port", str(port)]
        return Launch(command, bundles, environment)

    return Candidate(name, layout, launch, "/models/{}/predict", _predictions)


def echo() -> Candidate:
    """Bare uvicorn, which reads the body and answers."""
    command = [sys.executable, "-m", "uvicorn", "echo:app", "--loop", "uvloop", "--http", "httptools"]

    def launch(port: int) -> Launch:
        return Launch([*command, "--log-level", "warning", "--port", str(port)], PEERS)

    return Candidate("echo", "1 process", launch, "/{}", lambda _: [])


def peers(ground: Ground, layouts: Mapping[str, Layout] = LAYOUTS) -> list[Candidate]:
    """The others, in these layouts."""
    return [_PEERS[name](ground, layout) for name, layout in layouts.items()]


def _environment(ground: Ground, layout: Layout) -> dict[str, str]:
    return {
        "PEER_MODELS": str(ground.assets / "models"),
        "PEER_LABELS": str(_LABELS),
        "PEER_WORKERS": str(layout.workers),
        "PEER_THREADS": str(layout.threads),
        "PYTHONPATH": str(PEERS),
    }


def _predictions(content: bytes) -> Predictions:
    found: Predictions = json.loads(content)["predictions"]
    return found


def _fastapi(ground: Ground, layout: Layout) -> Candidate:
    command = [str(ground.peers / "fastapi/bin/uvicorn"), "fastapi_server:app", "--log-level", "warning"]
    command += ["--workers", str(layout.workers)]

    def launch(port: int) -> Launch:
        return Launch([*command, "--port", str(port)], PEERS, _environment(ground, layout))

    return Candidate("FastAPI", str(layout), launch, "/predict/{}", _predictions)


def _litserve(ground: Ground, layout: Layout) -> Candidate:
    command = [str(ground.peers / "litserve/bin/python"), str(PEERS / "litserve_server.py")]

    def launch(port: int) -> Launch:
        return Launch([*command, str(port)], _empty(ground, "litserve"), _environment(ground, layout))

    return Candidate("LitServe", str(layout), launch, "/predict/{}", _predictions)


def _bentoml(ground: Ground, layout: Layout) -> Candidate:
    command = [str(ground.peers / "bentoml/bin/bentoml"), "serve", "bentoml_service:Vision", "--host", "127.0.0.1"]
    home = _empty(ground, "bentoml")
    quiet = {"BENTOML_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True"}

    def launch(port: int) -> Launch:
        return Launch([*command, "--port", str(port)], home, _environment(ground, layout) | quiet)

    return Candidate("BentoML", str(layout), launch, "/{}", _predictions)


def _mlserver(ground: Ground, layout: Layout) -> Candidate:
    folder = _empty(ground, "mlserver")
    for model, runtime in (("mobilenet_v2", "Classifier"), ("yolox_nano", "Detector")):
        settings = {"name": model, "implementation": f"mlserver_runtime.{runtime}"}
        _write_json(folder / model / "model-settings.json", settings)

    def launch(port: int) -> Launch:
        settings = {"host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "metrics_endpoint": None}
        settings |= {"parallel_workers": layout.workers, "debug": False, "gzip_enabled": False}
        _write_json(folder / "settings.json", settings)
        command = [str(ground.peers / "mlserver/bin/mlserver"), "start", str(folder)]
        return Launch(command, folder, _environment(ground, layout))

    return Candidate("MLServer", str(layout), launch, "/predict/{}", _predictions)


def _triton(ground: Ground, layout: Layout) -> Candidate:
    repository = _empty(ground, "triton")
    for model in ("mobilenet_v2", "yolox_nano"):
        version = repository / model / "1"
        version.mkdir(parents=True)
        shutil.copy(PEERS / "triton_model.py", version / "model.py")
        (repository / model / "config.pbtxt").write_text(_TRITON_CONFIGURATION.format(workers=layout.workers))
    environment = _environment(ground, layout) | {"PEER_CODE": str(PEERS), "PEER_SITE": str(triton_site(ground))}

    def launch(port: int) -> Launch:
        return triton_launch(ground, repository, environment, "--allow-grpc=0", "--http-port", str(port))

    return Candidate("Triton", str(layout), launch, "/v2/models/{}/infer", _triton_predictions, http_body)


def triton_site(ground: Ground) -> Path:
    """The packages of Triton's environment."""
    return ground.peers / "triton/lib/python3.11/site-packages"


def triton_launch(ground: Ground, repository: Path, environment: Mapping[str, str], *options: str) -> Launch:
    """Triton from NVIDIA's wheel on a model repository, with its Python backend."""
    wheel = ground.peers / "triton" / "server"
    server = wheel / "pytriton" / "tritonserver"
    command = [str(server / "bin/tritonserver"), "--model-repository", str(repository), "--allow-metrics=0"]
    command += ["--backend-directory", str(server / "backends"), "--http-address", "127.0.0.1", *options]
    libraries = f"{sysconfig.get_config_var('LIBDIR')}:{wheel / 'nvidia_pytriton.libs'}"
    return Launch(command, repository, {**environment, "LD_LIBRARY_PATH": libraries})


def _triton_predictions(content: bytes) -> Predictions:
    return _predictions(json.loads(content)["outputs"][0]["data"][0].encode())


def _empty(ground: Ground, name: str) -> Path:
    folder = ground.folder / "peers" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content))


_PEERS: dict[str, Callable[[Ground, Layout], Candidate]] = {
    "FastAPI": _fastapi,
    "LitServe": _litserve,
    "BentoML": _bentoml,
    "MLServer": _mlserver,
    "Triton": _triton,
}
