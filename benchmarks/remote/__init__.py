"""Remote mode beside `tritonclient` and beside the model in this process; the service is a real Triton."""

from benchmarks.remote.run import measure

__all__ = ["measure"]
