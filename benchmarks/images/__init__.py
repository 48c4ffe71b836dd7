"""The images: their sizes by layer and how they start, against docker/budgets.toml."""

from benchmarks.images.run import measure, offer

__all__ = ["measure", "offer"]
