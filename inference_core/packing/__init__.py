"""From a trained model and a recipe to a bundle."""

from inference_core.packing.pack import Packed, pack_model

__all__ = ["Packed", "pack_model"]
