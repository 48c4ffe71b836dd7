"""Engines: each runs one kind of artifact behind the same five methods."""

from inference_core.engines.engine import Array, Engine, EngineDescription, EngineOptions, LocalEngine
from inference_core.engines.registry import engine_type, engine_versions, load_engine

__all__ = [
    "Array",
    "Engine",
    "EngineDescription",
    "EngineOptions",
    "LocalEngine",
    "engine_type",
    "engine_versions",
    "load_engine",
]
