"""The child that quantizes a graph with NNCF, which brings much along and prints."""

from typing import Any

import nncf
import openvino as ov

from inference_core.packing.onnx.calibration import read_tensors
from inference_core.packing.openvino.job import VERSION, read_onnx, write_ir


def quantize(
    model: str, result: str, names: list[list[str]], sensitive: list[str], calibration: list[str], batch: int
) -> dict[str, str]:
    """Writes `result` and the weights beside it; `sensitive` are nodes to leave in float32. Answers the versions."""
    graph = read_onnx(model, names)
    quantized: Any = nncf.quantize(
        graph,
        nncf.Dataset(calibration, lambda path: next(read_tensors([path], batch))),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(calibration),
        ignored_scope=nncf.IgnoredScope(names=_known(graph, sensitive), validate=False),
    )
    write_ir(quantized, result, half=False)
    note = f"mixed preset, {len(calibration)} pictures, {len(sensitive)} nodes in fp32"
    return {"openvino": VERSION, "nncf": nncf.__version__, "openvino int8": note}


def _known(graph: ov.Model, nodes: list[str]) -> list[str]:
    """What OpenVINO made of these ONNX nodes: a node of the same name, or several named below it."""
    wanted = set(nodes)
    names = [node.get_friendly_name() for node in graph.get_ordered_ops() if node.get_type_name() != "Constant"]
    return [name for name in names if name in wanted or name.rpartition("/")[0] in wanted]
