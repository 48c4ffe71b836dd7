"""An inference over HTTP: what its body says, and the body of its answer."""

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from inference_core.oip.binary import HEADER_LENGTH, join_body, read_tensors, split_body
from inference_core.oip.fields import Json, member, objects
from inference_core.server.body import receive_body
from inference_core.server.oip.encoding import accepted_coding, deflate, inflate
from inference_core.server.oip.inference import InferRequest, InferResponse, WantedOutput
from inference_core.server.patience import Patience

_WORTH_COMPRESSING = 1024
IN_THREAD = 1 << 18
"""Bytes that may take so long to take apart that other requests would notice."""


async def read_request(request: Request, limit: int, patience: Patience) -> InferRequest:
    """What the body asks, whose tensors are views into it.

    Args:
        request: JSON, or JSON with binary data; compressed or not.
        limit: largest body, bytes, compressed or not.
        patience: how long it may take to arrive.

    Raises:
        BadRequestError: it cannot be read.
        DeadlineError: not there in time.
        TooLargeError: more than `limit` bytes.
        UnsupportedMediaError: compressed in a way that is not read here.
    """
    body = await receive_body(request, limit, patience)
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    header_length = request.headers.get(HEADER_LENGTH)
    if coding != "identity" or len(body) > IN_THREAD:
        return await asyncio.to_thread(_parse, body, coding, header_length, limit)
    return _parse(body, coding, header_length, limit)


async def write_response(request: Request, asked: InferRequest, response: InferResponse) -> Response:
    """The answer in the form that was asked for.

    Raises:
        BadRequestError: an output is to be written as JSON, which cannot carry it.
    """
    document: Json = {"model_name": response.model_name, "model_version": response.model_version}
    if response.id:
        document["id"] = response.id
    default = asked.parameters.get("binary_data_output") is True
    named = {output.name: output.parameters.get("binary_data", default) is True for output in asked.outputs}
    body, header_length = join_body(
        document, [(tensor, named.get(tensor.name, default)) for tensor in response.outputs]
    )
    headers = {} if header_length is None else {HEADER_LENGTH: str(header_length)}
    coding = accepted_coding(request.headers.get("accept-encoding", ""), binary=header_length is not None)
    headers["Vary"] = "Accept-Encoding"
    if coding is not None and len(body) >= _WORTH_COMPRESSING:
        headers["Content-Encoding"] = coding
        body = await asyncio.to_thread(deflate, body, coding)
    kind = "application/json" if header_length is None else "application/octet-stream"
    return Response(body, headers=headers, media_type=kind)


def _parse(body: bytes, coding: str, header_length: str | None, limit: int) -> InferRequest:
    plain = body if coding == "identity" else inflate(body, coding, limit)
    document, binary = split_body(plain, header_length)
    return InferRequest(
        inputs=read_tensors(objects(document, "inputs"), binary),
        outputs=[
            WantedOutput(member(entry, "name", str), member(entry, "parameters", dict, {}))
            for entry in objects(document, "outputs")
        ],
        parameters=member(document, "parameters", dict, {}),
        id=member(document, "id", str, ""),
    )
