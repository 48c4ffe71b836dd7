"""The child that quantizes an ONNX graph with onnxruntime."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization import QDQQuantizer, QuantType, create_calibrator
from onnxruntime.quantization.calibrate import TensorsData
from onnxruntime.quantization.registry import QDQRegistry, QLinearOpsRegistry

from inference_core.cpu import available_cpus
from inference_core.engines import Array, EngineOptions
from inference_core.engines.onnx_runtime import session_options
from inference_core.errors import PackError
from inference_core.packing.onnx.calibration import read_tensors

_LAYERS = {"Conv", "ConvTranspose", "Gemm", "MatMul"}
_PICKS = {"NonMaxSuppression", "TopK"}
"""What turns a small change of values into another choice of rows."""
_KINDS = sorted({*QDQRegistry, *QLinearOpsRegistry})
_TRIALS = 3
"""Calibration tensors that a stretch is tried on."""
_SPOILS = 0.05
"""Share of the outputs' root mean square that one quantized stretch may change them by. Of the hundred layers of a
detector nine are above, which cost it a sixth of its precision; of a classifier two or none."""


def quantize(model: str, result: str, calibration: list[str], batch: int) -> dict[str, Any]:
    """Writes the quantized graph; answers how many `stretches` it has, how many are `kept` in float32, and the `nodes`
    of those.

    A stretch is a layer with weights and what follows it up to the next one. What comes after the last layer of every
    path is left in float32: boxes, scores and the like share tensors there, and little time is spent.
    """
    work = _Work(Path(model), read_tensors(calibration, batch))
    kept = work.sensitive(list(read_tensors(calibration[:_TRIALS], batch)))
    nodes = [name for stretch in kept for name in stretch]
    onnx.save(work.quantized(nodes), result)
    return {"stretches": len(work.stretches), "kept": len(kept), "nodes": nodes}


class _Work:
    def __init__(self, path: Path, tensors: Iterable[Array]) -> None:
        self._model = onnx.load(str(path))
        self.stretches, self._tail = _cut(self._model.graph)
        self._input = self._model.graph.input[0].name
        self._ranges = _measure(path, self._input, tensors)

    def quantized(self, kept: Iterable[str]) -> onnx.ModelProto:
        """A copy in which all nodes but `kept` and the tail are quantized."""
        copy = onnx.ModelProto()
        copy.CopyFrom(self._model)
        excluded = [*kept, *self._tail]
        quantizer = QDQQuantizer(
            copy,
            per_channel=True,
            reduce_range=False,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=self._ranges,
            nodes_to_quantize=[],
            nodes_to_exclude=excluded,
            op_types_to_quantize=_KINDS,
            extra_options={},
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()  # what ONNX asks for, and not all tools can do without
        done: onnx.ModelProto = quantizer.model.model
        return done

    def sensitive(self, tensors: Sequence[Array]) -> list[list[str]]:
        """Stretches that alone change the outputs too much; of a graph that picks, what it picks from.

        Raises:
            PackError: every layer does.
        """
        wanted = self._run(self._model, tensors)
        every = {node.name for node in self._model.graph.node}
        found = [
            stretch
            for stretch in self.stretches
            if _change(self._run(self.quantized(sorted(every - set(stretch))), tensors), wanted) > _SPOILS
        ]
        layers = {node.name for node in self._model.graph.node if node.op_type in _LAYERS}
        if layers.issubset(name for stretch in found for name in stretch):
            raise PackError(
                "no layer of the model bears int8",
                got=f"each changes the outputs by more than {_SPOILS:.0%} when it alone is quantized",
                remedy="pack it without int8",
            )
        return found

    def _run(self, model: onnx.ModelProto, tensors: Sequence[Array]) -> list[list[Array]]:
        tail = [node for node in self._model.graph.node if node.name in self._tail]
        if any(node.op_type in _PICKS for node in tail):
            model = _ending_before(model, tail)
        options = session_options(EngineOptions(threads=available_cpus()))
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return [session.run(None, {self._input: tensor}) for tensor in tensors]


def _ending_before(model: onnx.ModelProto, tail: Sequence[onnx.NodeProto]) -> onnx.ModelProto:
    """A copy whose outputs are what the tail reads of the layers."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    made = {name for node in tail for name in node.output}
    layers = {name for node in copy.graph.node if node.op_type in _LAYERS for name in node.output}
    read = dict.fromkeys(name for node in tail for name in node.input if name in layers - made)
    del copy.graph.output[:]
    copy.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in read)
    return copy


def _cut(graph: onnx.GraphProto) -> tuple[list[list[str]], list[str]]:
    """The stretches, and the nodes that no layer comes after."""
    stretches: list[list[str]] = [[]]
    for node in graph.node:
        if node.op_type in _LAYERS and stretches[-1]:
            stretches.append([])
        stretches[-1].append(node.name)
    before: set[str] = set()
    tail = []
    for node in reversed(graph.node):
        if node.op_type in _LAYERS or before.intersection(node.output):
            before.update(node.input)
        else:
            tail.append(node.name)
    if not before:
        raise PackError(
            "the model has nothing to quantize",
            got=", ".join(sorted({node.op_type for node in graph.node})),
            expected=f"at least one of {', '.join(sorted(_LAYERS))}",
            remedy="pack it without int8",
        )
    return stretches, tail


def _measure(path: Path, name: str, tensors: Iterable[Array]) -> TensorsData:
    """The range of every value: the mean over the pictures of its least and of its largest, so that one odd picture
    does not coarsen all."""
    calibrator = create_calibrator(
        path, _KINDS, augmented_model_path=str(path.with_suffix(".ranges.onnx")), extra_options={"moving_average": True}
    )
    calibrator.collect_data(_Reader(name, tensors))
    return calibrator.compute_data()


class _Reader:
    """What onnxruntime's calibrators draw feeds from."""

    def __init__(self, name: str, tensors: Iterable[Array]) -> None:
        self._feeds = ({name: tensor} for tensor in tensors)

    def get_next(self) -> dict[str, Array] | None:
        return next(self._feeds, None)


def _change(got: Sequence[Sequence[Array]], wanted: Sequence[Sequence[Array]]) -> float:
    """Root mean square of the difference as a share of the outputs', the worst of the outputs."""
    worst = 0.0
    for values in zip(zip(*got, strict=True), zip(*wanted, strict=True), strict=True):
        ours, theirs = (np.concatenate([np.ravel(value) for value in each]).astype(np.float64) for each in values)
        if ours.shape != theirs.shape:
            return 1.0  # such as boxes that are kept or not
        scale = float(np.sqrt(np.mean(theirs**2)))
        worst = max(worst, float(np.sqrt(np.mean((ours - theirs) ** 2))) / (scale or 1.0))
    return worst
