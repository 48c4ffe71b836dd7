"""Making the variants of a model: from the source to each engine's format, ONNX being the road between frameworks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from inference_core.bundle.tuning import Precision
from inference_core.dependencies import require
from inference_core.errors import PackError, SatchelError
from inference_core.packing.choice import Variant
from inference_core.packing.graph import ModelGraph

if TYPE_CHECKING:
    from inference_core.packing.onnx.quantization import Quantized

Made = TypeVar("Made")


class Converter:
    """Makes variants of one source, each in a folder of its own.

    Args:
        source: the model that was given.
        scratch: an empty folder for what is made.
        tensors: .npy files, the model's input for the pictures of the comparison.
        calibration: the same for the pictures that int8 is calibrated with.
    """

    def __init__(self, source: ModelGraph, scratch: Path, tensors: Sequence[Path], calibration: Sequence[Path]) -> None:
        self._source = source
        self._scratch = scratch
        self._tensors = tensors
        self._calibration = calibration
        self._made: dict[str, Any] = {}

    def make(self, variant: Variant) -> ModelGraph:
        """The model for that engine in that precision.

        Raises:
            PackError: it cannot be converted, such as for an operator that the other side lacks.
            MissingDependencyError: a package for it is not installed.
        """
        if variant == (self._source.engine, self._source.precision):
            return self._source
        if variant.precision == "int8" and not self._calibration:
            raise PackError(
                f"{variant} needs pictures to be calibrated with",
                got="none",
                expected="some dozens like those the model will meet",
                remedy="give --images or --calibration",
            )
        match variant.engine:
            case "openvino":
                return self._openvino(variant.precision)
            case "onnxruntime":
                return self._onnxruntime(variant.precision)
            case _:
                return self._torchscript()

    def _torchscript(self) -> ModelGraph:
        from inference_core.packing.torch.source import round_torchscript

        return round_torchscript(self._source, self._folder("torchscript"))

    def _openvino(self, precision: Precision) -> ModelGraph:
        require("openvino", extra="openvino", purpose="packing for openvino")
        from inference_core.packing.openvino.ir import quantize_openvino, to_openvino

        if precision == "int8":
            require("nncf", extra="nncf", purpose="quantizing a model for OpenVINO")
            return quantize_openvino(self._quantized(), self._calibration, self._folder("openvino-int8"))
        return to_openvino(self._as_onnx(), precision, self._folder(f"openvino-{precision}"))

    def _onnxruntime(self, precision: Precision) -> ModelGraph:
        require("onnxruntime", extra="onnx", purpose="packing for onnxruntime")
        if precision == "int8":
            return self._quantized().graph
        graph = self._as_onnx()
        if precision == "fp32":
            return graph
        from inference_core.packing.onnx.half import halve_onnx

        return halve_onnx(graph, self._folder(f"onnxruntime-{precision}"))

    def _quantized(self) -> "Quantized":
        """The source in int8 for onnxruntime, and the layers that do not bear it in OpenVINO either."""
        require("onnxruntime", extra="onnx", purpose="quantizing a model")
        graph = self._as_onnx()
        from inference_core.packing.onnx.quantization import quantize_onnx

        return self._once("int8", lambda folder: quantize_onnx(graph, self._calibration, folder))

    def _as_onnx(self) -> ModelGraph:
        """The source in ONNX and fp32."""
        if self._source.engine == "onnxruntime":
            return self._source
        require("onnx", extra="pack", purpose="converting a model to ONNX")
        return self._once("onnx", self._exported)

    def _exported(self, folder: Path) -> ModelGraph:
        if self._source.engine == "tensorflow":
            from inference_core.packing.tensorflow.graph import tensorflow_to_onnx

            return tensorflow_to_onnx(self._source, folder)
        from inference_core.packing.torch.source import torchscript_to_onnx

        return torchscript_to_onnx(self._source, folder, self._tensors)

    def _once(self, name: str, make: Callable[[Path], Made]) -> Made:
        """What several variants need: made in a folder of that name, at the first call, or failed then for all."""
        if name not in self._made:
            try:
                self._made[name] = make(self._folder(name))
            except SatchelError as error:
                self._made[name] = error
        made: Made | SatchelError = self._made[name]
        if isinstance(made, SatchelError):
            raise made
        return made

    def _folder(self, name: str) -> Path:
        folder = self._scratch / name
        folder.mkdir()
        return folder
