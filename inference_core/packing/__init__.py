"""From a trained model and a recipe to a bundle."""

from inference_core.packing.choice import Choice
from inference_core.packing.pack import Packed, pack_model

__all__ = ["Choice", "Packed", "pack_model"]
