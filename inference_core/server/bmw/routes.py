"""The routes: each a thin step onto the service."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from inference_core.server.answers import answer
from inference_core.server.bmw.direct import detect
from inference_core.server.bmw.documents import BOXES, DETECT_FORM, LABEL_IDS, LOADED, MODEL_FORM, MODEL_IDS
from inference_core.server.bmw.form import read_form
from inference_core.server.bmw.ids import find_model, label_ids, model_id
from inference_core.server.bmw.shapes import api_response
from inference_core.server.patience import patience_of
from inference_core.server.routes.documents import ADMIN_ERRORS, ANY_ERROR, IMAGE_ERRORS, NOT_READY, errors
from inference_core.server.routes.given import Name, TheService
from inference_core.server.security import require_admin
from inference_core.server.service import Service

_SHORT = 2**16
"""Bytes of a form without a file."""

router = APIRouter(tags=["BMW inference API"], responses=ANY_ERROR)


@router.get("/load", summary="Load all models and tell their ids", responses=MODEL_IDS | NOT_READY)
async def load_all(service: TheService) -> Response:
    """Loads what is not loaded yet, the newest version of each model. Ids stay the same as long as the bundle does.

    A model that was unloaded on purpose stays so, and is left out.
    """
    names = dict.fromkeys(entry.name for entry in service.models.entries())
    ids = {}
    for name in names:
        if not service.models.entry(name).kept_out:
            async with service.lease(name) as model:
                ids[name] = model_id(model.manifest)
    return answer(ids)


router.post("/detect", summary="Detect objects", responses=BOXES | IMAGE_ERRORS, openapi_extra=DETECT_FORM)(detect)


@router.post(
    "/get_labels",
    summary="Tell the ids of a model's labels",
    responses=LABEL_IDS | NOT_READY | errors({404: "no such model"}),
    openapi_extra=MODEL_FORM,
)
async def post_labels(request: Request, service: TheService) -> Response:
    """Ids stay the same as long as the bundle does."""
    form = await read_form(request, _SHORT, patience_of(request, service.settings))
    return _labels(service, form.field("model"))


@router.get(
    "/get_labels",
    summary="Tell the ids of a model's labels",
    responses=LABEL_IDS | NOT_READY | errors({404: "no such model"}),
)
async def get_labels(
    service: TheService, model: Annotated[str, Query(description="The model's id or name.")]
) -> Response:
    """As POST, for a browser."""
    return _labels(service, model)


@router.get("/models/{name}/load", summary="Load a model as BMW's API does", responses=LOADED | ADMIN_ERRORS)
async def load_one(
    service: TheService,
    name: Name,
    force: Annotated[
        bool, Query(description="Also load it again where its files changed; needs SATCHEL_ADMIN.")
    ] = False,
) -> Response:
    """Loads the model unless it is loaded. It changes nothing that the next request would not, so anybody may ask."""
    if force:
        require_admin(service)
        await service.load(name)
    async with service.lease(name):
        return answer(api_response())


def _labels(service: Service, wanted: str) -> Response:
    name, version = find_model(service.models.entries(), wanted)
    return answer(label_ids(service.models.entry(name, version).manifest))
