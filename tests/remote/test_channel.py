"""The channel: what each failure is called, how long it takes, and whom it trusts."""

import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from inference_core.errors import MissingDependencyError, SettingsError
from inference_core.oip.messages import message_class
from inference_core.remote import channel
from inference_core.remote.channel import Channel
from inference_core.remote.connection import CallError, Failure
from inference_core.remote.plan import Credentials
from tests.remote.certificates import make_certificate
from tests.remote.grpc_doors import Answer, answering, plan, refusing, relayed, speaking

METHOD = "a.B/C"
WITHIN = 10.0


def connected(port: int, **fields: Any) -> Channel:
    return Channel(plan(**fields), f"grpc://127.0.0.1:{port}")


def ask(called: Channel, timeout: float = WITHIN) -> Any:
    request = message_class("ModelReadyRequest")(name="m")
    return called.call(METHOD, request, message_class("ModelReadyResponse"), timeout)


def failure(url: str, timeout: float = WITHIN, **fields: Any) -> CallError:
    with closing(Channel(plan(**fields), url)) as called, pytest.raises(CallError) as caught:
        ask(called, timeout)
    return caught.value


def yes(request: bytes, context: Any) -> bytes:
    asked: Any = message_class("ModelReadyRequest").FromString(request)
    assert asked.name == "m"
    answer: bytes = message_class("ModelReadyResponse")(ready=True).SerializeToString()
    return answer


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UNAVAILABLE", Failure.NOT_READY),
        ("RESOURCE_EXHAUSTED", Failure.BUSY),
        ("DEADLINE_EXCEEDED", Failure.TIMEOUT),
        ("UNAUTHENTICATED", Failure.DENIED),
        ("PERMISSION_DENIED", Failure.DENIED),
        ("INVALID_ARGUMENT", Failure.REFUSED),
        ("NOT_FOUND", Failure.REFUSED),
        ("FAILED_PRECONDITION", Failure.REFUSED),
        ("UNIMPLEMENTED", Failure.REFUSED),
        ("INTERNAL", Failure.FAULT),
        ("UNKNOWN", Failure.FAULT),
        ("CANCELLED", Failure.BROKEN),
    ],
)
def test_codes_are_failures(code: str, kind: Failure) -> None:
    with answering({METHOD: refusing(code, "so it is\n  got: this")}) as port:
        error = failure(f"grpc://127.0.0.1:{port}")
    assert (error.kind, error.said) == (kind, "so it is; got: this")


def test_what_is_said_is_one_short_line() -> None:
    with answering({METHOD: refusing("INTERNAL", "x" * 500)}) as port:
        assert len(failure(f"grpc://127.0.0.1:{port}").said) == 200
    with answering({METHOD: refusing("INTERNAL", "")}) as port:
        assert failure(f"grpc://127.0.0.1:{port}").said == "INTERNAL"


def test_nobody_listening_is_unreachable() -> None:
    error = failure("grpc://127.0.0.1:1")
    assert error.kind is Failure.UNREACHABLE
    assert "Connection refused" in error.said


def test_a_name_without_address_is_unreachable() -> None:
    assert failure("grpc://nowhere.invalid:1").kind is Failure.UNREACHABLE


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"])
def test_whoever_does_not_speak_it_is_unreachable_once_the_time_to_connect_is_over(answer: bytes) -> None:
    with speaking(answer) as port:
        began = time.monotonic()
        assert failure(f"grpc://127.0.0.1:{port}", connect=0.5).kind is Failure.UNREACHABLE
        assert time.monotonic() - began < 3


def test_the_deadline_ends_a_call() -> None:
    with answering({METHOD: slow(yes, 2)}) as port:
        began = time.monotonic()
        assert failure(f"grpc://127.0.0.1:{port}", timeout=0.3).kind is Failure.TIMEOUT
        assert time.monotonic() - began < 1.5


def slow(answer: Answer, seconds: float) -> Answer:
    def answer_later(request: bytes, context: Any) -> bytes:
        time.sleep(seconds)
        return answer(request, context)

    return answer_later


def test_a_time_that_is_over_is_none() -> None:
    with answering({METHOD: yes}) as port:
        assert failure(f"grpc://127.0.0.1:{port}", timeout=-1).kind is Failure.TIMEOUT


def test_a_connection_that_is_cut_is_broken() -> None:
    entered = threading.Event()

    def stall(request: bytes, context: Any) -> bytes:
        entered.set()
        time.sleep(1)
        return b""

    with answering({METHOD: stall}) as port, relayed(port) as (between, cut):
        threading.Thread(target=lambda: (entered.wait(), cut())).start()
        assert failure(f"grpc://127.0.0.1:{between}").kind is Failure.BROKEN


