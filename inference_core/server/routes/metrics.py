"""The metrics, as the OpenAPI document has them."""

from fastapi import APIRouter, Response

from inference_core.server.exposition import OPEN_METRICS, TEXT
from inference_core.server.metrics import show_metrics

router = APIRouter(tags=["health"])
_PLAIN = {"schema": {"type": "string"}}

router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {kind.partition(";")[0]: _PLAIN for kind in (TEXT, OPEN_METRICS)}}},
)(show_metrics)
