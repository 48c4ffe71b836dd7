"""The doors over a network: an ASGI application over the data plane, and gRPC beside it."""

from inference_core.server.app import app_from_environment, create_app
from inference_core.server.exposition import prepare_multiprocess
from inference_core.server.http import Server, server_options
from inference_core.server.logs import configure_logging
from inference_core.server.metrics import Metrics
from inference_core.server.service import Service

__all__ = [
    "Metrics",
    "Server",
    "Service",
    "app_from_environment",
    "configure_logging",
    "create_app",
    "prepare_multiprocess",
    "server_options",
]
