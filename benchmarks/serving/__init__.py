"""Satchel beside other servers: the same models and pictures, JPEG in and JSON out."""

from benchmarks.serving.run import MODELS, SECTIONS, measure

__all__ = ["MODELS", "SECTIONS", "measure"]
