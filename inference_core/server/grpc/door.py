"""The server of gRPC: which calls come in, who may make them, and how long they may take."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import grpc
from google.protobuf.message import Message
from grpc.aio import ServicerContext

from inference_core.errors import SatchelError, SettingsError
from inference_core.oip.messages import SERVICE, message_class, methods
from inference_core.server.grpc.methods import Method, Methods
from inference_core.server.grpc.status import abort
from inference_core.server.security import KeyRing, presented_key
from inference_core.server.service import Service

_log = logging.getLogger("satchel")

_OPEN = {"ServerLive", "ServerReady", "ServerMetadata"}
"""Methods that need no key, as their likes of HTTP need none."""

Handler = Callable[[Message, ServicerContext], Awaitable[Message]]


class GrpcDoor:
    """Serves `inference.GRPCInferenceService`, without TLS.

    Args:
        service: has the models and settings; started and stopped by whoever made it.
        keys: open the API; None where it is open to all.
    """

    def __init__(self, service: Service, keys: KeyRing | None = None) -> None:
        self._service = service
        self._keys = keys
        self._methods = Methods(service)
        self._server: grpc.aio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens.

        Args:
            host: an address or name.
            port: 0 takes a free one.

        Returns:
            The port.

        Raises:
            SettingsError: the address cannot be listened on.
        """
        settings = self._service.settings
        options = [
            ("grpc.max_receive_message_length", settings.max_body_mb * 2**20),
            ("grpc.max_send_message_length", -1),
            ("grpc.so_reuseport", int(settings.workers > 1)),  # else two servers would share a port unnoticed
        ]
        server = grpc.aio.server(options=options)
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                self._handler(name, self._methods.table[name]), asked.FromString, answered.SerializeToString
            )
            for name, asked, answered in methods()
        }
        handlers["ModelStreamInfer"] = grpc.stream_stream_rpc_method_handler(
            self._stream,
            message_class("ModelInferRequest").FromString,
            message_class("ModelStreamInferResponse").SerializeToString,
        )
        server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(SERVICE, handlers)])
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        try:
            bound: int = server.add_insecure_port(address)
        except RuntimeError as error:
            raise SettingsError(
                "gRPC cannot listen there", got=address, expected="a free port", remedy="set another SATCHEL_GRPC_PORT"
            ) from error
        await server.start()
        self._server = server
        return bound

    async def stop(self, grace_s: float) -> None:
        """Lets no call in, gives those that run `grace_s` seconds, and ends them. Does nothing before `start`."""
        if self._server is not None:
            await self._server.stop(grace_s)
            self._server = None

    def _handler(self, name: str, method: Method) -> Handler:
        async def handle(request: Message, context: ServicerContext) -> Message:
            try:
                self._admit(name, context)
                return await method(request, self._patience(context))
            except SatchelError as error:
                await abort(context, name, error)
            except Exception:
                _log.exception("gRPC %s failed", name)
                await abort(context, name, SatchelError("an unexpected error occurred", remedy="see the server's log"))

        return handle

    async def _stream(self, requests: AsyncIterator[Message], context: ServicerContext) -> AsyncIterator[Message]:
        """One answer for each request, in order; an error answers its request and ends nothing."""
        try:
            self._admit("ModelStreamInfer", context)
        except SatchelError as error:
            await abort(context, "ModelStreamInfer", error)
        made = message_class("ModelStreamInferResponse")
        async for request in requests:
            try:
                yield made(infer_response=await self._methods.infer(request, self._patience(context)))
            except SatchelError as error:
                yield made(error_message=str(error), infer_response={"id": request.id})

    def _admit(self, name: str, context: ServicerContext) -> None:
        if self._keys is not None and name not in _OPEN:
            self._keys.check(presented_key(_as_headers(context)))

    def _patience(self, context: ServicerContext) -> float:
        """Seconds until the caller's deadline, or until ours."""
        ours = self._service.settings.timeout_ms / 1e3
        theirs = context.time_remaining()
        return ours if theirs is None else min(ours, theirs)


def _as_headers(context: ServicerContext) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in context.invocation_metadata() or ()
    ]
