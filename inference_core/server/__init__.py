"""The HTTP door: an ASGI application over the data plane."""

from inference_core.server.app import app_from_environment, create_app
from inference_core.server.service import Service

__all__ = ["Service", "app_from_environment", "create_app"]
