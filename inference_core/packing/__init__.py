"""From a trained model and a recipe to a bundle."""

from inference_core.packing.pack import Packed, pack_onnx

__all__ = ["Packed", "pack_onnx"]
