"""The gRPC door itself: who is let in, how long a call may take, what it may weigh, and what it is told."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import orjson
import pytest

from inference_core.errors import SettingsError
from inference_core.oip.byte_strings import pack_strings
from inference_core.oip.messages import SERVICE, message_class
from inference_core.pipeline import LocalPredictor
from inference_core.scheduler import Scheduler
from inference_core.server import Service
from inference_core.server.grpc import GrpcDoor
from inference_core.server.grpc.status import ERROR_CODE
from inference_core.server.security import KeyRing
from inference_core.settings import Settings
from tests.pictures import plain
from tests.server.doors import Gate

RED = plain((255, 0, 0))
ZEROS = {"name": "images", "datatype": "FP32", "shape": [1, 3, 8, 8]}
IMAGE = {"name": "image", "datatype": "BYTES", "shape": [1]}
PICTURE: Any = {"model_name": "tiny_classifier", "inputs": [IMAGE], "raw_input_contents": [pack_strings([RED])]}
KEY = "open sesame"

Call = Callable[..., Awaitable[Any]]


class Caller:
    """A channel to a door: `await caller("ModelInfer", model_name=...)`."""

    def __init__(self, channel: Any, service: Service) -> None:
        self.channel = channel
        self.service = service

    def begin(self, method: str, *, metadata: Any = (), timeout: float | None = None, **fields: Any) -> Any:
        call = self.channel.unary_unary(
            f"/{SERVICE}/{method}",
            message_class(f"{method}Request").SerializeToString,
            message_class(f"{method}Response").FromString,
        )
        return call(message_class(f"{method}Request")(**fields), metadata=metadata, timeout=timeout)

    async def __call__(self, method: str, **fields: Any) -> Any:
        return await self.begin(method, **fields)

    async def refused(self, method: str, **fields: Any) -> grpc.aio.AioRpcError:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await self.begin(method, **fields)
        return caught.value


@asynccontextmanager
async def opened(models: Path, keys: KeyRing | None = None, **settings: Any) -> AsyncIterator[Caller]:
    service = Service(Settings(models=models, **settings))
    await service.start()
    door = GrpcDoor(service, keys)
    port = await door.start("127.0.0.1", 0)
    options = [("grpc.max_send_message_length", -1)]
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options) as channel:
            yield Caller(channel, service)
    finally:
        await door.stop(0)
        await service.stop()


def run(check: Callable[[Caller], Awaitable[None]], models: Path, **options: Any) -> None:
    async def checked() -> None:
        async with opened(models, **options) as caller:
            await check(caller)

    asyncio.run(checked())


def test_typed_and_raw_contents_give_the_same_bits(tiny_models: Path) -> None:
    array = np.random.default_rng(0).random((1, 3, 8, 8), np.float32)

    async def check(call: Caller) -> None:
        model = {"model_name": "tiny_classifier", "model_version": "1"}
        raw = await call("ModelInfer", **model, inputs=[ZEROS], raw_input_contents=[array.tobytes()])
        typed = {**ZEROS, "contents": {"fp32_contents": array.ravel().tolist()}}
        assert await call("ModelInfer", **model, inputs=[typed]) == raw
        assert np.frombuffer(raw.raw_output_contents[0], np.float32) == pytest.approx(array.mean((2, 3))[0] * 10)
        assert list(raw.outputs[0].shape) == [1, 3]

    run(check, tiny_models)


def test_metadata_names_the_properties(tiny_models: Path) -> None:
    async def check(call: Caller) -> None:
        metadata = await call("ModelMetadata", name="tiny_detector")
        assert dict(metadata.properties) == {"image_input": "image", "image_output": "result"}

    run(check, tiny_models)


def test_whoever_has_no_key_is_refused(tiny_models: Path) -> None:
    keys = KeyRing([hashlib.sha256(KEY.encode()).hexdigest()])

    async def check(call: Caller) -> None:
        for open_to_all in ("ServerLive", "ServerReady", "ServerMetadata"):
            await call(open_to_all)
        for metadata in ((), (("x-api-key", "wrong"),), (("authorization", f"Basic {KEY}"),)):
            error = await call.refused("ModelMetadata", name="tiny_detector", metadata=metadata)
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        for metadata in ((("x-api-key", KEY),), (("authorization", f"Bearer {KEY}"),)):
            assert (await call("ModelMetadata", name="tiny_detector", metadata=metadata)).name == "tiny_detector"

    run(check, tiny_models, keys=keys)


@pytest.mark.parametrize(
    ("inputs", "raws"),
    [
        ([ZEROS], [b"\0" * 767]),
        ([ZEROS], []),
        ([ZEROS], [b"\0" * 768] * 2),
        ([{**ZEROS, "shape": [-1, -3, 8, 8]}], [b"\0" * 768]),
        ([{**ZEROS, "shape": [2**62, 2**62]}], [b"\0" * 768]),
        ([{**ZEROS, "datatype": "FP8"}], [b"\0" * 768]),
        ([IMAGE], [b"\xff\xff\xff\xff"]),
        ([IMAGE], [pack_strings([b"no picture"])]),
        ([], []),
    ],
)
def test_what_is_wrong_is_an_invalid_argument(tiny_models: Path, inputs: list[Any], raws: list[bytes]) -> None:
    async def check(call: Caller) -> None:
        error = await call.refused("ModelInfer", model_name="tiny_classifier", inputs=inputs, raw_input_contents=raws)
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert dict(error.trailing_metadata())[ERROR_CODE] in ("bad_request", "unsupported_media_type")

    run(check, tiny_models)


def test_messages_are_limited_packed_or_not(tiny_models: Path) -> None:
    async def check(call: Caller) -> None:
        large = {"model_name": "tiny_classifier", "inputs": [ZEROS], "raw_input_contents": [bytes(2**20)]}
        assert (await call.refused("ModelInfer", **large)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        method = call.channel.unary_unary(
            f"/{SERVICE}/ModelInfer", message_class("ModelInferRequest").SerializeToString
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await method(message_class("ModelInferRequest")(**large), compression=grpc.Compression.Gzip)
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

    run(check, tiny_models, max_body_mb=1)


def test_a_deadline_ends_the_work(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)

    async def check(call: Caller) -> None:
        error = await call.refused("ModelInfer", **PICTURE, timeout=0.3)
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        error = await call.refused("ModelInfer", **PICTURE, parameters={"timeout": {"int64_param": 1000}})
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert "tiny_classifier did not answer in time" in str(error.details())
        gate.opened.set()

    run(check, tiny_models)


def test_whoever_leaves_frees_a_place_in_the_queue(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)

    async def check(call: Caller) -> None:
        running = call.begin("ModelInfer", **PICTURE)
        await gate.wait_entered()
        waiting = call.begin("ModelInfer", **PICTURE)
        async with call.service.lease("tiny_classifier") as model:
            scheduler = model.scheduler
            assert isinstance(scheduler, Scheduler)
            while scheduler._admitted < 2:
                await asyncio.sleep(0.01)
            assert (await call.refused("ModelInfer", **PICTURE)).code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            waiting.cancel()
            while scheduler._admitted > 1:
                await asyncio.sleep(0.01)
        gate.opened.set()
        assert orjson.loads((await running).raw_output_contents[0][4:])["predictions"][0]["label"] == "red"
        assert gate.calls == 1

    run(check, tiny_models, threads=1, queue_size=1)


def test_a_defect_is_internal_and_tells_nothing(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("secret")

    async def check(call: Caller) -> None:
        monkeypatch.setattr(LocalPredictor, "infer", fail)
        error = await call.refused(
            "ModelInfer", model_name="tiny_classifier", inputs=[ZEROS], raw_input_contents=[bytes(768)]
        )
        assert error.code() is grpc.StatusCode.INTERNAL
        assert "secret" not in str(error.details())

    run(check, tiny_models)


def test_a_stream_answers_each_request_in_order(tiny_models: Path) -> None:
    made = message_class("ModelInferRequest")
    good = {"model_name": "tiny_classifier", "inputs": [ZEROS], "raw_input_contents": [bytes(768)]}

    async def check(call: Caller) -> None:
        stream = call.channel.stream_stream(
            f"/{SERVICE}/ModelStreamInfer", made.SerializeToString, message_class("ModelStreamInferResponse").FromString
        )
        requests = [made(id="a", **good), made(id="b", model_name="none"), made(id="c", **good)]
        answers = [answer async for answer in stream(iter(requests))]
        assert [answer.infer_response.id for answer in answers] == ["a", "b", "c"]
        assert [answer.error_message.split("\n")[0] for answer in answers] == ["", "there is no model none", ""]

    run(check, tiny_models)


def test_a_port_that_is_taken_is_a_matter_of_settings(tiny_models: Path) -> None:
    async def check() -> None:
        service = Service(Settings(models=tiny_models))
        first, second = GrpcDoor(service), GrpcDoor(service)
        port = await first.start("127.0.0.1", 0)
        with pytest.raises(SettingsError, match="gRPC cannot listen there"):
            await second.start("127.0.0.1", port)
        await second.stop(0)
        await first.stop(0)

    asyncio.run(check())
