"""Health: whether the process lives, whether it can predict, and what it is."""

import platform

from fastapi import APIRouter, Response

from inference_core import __version__
from inference_core.engines import engine_versions
from inference_core.imaging import imaging_paths
from inference_core.server.answers import answer
from inference_core.server.probes import live, ready
from inference_core.server.routes.documents import NOT_READY
from inference_core.tasks.native import postprocessing_path

router = APIRouter(tags=["health"])


router.get("/health/live", summary="Is the process alive?")(live)
router.get("/health/ready", summary="Can it predict?", responses=NOT_READY)(ready)


@router.get("/version", summary="What is running?")
async def show_version() -> Response:
    """Versions of Satchel, Python and the engines."""
    return answer(
        {
            "satchel": __version__,
            "python": platform.python_version(),
            "engines": engine_versions(),
            "imaging": imaging_paths(),
            "postprocessing": postprocessing_path(),
        }
    )