def test_an_endpoint_that_is_well_again_is_reached_within_seconds() -> None:
    with answering({METHOD: yes}) as port:
        called = connected(port)
        assert ask(called).ready
    until = time.monotonic() + 3
    while time.monotonic() < until:  # so long that pauses between tries would have grown
        with pytest.raises(CallError) as caught:
            ask(called)
        assert caught.value.kind in (Failure.UNREACHABLE, Failure.NOT_READY, Failure.BROKEN)
        time.sleep(0.1)
    with answering({METHOD: yes}, port=port):
        began = time.monotonic()
        while time.monotonic() - began < 3:
            try:
                assert ask(called).ready
                break
            except CallError:
                time.sleep(0.05)
        else:
            pytest.fail("it was not reached")
    called.close()


def test_an_answer_that_is_no_message_is_garbage() -> None:
    with answering({METHOD: lambda request, context: b"\xff\xff"}) as port:
        error = failure(f"grpc://127.0.0.1:{port}")
    assert (error.kind, error.said) == (Failure.GARBAGE, "the answer of a.B/C is no ModelReadyResponse")


def test_large_answers_come_whole_and_those_beyond_all_measure_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    large = message_class("ServerMetadataResponse")(name="x" * (5 * 2**20))
    with answering({METHOD: lambda request, context: large.SerializeToString()}) as port:
        with closing(connected(port)) as called:
            answer = called.call(METHOD, message_class("ServerMetadataRequest")(), type(large), WITHIN)
            assert len(answer.name) == 5 * 2**20
        monkeypatch.setattr(channel, "MOST_BYTES", 2**20)
        error = failure(f"grpc://127.0.0.1:{port}")
    assert error.kind is Failure.REFUSED
    assert "larger than max" in error.said


def test_credentials_are_metadata() -> None:
    seen: list[dict[str, str]] = []

    def answer(request: bytes, context: Any) -> bytes:
        seen.append(dict(context.invocation_metadata()))
        return b""

    credentials = Credentials(header=("X-API-Key", "secret"), token="bearer")
    with answering({METHOD: answer}) as port, closing(connected(port, credentials=credentials)) as called:
        ask(called)
    assert seen[0]["x-api-key"] == "secret"
    assert seen[0]["authorization"] == "Bearer bearer"


def test_a_certificate_of_the_right_authority_is_trusted_and_no_other(tmp_path: Path) -> None:
    right, wrong = make_certificate(tmp_path, "right"), make_certificate(tmp_path, "wrong")
    shown = right.key.read_bytes(), right.certificate.read_bytes()
    with answering({METHOD: yes}, tls=shown) as port:
        url = f"grpcs://127.0.0.1:{port}"
        with closing(Channel(plan(credentials=Credentials(ca=right.certificate)), url)) as called:
            assert ask(called).ready
        for credentials in (Credentials(ca=wrong.certificate), Credentials()):
            error = failure(url, credentials=credentials)
            assert error.kind is Failure.UNTRUSTED, error.said


def test_a_certificate_of_another_host_is_not_trusted(tmp_path: Path) -> None:
    other = make_certificate(tmp_path, "other", "DNS:other.example")
    with answering({METHOD: yes}, tls=(other.key.read_bytes(), other.certificate.read_bytes())) as port:
        error = failure(f"grpcs://127.0.0.1:{port}", credentials=Credentials(ca=other.certificate))
    assert error.kind is Failure.UNTRUSTED, error.said


def test_a_server_without_tls_is_unreachable_by_it(tmp_path: Path) -> None:
    with answering({METHOD: yes}) as port:
        assert failure(f"grpcs://127.0.0.1:{port}", connect=0.5).kind is Failure.UNREACHABLE


def test_authorities_that_cannot_be_read_are_a_matter_of_settings(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="the authorities for endpoints' certificates cannot be read"):
        Channel(plan(credentials=Credentials(ca=tmp_path / "none.pem")), "grpcs://127.0.0.1:1")


def test_without_grpc_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda package: None)
    with pytest.raises(MissingDependencyError, match=r"satchel\[grpc\]"):
        Channel(plan(), "grpc://127.0.0.1:1")


def test_closing_ends_calls_under_way() -> None:
    with answering({METHOD: slow(yes, 1)}) as port:
        called = connected(port)
        threading.Timer(0.2, called.close).start()
        with pytest.raises(CallError) as caught:
            ask(called)
        assert caught.value.kind is Failure.BROKEN
