"""The Open Inference Protocol v2 over HTTP, and what HTTP and gRPC have in common."""

from inference_core.server.oip.routes import DIRECT, router

__all__ = ["DIRECT", "router"]
