"""ONNX graphs in int8, as onnxruntime runs them: QuantizeLinear and DequantizeLinear around what is quantized."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import onnxruntime as ort

from inference_core.packing.apart import run_apart
from inference_core.packing.graph import ModelGraph
from inference_core.packing.onnx.calibration import batch_size, check_calibration
from inference_core.packing.onnx.simplification import simplify_onnx

FILE = "model.int8.onnx"
_OPSET = 17
"""QuantizeLinear per channel came with 13; 17 is what the libraries around are tested with most."""


class Quantized(NamedTuple):
    """What quantizing a graph gave."""

    graph: ModelGraph
    """In int8."""
    simple: ModelGraph
    """In fp32, with nodes between inputs and outputs as `simplify_onnx` leaves them."""
    sensitive: list[str]
    """The nodes of `simple` that stay in float32: finding them takes most of the time."""


def quantize_onnx(graph: ModelGraph, calibration: Sequence[Path], scratch: Path) -> Quantized:
    """Quantizes weights to int8 per channel and activations to uint8 per tensor, after training.

    Layers that spoil the answer even when they alone are quantized stay in float32: see `quantization_job`.

    Args:
        graph: an ONNX model in fp32 with one input.
        calibration: `.npy` files, each one input tensor [1, ...].
        scratch: a folder for what is made.

    Raises:
        PackError: it is quantized already, has no layer to quantize, or none that bears it; or there is nothing to
            calibrate with.
    """
    check_calibration(graph, calibration)
    simple = simplify_onnx(graph, scratch, opset=_OPSET)
    target = scratch / FILE
    found = run_apart(
        "inference_core.packing.onnx.quantization_job:quantize",
        purpose="quantizing the ONNX model",
        model=str(simple.path),
        result=str(target),
        calibration=[str(path) for path in calibration],
        batch=batch_size(graph),
    )
    how = f"onnxruntime {ort.__version__}, mean extremes of {len(calibration)} pictures"
    note = f"{how}, {found['kept']} of {found['stretches']} stretches in fp32"
    made = replace(simple, file=FILE, path=target, precision="int8", provenance={"onnxruntime int8": note})
    return Quantized(made, simple, found["nodes"])
