"""The whole comparison, printed as Markdown and kept as JSON."""

import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.remote.calls import calls
from benchmarks.remote.service import triton
from benchmarks.remote.thin import thin
from benchmarks.serving.figures import Table, save
from benchmarks.serving.ground import FULL, QUICK, Ground, make_peers
from inference_core.cpu import available_cpus, cpu_name
from inference_core.packing import pack_model

_FOLDER = Path(__file__).parents[2] / "build"
_MODELS = ("mobilenet_v2", "yolox_nano")
_SIDE = 640
_RECIPE = """
name = "means_640"
task = "classification"
architecture = "means"
license = "MIT"
labels = "labels.txt"
preprocess = [
    {{ op = "decode", color = "RGB" }},
    {{ op = "resize", width = {side}, height = {side} }},
    {{ op = "tensor", layout = "NCHW", scale = 0.00392156862745098 }},
]
postprocess = [{{ op = "softmax" }}, {{ op = "top", k = 3 }}]
"""


def measure(assets: Path, peers: Path | None = None, quick: bool = False) -> None:
    """Prints the tables, and writes `build/remote/results.json`.

    Args:
        assets: the folder with `models/` and `images/`.
        peers: the environments that scripts/peers.sh makes (default: build/peers).
        quick: few and short rounds.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the servers end, too
    folder = _FOLDER / "remote"
    peers = (peers or _FOLDER / "peers").resolve()
    make_peers(peers, "triton")
    shutil.rmtree(folder / "plain", ignore_errors=True)
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    ground = Ground(assets.resolve(), peers, folder, _MODELS, QUICK if quick else FULL)
    bundles = {name: ground.plain(name) for name in _MODELS}
    with triton(ground, [*bundles.values(), means := _means(folder)]) as service:
        tables = [
            calls(service, {**bundles, "means_640": means}, ground.plan.requests),
            *thin(ground, service, bundles),
        ]
    print("\n\n".join(table.markdown() for table in tables), flush=True)
    _keep(folder / "results.json", tables)


def _keep(path: Path, tables: list[Table]) -> None:
    save(path, {"cpu": cpu_name(), "cpus": available_cpus()}, tables)


def _means(folder: Path) -> Path:
    """A model that does next to nothing on 640 x 640, so that the way there is what is timed."""
    shape = [1, 3, _SIDE, _SIDE]
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["images"], ["pooled"]),
            helper.make_node("Reshape", ["pooled", "shape"], ["logits"]),
        ],
        "means",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, 3])],
        [numpy_helper.from_array(np.array([1, 3], np.int64), "shape")],
    )
    work = folder / "means"
    work.mkdir(exist_ok=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(work / "means.onnx"))
    (work / "recipe.toml").write_text(_RECIPE.format(side=_SIDE))
    (work / "labels.txt").write_text("red\ngreen\nblue\n")
    target = folder / "plain" / "means_640"
    pack_model(work / "means.onnx", str(work / "recipe.toml"), target)
    return target
