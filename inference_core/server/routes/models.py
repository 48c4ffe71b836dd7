"""The models: what they are, what state they are in, and what is asked of them when a request does not say."""

import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, ConfigDict, Field

from inference_core.limits import Limits
from inference_core.repository import Entry, Model
from inference_core.server.answers import answer
from inference_core.server.routes.documents import ADMIN_ERRORS, MODEL_ERRORS, NOT_READY
from inference_core.server.routes.given import Name, TheService, Version
from inference_core.server.security import require_admin

router = APIRouter(tags=["models"])


class Configuration(BaseModel):
    """What every request gets that does not say otherwise; null leaves it to the bundle."""

    model_config = ConfigDict(extra="forbid", strict=True)

    confidence: Annotated[float | None, Field(ge=0, le=1, allow_inf_nan=False)] = None
    """Least score."""
    max_predictions: Annotated[int | None, Field(ge=1, le=100_000)] = None


@router.get("/models", summary="List the models", responses=NOT_READY)
async def list_models(service: TheService) -> Response:
    """Name, version, task, architecture and state of each version of each model."""
    return answer({"models": [_summary(entry) | {"state": entry.state} for entry in service.models.entries()]})


@router.get("/models/{name}", summary="Describe a model", responses=MODEL_ERRORS)
async def describe_model(name: Name, service: TheService, version: Version = None) -> Response:
    """What the model is, where it came from, how it was measured, and, where it is loaded, what runs it."""
    entry = service.models.entry(name, version)
    manifest = entry.manifest.model_dump(mode="json", include={"license", "source", "metrics", "provenance"})
    running = {} if entry.model is None else _running(entry.model)
    return answer(_summary(entry) | {"state": entry.state} | manifest | running)


@router.get("/models/{name}/status", summary="Show the state of a model's versions", responses=MODEL_ERRORS)
async def show_status(name: Name, service: TheService) -> Response:
    """Each version, the newest first: `ready`, `loading`, `unloaded` or `failed`, and what went wrong last."""
    found = service.models.versions(name)
    states = [{"version": entry.version, "state": entry.state, "reason": entry.reason} for entry in found]
    return answer({"model": name, "versions": states})


@router.get("/models/{name}/labels", summary="List a model's labels", responses=MODEL_ERRORS)
async def list_labels(name: Name, service: TheService, version: Version = None) -> Response:
    """Ids and names, in the order of the model's outputs."""
    labels = service.models.entry(name, version).manifest.labels
    return answer({"labels": [label.model_dump(exclude_none=True) for label in labels]})


@router.get("/models/{name}/config", summary="Show a model's configuration", responses=MODEL_ERRORS)
async def show_config(name: Name, service: TheService, version: Version = None) -> Response:
    """The limits set at run time, the steps before and after the model, thresholds included, and a pose's skeleton."""
    return answer(_config(service.models.entry(name, version), service.models.limits(name)))


@router.patch("/models/{name}/config", summary="Change a model's limits", responses=ADMIN_ERRORS)
async def change_config(name: Name, service: TheService, wanted: Annotated[Configuration, Body()]) -> Response:
    """Sets the named limits for every request to come that does not say otherwise; null gives one back to the bundle.

    Lasts until the process ends: the bundle itself never changes.
    """
    require_admin(service)
    before = service.models.limits(name)
    service.set_limits(name, dataclasses.replace(before, **wanted.model_dump(exclude_unset=True)))
    return answer(_config(service.models.entry(name), service.models.limits(name)))


@router.post("/models/{name}/load", summary="Load a model", responses=ADMIN_ERRORS)
async def load_model(name: Name, service: TheService, version: Version = None) -> Response:
    """Loads a version, or all of them; again where files changed: the old one serves until the new one is warm."""
    require_admin(service)
    await service.load(name, version)
    return await show_status(name, service)


@router.post("/models/{name}/unload", summary="Unload a model", responses=ADMIN_ERRORS)
async def unload_model(name: Name, service: TheService, version: Version = None) -> Response:
    """Unloads a version, or all of them, once the requests they have are answered."""
    require_admin(service)
    await service.unload(name, version)
    return await show_status(name, service)


def _summary(entry: Entry) -> dict[str, Any]:
    return entry.manifest.model_dump(include={"name", "version", "task", "architecture"})


def _running(model: Model) -> dict[str, Any]:
    artifact = model.artifact.model_dump(mode="json", exclude_none=True)
    return {"digest": model.bundle.digest, "engine": dataclasses.asdict(model.engine), "artifact": artifact}


def _config(entry: Entry, limits: Limits) -> dict[str, Any]:
    shown = {"preprocess", "postprocess", "skeleton"}
    return dataclasses.asdict(limits) | entry.manifest.model_dump(mode="json", include=shown, exclude_none=True)
