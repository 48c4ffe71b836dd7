"""The route that has to be quickest: detection."""

from starlette.requests import Request
from starlette.responses import Response

from inference_core.server.answers import answer
from inference_core.server.bmw.form import read_form
from inference_core.server.bmw.ids import find_model
from inference_core.server.bmw.shapes import bounding_boxes, check_boxed
from inference_core.server.connection import while_connected
from inference_core.server.direct import DirectRoute
from inference_core.server.patience import patience_of
from inference_core.server.service import Service


async def detect(request: Request) -> Response:
    """Runs a model for detection on a picture. `confidence` goes from 0 to 100."""
    service: Service = request.app.state.service
    patience = patience_of(request, service.settings)
    form = await read_form(request, service.settings.max_body_mb * 2**20, patience)
    name, version = find_model(service.models.entries(), form.field("model"))
    image = form.image()
    async with service.lease(name, version) as model:
        check_boxed(name, model.manifest.task)
        result = await while_connected(request, model.scheduler.predict(image, timeout=patience.left))
    request.state.timings = result.timings_ms
    return answer(bounding_boxes(result))


DIRECT = (DirectRoute("POST", "/detect", detect),)
