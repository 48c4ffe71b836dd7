"""From settings and bundle to a predictor that asks the remote service."""

from collections.abc import Callable
from contextlib import ExitStack, closing
from importlib import import_module

from inference_core.bundle import Artifact, Bundle
from inference_core.observer import Observer
from inference_core.remote.balancer import Balancer
from inference_core.remote.connection import Connection
from inference_core.remote.endpoint import Endpoint
from inference_core.remote.engine import RemoteEngine
from inference_core.remote.plan import Plan
from inference_core.remote.predictors import RemoteImages, RemoteTensors
from inference_core.remote.watcher import Watcher
from inference_core.settings import Settings

_CONNECTIONS = {
    "oip-http": ("inference_core.remote.oip_http", "OipHttpConnection"),
    "oip-grpc": ("inference_core.remote.oip_grpc", "OipGrpcConnection"),
    "tfs-http": ("inference_core.remote.tfs_http", "TfsHttpConnection"),
    "tfs-grpc": ("inference_core.remote.tfs_grpc", "TfsGrpcConnection"),
}
"""Module and class for each protocol: only the one that is spoken is imported, with its library."""


def open_remote(
    bundle: Bundle, artifact: Artifact, settings: Settings, observer: Observer
) -> RemoteTensors | RemoteImages:
    """The predictor of a bundle whose model runs at the remote service. Nothing is asked before it warms up.

    Args:
        bundle: an opened one, whose artifacts' files need not be there.
        artifact: whose tensors the model there has.
        settings: of this process.
        observer: is told of every call.

    Raises:
        SettingsError: no endpoint is named, or what the settings say does not go together.
        MissingDependencyError: the protocol's library is not installed.
    """
    manifest = bundle.manifest
    plan = Plan.of(settings, manifest)
    connect = _connection_type(plan.protocol)
    with ExitStack() as undo:
        endpoints = []
        for url in dict.fromkeys(plan.urls):
            connection = undo.enter_context(closing(connect(plan, url)))
            endpoints.append(Endpoint(url, connection, model=manifest.name, observer=observer, secrets=_secrets(plan)))
        undo.pop_all()
    engine = RemoteEngine(plan, artifact, Balancer(plan, manifest.name, endpoints), Watcher(plan, artifact, endpoints))
    if plan.split == "image":
        return RemoteImages(manifest, artifact, engine)
    return RemoteTensors(manifest, artifact, engine, max_pixels=settings.max_pixels)


def _connection_type(protocol: str) -> Callable[[Plan, str], Connection]:
    module, name = _CONNECTIONS[protocol]
    connection: Callable[[Plan, str], Connection] = getattr(import_module(module), name)
    return connection


def _secrets(plan: Plan) -> list[str]:
    """What no sentence may repeat."""
    header = plan.credentials.header
    return [text for text in (plan.credentials.token, header[1] if header else None) if text]
