"""Asking over gRPC: prepared messages, so that nothing is encoded or decoded while it is measured."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from inference_core.bench.load.target import PATIENCE, Reply
from inference_core.dependencies import require
from inference_core.errors import UnreachableError

if TYPE_CHECKING:
    import grpc.aio

_EXCERPT = 300
_UNLIMITED = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))


class GrpcTarget:
    """Sends prepared messages in turn to a unary method, all over one HTTP/2 connection without TLS.

    Args:
        address: host:port.
        method: as on the wire, `/package.Service/Method`.
        messages: serialised, at least one.
        metadata: sent with each.
        patience: seconds that `open` waits for the server.
    """

    _channel: "grpc.aio.Channel"
    _ask: "grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]"

    def __init__(
        self,
        address: str,
        method: str,
        messages: Sequence[bytes],
        *,
        metadata: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._address, self._method, self._messages = address, method, tuple(messages)
        self._metadata = tuple((name.lower(), value) for name, value in (metadata or {}).items())
        self._patience = patience

    async def open(self) -> None:
        require("grpc", extra="grpc", purpose="asking over gRPC")
        import grpc.aio

        self._channel = grpc.aio.insecure_channel(self._address, options=_UNLIMITED)
        self._ask = self._channel.unary_unary(self._method)
        try:
            async with asyncio.timeout(self._patience):
                await self._channel.channel_ready()
        except TimeoutError as error:
            await self.close()
            raise UnreachableError(
                f"no gRPC server answers at {self._address}",
                got=f"silence for {self._patience:g} s",
                remedy="start it (SATCHEL_GRPC_PORT), or correct the address",
            ) from error

    async def call(self, index: int) -> Reply:
        import grpc.aio

        try:
            answer = await self._ask(self._messages[index % len(self._messages)], metadata=self._metadata)
        except grpc.aio.AioRpcError as error:
            code = error.code()
            return Reply(code.value[0], 0, code.name, (error.details() or "")[:_EXCERPT])
        return Reply(0, len(answer), "OK")

    async def close(self) -> None:
        await self._channel.close()
