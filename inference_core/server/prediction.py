"""Prediction: on one picture, on several, and drawn."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from inference_core.drawing import draw_result
from inference_core.repository import Model
from inference_core.server.acceptance import format_for
from inference_core.server.answers import answer
from inference_core.server.body import read_image, read_images
from inference_core.server.connection import while_connected
from inference_core.server.direct import DirectRoute
from inference_core.server.given import limits_of, version_of
from inference_core.server.patience import patience_of
from inference_core.server.service import Service
from inference_core.settings import Settings
from inference_core.tasks import Result


async def _predict(request: Request, model: Model, settings: Settings) -> tuple[bytes, Result]:
    """The picture that was sent, and what was found on it."""
    limits, patience = limits_of(request), patience_of(request, settings)
    model.scheduler.check_room()
    image = await read_image(request, settings.max_body_mb * 2**20, patience, settings.url_hosts)
    result = await while_connected(request, model.scheduler.predict(image, limits, timeout=patience.left))
    request.state.timings = result.timings_ms
    return image, result


async def predict(request: Request) -> Response:
    """Runs the model on the picture in the body."""
    service: Service = request.app.state.service
    async with service.lease(request.path_params["name"], version_of(request)) as model:
        _, result = await _predict(request, model, service.settings)
    return answer(result)


async def predict_batch(request: Request) -> Response:
    """Runs the model on each picture: a result or an error for each, in order. A bad picture fails alone."""
    service: Service = request.app.state.service
    settings = service.settings
    limits, patience = limits_of(request), patience_of(request, settings)
    async with service.lease(request.path_params["name"], version_of(request)) as model:
        model.scheduler.check_room()
        images = await read_images(request, settings.max_body_mb * 2**20, patience, settings.max_images)
        work = model.scheduler.predict_batch(images, limits, timeout=patience.left)
        outcomes = await while_connected(request, work)
    return answer({"results": [o if isinstance(o, Result) else o.body() for o in outcomes]})


async def predict_image(request: Request) -> Response:
    """Runs the model on the picture in the body and draws what it finds, as PNG or, by `Accept`, as JPEG."""
    service: Service = request.app.state.service
    settings = service.settings
    media_type, kind = format_for(request.headers.get("accept"))
    async with service.lease(request.path_params["name"], version_of(request)) as model:
        image, result = await _predict(request, model, settings)
        drawn = await asyncio.to_thread(draw_result, image, model.manifest, result, kind, settings.max_pixels)
    return Response(drawn, media_type=media_type)


DIRECT = (
    DirectRoute("POST", "/models/{name}/predict", predict),
    DirectRoute("POST", "/models/{name}/predict_batch", predict_batch),
    DirectRoute("POST", "/models/{name}/predict_image", predict_image),
)
