"""Satchel: pack a trained vision model into a verified bundle and serve it from anywhere.

The names a caller needs are resolved on first use, so that importing the package costs nothing:

    from inference_core import LocalPredictor, open_bundle

    with open_bundle("models/card_elements") as bundle, LocalPredictor.load(bundle) as predictor:
        [result] = predictor.predict([image_bytes])
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["Bundle", "LocalPredictor", "Predictor", "SatchelError", "open_bundle"]

if TYPE_CHECKING:
    from inference_core.bundle import Bundle, open_bundle
    from inference_core.errors import SatchelError
    from inference_core.pipeline import LocalPredictor
    from inference_core.predictor import Predictor

_HOMES = {
    "Bundle": "inference_core.bundle",
    "LocalPredictor": "inference_core.pipeline",
    "Predictor": "inference_core.predictor",
    "SatchelError": "inference_core.errors",
    "open_bundle": "inference_core.bundle",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
