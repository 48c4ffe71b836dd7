"""The Open Inference Protocol over gRPC: against Satchel's own door, and against servers that answer otherwise."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest

from inference_core.bundle import open_bundle
from inference_core.errors import BusyError, EngineError, InvalidParameterError, SatchelError, UnsupportedMediaError
from inference_core.limits import Limits
from inference_core.oip.byte_strings import pack_strings
from inference_core.oip.messages import SERVICE, message_class
from inference_core.pipeline import LocalPredictor
from inference_core.remote.connection import CallError, Failure, RemoteModel, RemoteTensor
from inference_core.remote.oip_grpc import OipGrpcConnection
from inference_core.remote.plan import Credentials
from inference_core.server.security import KeyRing
from inference_core.tasks import Result
from tests.pictures import plain
from tests.remote.grpc_doors import answering, plan, refusing, satchel

RED, GREEN = plain((255, 0, 0)), plain((0, 255, 0))
WITHIN = 10.0
ZEROS = {"images": np.zeros((1, 3, 8, 8), np.float32)}


def connected(port: int, **fields: Any) -> OipGrpcConnection:
    return OipGrpcConnection(plan(**fields), f"grpc://127.0.0.1:{port}")


@pytest.fixture(scope="module")
def classifier(tiny_models: Path) -> Iterator[OipGrpcConnection]:
    with satchel(tiny_models, max_images=4) as port:
        connection = connected(port, model="tiny_classifier")
        yield connection
        connection.close()


def answer_to(method: str, **fields: Any) -> dict[str, Any]:
    """Methods of a server that always answers this."""
    content = message_class(f"{method}Response")(**fields).SerializeToString()
    return {f"{SERVICE}/{method}": lambda request, context: content}


def failure(port: int, **fields: Any) -> CallError:
    connection = connected(port, **fields)
    with pytest.raises(CallError) as caught:
        connection.infer(ZEROS, WITHIN)
    connection.close()
    return caught.value


def test_a_satchel_is_ready_and_describes_its_model(classifier: OipGrpcConnection) -> None:
    assert classifier.is_ready(WITHIN) is True
    assert classifier.describe(WITHIN) == RemoteModel(
        (RemoteTensor("images", "float32", (-1, 3, 8, 8)),), (RemoteTensor("logits", "float32", (-1, 3)),), True
    )


def test_tensors_come_back_as_the_model_gives_them(classifier: OipGrpcConnection, tiny_models: Path) -> None:
    array = np.random.default_rng(0).random((2, 3, 8, 8), np.float32)
    with open_bundle(tiny_models / "tiny_classifier") as bundle, LocalPredictor.load(bundle) as local:
        embedded = local.infer({"images": array})
    [(name, logits)] = classifier.infer({"images": array}, WITHIN).items()
    assert name == "logits"
    assert logits.dtype == np.float32
    assert np.array_equal(logits, embedded["logits"])


def test_pictures_come_back_as_results_and_a_bad_one_fails_alone(classifier: OipGrpcConnection) -> None:
    red, broken, green = classifier.predict([RED, b"no picture", GREEN], [], WITHIN)
    assert isinstance(red, Result) and isinstance(green, Result)
    assert (red.model, red.predictions[0].label, green.predictions[0].label) == ("tiny_classifier", "red", "green")
    assert isinstance(broken, UnsupportedMediaError)


def test_a_single_bad_picture_is_its_own_error_with_all_its_facts(classifier: OipGrpcConnection) -> None:
    [alone] = classifier.predict([b"no picture"], [], WITHIN)
    [beside, _] = classifier.predict([b"no picture", RED], [], WITHIN)
    assert isinstance(alone, UnsupportedMediaError) and isinstance(beside, UnsupportedMediaError)
    assert alone.body() == beside.body()
    assert alone.expected is not None


def test_limits_hold_for_their_pictures(classifier: OipGrpcConnection) -> None:
    limits = [Limits(max_predictions=1), Limits(max_predictions=1), Limits(confidence=0.9, max_predictions=3), Limits()]
    outcomes = classifier.predict([RED, GREEN, RED, RED], limits, WITHIN)
    found = [[each.label for each in outcome.predictions] for outcome in outcomes if isinstance(outcome, Result)]
    assert found[:3] == [["red"], ["green"], ["red"]]
    assert len(found[3]) > 1


def test_errors_of_a_request_are_no_pictures_own(classifier: OipGrpcConnection) -> None:
    with pytest.raises(CallError, match="too many pictures") as caught:
        classifier.predict([RED] * 5, [], WITHIN)
    assert caught.value.kind is Failure.REFUSED


def test_what_the_endpoint_does_not_have_is_refused(tiny_models: Path) -> None:
    with satchel(tiny_models) as port:
        error = failure(port, model="tiny_classifier", version="7")
        assert error.kind is Failure.REFUSED
        assert error.said.startswith("model tiny_classifier has no version 7; expected: one of 1; ")


def test_keys_open_the_door(tiny_models: Path) -> None:
    keys = KeyRing([hashlib.sha256(b"sesame").hexdigest()])
    with satchel(tiny_models, keys) as port:
        assert failure(port, model="tiny_classifier").kind is Failure.DENIED
        for credentials in (Credentials(header=("X-API-Key", "sesame")), Credentials(token="sesame")):
            connection = connected(port, model="tiny_classifier", credentials=credentials)
            assert connection.is_ready(WITHIN)
            assert connection.infer(ZEROS, WITHIN)["logits"].shape == (1, 3)
            connection.close()


@pytest.mark.parametrize(
    ("outputs", "raws", "wanted"),
    [
        ([{"name": "y", "datatype": "INT32", "shape": [2], "contents": {"int_contents": [1, -2]}}], [], [1, -2]),
        ([{"name": "y", "datatype": "FP16", "shape": [1]}], [np.float16(0.5).tobytes()], [0.5]),
        ([{"name": "y", "datatype": "BF16", "shape": [2]}], [b"\x80\x3f\x20\xc0"], [1.0, -2.5]),
        ([{"name": "y", "datatype": "BYTES", "shape": [1]}], [pack_strings([b"a"])], [b"a"]),
    ],
)
def test_answers_may_be_typed_or_raw(outputs: list[Any], raws: list[bytes], wanted: list[Any]) -> None:
    with answering(answer_to("ModelInfer", outputs=outputs, raw_output_contents=raws)) as port:
        connection = connected(port)
        assert connection.infer(ZEROS, WITHIN)["y"].tolist() == wanted
        connection.close()


def test_the_request_names_model_and_version_and_carries_raw_contents() -> None:
    seen: list[Any] = []

    def answer(request: bytes, context: Any) -> bytes:
        seen.append(message_class("ModelInferRequest").FromString(request))
        return b""

    with answering({f"{SERVICE}/ModelInfer": answer}) as port:
        connection = connected(port, version="3")
        assert connection.infer({"x": np.arange(3, dtype=np.int64)[::2]}, WITHIN) == {}
        connection.close()
    [request] = seen
    assert (request.model_name, request.model_version) == ("m", "3")
    assert [(entry.name, entry.datatype, list(entry.shape)) for entry in request.inputs] == [("x", "INT64", [2])]
    assert request.raw_input_contents[0] == np.array([0, 2], "<i8").tobytes()


@pytest.mark.parametrize(
    ("outputs", "raws"),
    [
        ([{"name": "y", "datatype": "FP32", "shape": [2]}], [b"1234"]),
        ([{"name": "y", "datatype": "FP8", "shape": [1]}], [b"1"]),
        ([{"name": "y", "datatype": "FP32", "shape": [1]}], []),
    ],
)
def test_outputs_that_cannot_be_read_are_garbage(outputs: list[Any], raws: list[bytes]) -> None:
    with answering(answer_to("ModelInfer", outputs=outputs, raw_output_contents=raws)) as port:
        assert failure(port).kind is Failure.GARBAGE


@pytest.mark.parametrize(
    ("outputs", "raws", "said"),
    [
        ([], [], "no output result"),
        ([{"name": "result", "datatype": "FP32", "shape": [1]}], [bytes(4)], "no output result of BYTES"),
        ([{"name": "result", "datatype": "BYTES", "shape": [2]}], [pack_strings([b"", b""])], "2 results came for 1"),
        ([{"name": "result", "datatype": "BYTES", "shape": [1]}], [pack_strings([b"{}"])], "none of Satchel's"),
        ([{"name": "result", "datatype": "BYTES", "shape": [1]}], [pack_strings([b"no JSON"])], "none of Satchel's"),
    ],
)
def test_results_that_are_none_are_garbage(outputs: list[Any], raws: list[bytes], said: str) -> None:
    with answering(answer_to("ModelInfer", outputs=outputs, raw_output_contents=raws)) as port:
        connection = connected(port)
        with pytest.raises(CallError, match=said) as caught:
            connection.predict([RED], [], WITHIN)
        assert caught.value.kind is Failure.GARBAGE
        connection.close()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidParameterError("wrong"), None),
        (BusyError("full"), Failure.BUSY),
        (EngineError("broken"), Failure.FAULT),
    ],
)
def test_for_a_single_picture_only_its_own_errors_are_outcomes(error: SatchelError, kind: Failure | None) -> None:
    described = [{"name": "result", "datatype": "BYTES", "shape": [1]}]
    raws = [pack_strings([orjson.dumps(error.body())])]
    with answering(answer_to("ModelInfer", outputs=described, raw_output_contents=raws)) as port:
        connection = connected(port)
        if kind is None:
            assert isinstance(connection.predict([RED], [], WITHIN)[0], InvalidParameterError)
        else:
            with pytest.raises(CallError) as caught:
                connection.predict([RED], [], WITHIN)
            assert (caught.value.kind, caught.value.said) == (kind, error.message)
            assert caught.value.retry_after == error.retry_after
        connection.close()


def test_a_server_that_lists_no_tensors_has_no_words_for_them() -> None:
    with answering(answer_to("ModelMetadata", name="m")) as port:
        connection = connected(port)
        assert connection.describe(WITHIN) is None
        connection.close()


def test_a_model_with_these_two_tensors_takes_pictures() -> None:
    image = {"name": "image", "datatype": "BYTES", "shape": [-1]}
    for outputs, takes in (([{**image, "name": "result"}], True), ([{**image, "name": "other"}], False)):
        with answering(answer_to("ModelMetadata", inputs=[image], outputs=outputs)) as port:
            connection = connected(port)
            model = connection.describe(WITHIN)
            assert model is not None
            assert model.takes_images is takes
            connection.close()


def test_readiness_is_what_the_endpoint_says() -> None:
    with answering(answer_to("ModelReady", ready=False)) as port:
        connection = connected(port)
        assert connection.is_ready(WITHIN) is False
        connection.close()
    with answering({f"{SERVICE}/ModelReady": refusing("UNAVAILABLE", "model m is loading\nor so")}) as port:
        connection = connected(port)
        with pytest.raises(CallError, match=r"^model m is loading; or so$") as caught:
            connection.is_ready(WITHIN)
        assert caught.value.kind is Failure.NOT_READY
        connection.close()
