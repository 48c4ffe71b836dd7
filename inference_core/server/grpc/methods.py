"""What each method of the service does: messages in, messages out, over the functions that HTTP uses too."""

import asyncio
from collections.abc import Awaitable, Callable

from google.protobuf.message import Message

from inference_core.errors import BadRequestError
from inference_core.oip.contents import fill_message, read_messages, read_parameters
from inference_core.oip.messages import message_class
from inference_core.server.oip.description import (
    model_config,
    model_metadata,
    ready_entry,
    repository_index,
    server_metadata,
)
from inference_core.server.oip.exchange import IN_THREAD
from inference_core.server.oip.inference import InferRequest, WantedOutput, infer
from inference_core.server.security import require_admin
from inference_core.server.service import Service

Method = Callable[[Message, float], Awaitable[Message]]
"""A request, and the seconds that its answer may take."""


class Methods:
    """The methods by name.

    Args:
        service: has the models.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self.table: dict[str, Method] = {
            "ServerLive": self._server_live,
            "ServerReady": self._server_ready,
            "ServerMetadata": self._server_metadata,
            "ModelReady": self._model_ready,
            "ModelMetadata": self._model_metadata,
            "ModelConfig": self._model_config,
            "ModelInfer": self.infer,
            "RepositoryIndex": self._index,
            "RepositoryModelLoad": self._load,
            "RepositoryModelUnload": self._unload,
        }

    async def infer(self, request: Message, timeout: float) -> Message:
        """Runs a model on tensors, or the whole pipeline on encoded pictures.

        Raises:
            SatchelError: whatever became of it.
        """
        async with self._service.lease(request.model_name, request.model_version or None) as model:
            large = request.ByteSize() > IN_THREAD
            asked = await asyncio.to_thread(_read, request) if large else _read(request)
            answer = await infer(model, asked, self._service.settings, timeout)
        response = message_class("ModelInferResponse")(
            model_name=answer.model_name, model_version=answer.model_version, id=answer.id
        )
        fill_message(answer.outputs, response.outputs, response.raw_output_contents)
        return response

    async def _server_live(self, request: Message, timeout: float) -> Message:
        return message_class("ServerLiveResponse")(live=True)

    async def _server_ready(self, request: Message, timeout: float) -> Message:
        self._service.ready()
        return message_class("ServerReadyResponse")(ready=True)

    async def _server_metadata(self, request: Message, timeout: float) -> Message:
        return message_class("ServerMetadataResponse")(**server_metadata())

    async def _model_ready(self, request: Message, timeout: float) -> Message:
        ready_entry(self._service, request.name, request.version or None)
        return message_class("ModelReadyResponse")(ready=True)

    async def _model_metadata(self, request: Message, timeout: float) -> Message:
        async with self._service.lease(request.name, request.version or None) as model:
            return message_class("ModelMetadataResponse")(**model_metadata(self._service, model))

    async def _model_config(self, request: Message, timeout: float) -> Message:
        async with self._service.lease(request.name, request.version or None) as model:
            return message_class("ModelConfigResponse")(config=model_config(model))

    async def _index(self, request: Message, timeout: float) -> Message:
        return message_class("RepositoryIndexResponse")(models=repository_index(self._service, ready=request.ready))

    async def _load(self, request: Message, timeout: float) -> Message:
        require_admin(self._service)
        if request.parameters:
            raise BadRequestError("a bundle is loaded as it is", expected="no parameters", remedy="pack another bundle")
        await self._service.load(request.model_name)
        return message_class("RepositoryModelLoadResponse")()

    async def _unload(self, request: Message, timeout: float) -> Message:
        require_admin(self._service)
        await self._service.unload(request.model_name)
        return message_class("RepositoryModelUnloadResponse")()


def _read(request: Message) -> InferRequest:
    return InferRequest(
        inputs=read_messages(request.inputs, request.raw_input_contents),
        outputs=[WantedOutput(output.name, read_parameters(output.parameters)) for output in request.outputs],
        parameters=read_parameters(request.parameters),
        id=request.id,
    )
