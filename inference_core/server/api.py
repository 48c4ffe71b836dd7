"""The routes as FastAPI has them: every one, for the OpenAPI document, and for whatever is not answered directly.

Importing FastAPI takes longer than importing all else that serves, so nothing imports this module before it is needed.
"""

from fastapi import FastAPI
from starlette.datastructures import State

from inference_core import __version__
from inference_core.server import routes
from inference_core.server.answers import install_error_handlers
from inference_core.server.bmw.routes import router as bmw
from inference_core.server.oip.routes import router as oip
from inference_core.server.page.routes import router as page
from inference_core.server.routes.metrics import router as metrics
from inference_core.server.tfs.routes import router as tfs


def create_api(state: State) -> FastAPI:
    """Builds the routes.

    Args:
        state: of the application that they belong to.
    """
    api = FastAPI(
        title="Satchel",
        version=__version__,
        summary="Trained vision models, packed and served.",
        docs_url=None,  # the page has its own, which needs no other host
        redoc_url=None,
    )
    api.state = state
    for router in (routes.router, page, metrics, oip, tfs, bmw):
        api.include_router(router)
    install_error_handlers(api)
    return api
