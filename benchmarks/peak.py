"""What this machine can do at best: one large matrix product, by each library, in a process of its own."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from inference_core.packing.apart import run_apart

_SIDE = 2048
_OPERATIONS = 2 * _SIDE**3
_RUNS = 12
_TYPES = {"fp32": "f32", "bf16": "bf16"}


def peak(precision: str) -> tuple[float, str]:
    """The most operations a second, in 10^9, and the library that reached them. Of onnxruntime only fp32 is known."""
    libraries = ("torch", "onnxruntime", "openvino") if precision == "fp32" else ("torch", "openvino")
    speeds = {
        library: float(run_apart(f"benchmarks.peak:with_{library}", purpose="a matrix product", precision=precision))
        for library in libraries
    }
    best = max(speeds, key=lambda library: speeds[library])
    return speeds[best], best


def with_torch(precision: str) -> float:
    """oneDNN's, through torch."""
    import torch

    kind = torch.float32 if precision == "fp32" else torch.bfloat16
    one, other = torch.rand(_SIDE, _SIDE).to(kind), torch.rand(_SIDE, _SIDE).to(kind)
    return _speed(lambda: one @ other)


def with_onnxruntime(precision: str) -> float:
    """That of its CPU provider, which has fp32 only."""
    assert precision == "fp32"
    import onnxruntime

    with TemporaryDirectory() as folder:
        session = onnxruntime.InferenceSession(_write_product(Path(folder) / "product.onnx"))
    one = np.random.default_rng(0).random((_SIDE, _SIDE), dtype=np.float32)
    return _speed(lambda: session.run(None, {"x": one}))


def with_openvino(precision: str) -> float:
    """That of its CPU plugin, asked for the precision."""
    import openvino

    with TemporaryDirectory() as folder:
        model = openvino.Core().read_model(_write_product(Path(folder) / "product.onnx"))
    hint = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": _TYPES[precision]}
    request = openvino.compile_model(model, "CPU", hint).create_infer_request()
    one = np.random.default_rng(0).random((_SIDE, _SIDE), dtype=np.float32)
    return _speed(lambda: request.infer([one], share_inputs=True))


def _speed(run: Callable[[], Any]) -> float:
    """10^9 operations a second of the quickest run."""
    run()
    times = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return _OPERATIONS / min(times) / 1e9


def _write_product(path: Path) -> str:
    """A graph of one product by a constant."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    constant = np.random.default_rng(1).random((_SIDE, _SIDE), dtype=np.float32)
    shape = [_SIDE, _SIDE]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(constant, "w")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), str(path))
    return str(path)
