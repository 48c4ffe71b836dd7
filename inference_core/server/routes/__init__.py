"""The product's own routes: what can be asked over HTTP. Each is a thin step onto the service."""

from fastapi import APIRouter

from inference_core.server.routes import health, models, predict
from inference_core.server.routes.documents import ANY_ERROR

router = APIRouter(responses=ANY_ERROR)
for _part in (predict, models, health):
    router.include_router(_part.router)

__all__ = ["router"]
