"""Whatever a remote service does wrong, over real sockets: each request has its answer in time, with the reason."""

import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson
import pytest

from inference_core.bundle.reader import read_manifest
from inference_core.errors import (
    DeadlineError,
    EngineError,
    RemoteFailedError,
    RemoteUnavailableError,
    SatchelError,
)
from inference_core.predictor import Outcome
from inference_core.remote.balancer import Balancer
from inference_core.remote.endpoint import Endpoint
from inference_core.remote.engine import RemoteEngine
from inference_core.remote.oip_http import OipHttpConnection
from inference_core.remote.plan import Credentials
from inference_core.remote.predictors import RemoteTensors
from inference_core.remote.watcher import Watcher
from inference_core.tasks import Result
from tests.pictures import plain
from tests.remote.certificates import make_certificate
from tests.remote.endpoints import Recorder, plan, wait_until
from tests.remote.oip_server import TENSORS, OipServer
from tests.remote.raw_server import answer

RED = plain((255, 0, 0))
LATENESS = 1.0
"""Seconds by which an answer may miss its deadline where many threads share few busy CPUs."""


class Remote:
    """A predictor for some endpoints, with a watcher in a hurry."""

    def __init__(self, manifest: Any, urls: list[str], **changes: Any) -> None:
        self.recorder = Recorder()
        self.plan = plan(**{"urls": tuple(urls), "connect": 0.3, "read": 1.0} | changes)
        self.endpoints = [
            Endpoint(url, OipHttpConnection(self.plan, url), model="tiny", observer=self.recorder) for url in urls
        ]
        artifact = manifest.artifacts[0]
        watcher = Watcher(self.plan, artifact, self.endpoints, period=0.02)
        engine = RemoteEngine(self.plan, artifact, Balancer(self.plan, "tiny", self.endpoints), watcher)
        self.predictor = RemoteTensors(manifest, artifact, engine)

    def ask(self, seconds: float = 2.0) -> Outcome:
        """One picture, which must have its outcome by the deadline."""
        deadline = time.monotonic() + seconds
        [outcome] = self.predictor.predict([RED], deadline=deadline)
        assert time.monotonic() < deadline + LATENESS
        return outcome

    def wait_ready(self) -> None:
        """Until it is."""

        def is_ready() -> bool:
            try:
                self.predictor.check_ready()
            except RemoteUnavailableError:
                return False
            return True

        wait_until(is_ready)


def is_right(outcome: Outcome) -> bool:
    """Whether a red picture was found to be one."""
    return isinstance(outcome, Result) and outcome.predictions[0].label == "red"


Open = Callable[..., Remote]


@pytest.fixture
def remote(tiny_models: Path) -> Iterator[Open]:
    manifest = read_manifest(tiny_models / "tiny_classifier")
    with ExitStack() as stack:

        def opened(*urls: str, **changes: Any) -> Remote:
            made = Remote(manifest, list(urls), **changes)
            stack.callback(made.predictor.close)
            return made

        yield opened


@pytest.fixture
def server() -> Iterator[OipServer]:
    with OipServer() as running:
        yield running


@pytest.fixture
def second() -> Iterator[OipServer]:
    with OipServer() as running:
        yield running


def refusal(outcome: Outcome, kind: type[SatchelError], message: str) -> str:
    """What the endpoint said, of an outcome that is an error of `kind` and begins with `message`."""
    assert type(outcome) is kind
    assert isinstance(outcome, SatchelError)
    assert outcome.message == message
    return outcome.got or ""


# Down


def test_a_server_that_is_down_at_the_start_serves_when_it_comes_up(remote: Open) -> None:
    server = OipServer()
    asked = remote(server.url)
    asked.predictor.warm_up()
    with pytest.raises(RemoteUnavailableError) as caught:
        asked.predictor.check_ready()
    assert caught.value.got is not None
    assert caught.value.got.startswith(f"{server.url}: ")
    assert "refused" in caught.value.got
    got = refusal(asked.ask(), RemoteUnavailableError, "no endpoint can be asked for tiny now")
    assert "refused" in got
    with server:
        asked.wait_ready()
        assert is_right(asked.ask())


def test_a_server_that_dies_under_load_is_an_error_at_once_and_serves_when_it_is_back(
    remote: Open, server: OipServer
) -> None:
    server.takes = 0.005
    asked = remote(server.url)
    asked.predictor.warm_up()
    outcomes: list[Outcome] = []
    stop = threading.Event()

    def load() -> None:
        while not stop.is_set():
            outcomes.append(asked.ask())

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(load) for _ in range(4)]
        wait_until(lambda: len(outcomes) > 20)
        server.stop()
        wait_until(lambda: not asked.endpoints[0].usable)
        # Calls under way are made again, and would find it well where it came back at once.
        wait_until(lambda: any(type(outcome) is RemoteUnavailableError for outcome in outcomes))
        server.start()
        wait_until(lambda: asked.endpoints[0].healthy)
        count = len(outcomes)
        wait_until(lambda: len(outcomes) > count + 20)
        stop.set()
        for each in running:
            each.result()
    assert all(is_right(outcome) for outcome in outcomes[:20])
    assert all(is_right(outcome) or type(outcome) is RemoteUnavailableError for outcome in outcomes)
    assert any(type(outcome) is RemoteUnavailableError for outcome in outcomes)
    assert is_right(asked.ask())


def test_of_two_servers_one_may_die_without_a_request_noticing(
    remote: Open, server: OipServer, second: OipServer
) -> None:
    asked = remote(server.url, second.url)
    asked.predictor.warm_up()
    server.stop()
    assert all(is_right(asked.ask()) for _ in range(20))
    assert not asked.endpoints[0].healthy
    asked.predictor.check_ready()


# Slow


def test_a_server_that_hangs_costs_no_more_than_the_deadline(remote: Open, server: OipServer) -> None:
    asked = remote(server.url, read=10.0)
    asked.predictor.warm_up()
    server.hangs = True
    began = time.monotonic()
    outcome = asked.ask(0.3)
    assert 0.29 < time.monotonic() - began < 0.3 + LATENESS
    got = refusal(outcome, DeadlineError, f"{server.url} did not answer in time")
    assert got == "no whole answer came in time"
    assert server.inferences == 2, "the first was the warm-up"


def test_a_server_that_hangs_leaves_time_for_another(remote: Open, server: OipServer, second: OipServer) -> None:
    asked = remote(server.url, second.url, read=10.0)
    asked.predictor.warm_up()
    server.hangs = True
    assert all(is_right(asked.ask(1.0)) for _ in range(4))
    assert server.inferences >= 1
    assert (server.url, "timeout") in asked.recorder.outcomes


def test_a_server_that_keeps_hanging_is_left_alone(
    remote: Open, server: OipServer, second: OipServer, caplog: pytest.LogCaptureFixture
) -> None:
    asked = remote(server.url, second.url, read=0.3)
    asked.predictor.warm_up()
    before = server.inferences
    server.hangs = True
    assert all(is_right(asked.ask(5.0)) for _ in range(40))
    assert f"{server.url} is left alone for" in caplog.text
    assert 5 <= server.inferences - before < 15, "in turns it would have been 20"


def test_one_that_takes_connections_and_says_nothing_is_not_ready(remote: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        asked = remote(url, read=10.0)
        began = time.monotonic()
        asked.predictor.warm_up()
        assert time.monotonic() - began < 0.3 + LATENESS
        with pytest.raises(RemoteUnavailableError) as caught:
            asked.predictor.check_ready()
        assert caught.value.got == f"{url}: no whole answer came in time"


# Nonsense


def outputs(*listed: dict[str, Any]) -> bytes:
    return answer(orjson.dumps({"model_name": "tiny", "outputs": list(listed)}))


LOGITS = {"name": "logits", "datatype": "FP32", "shape": [1, 3], "data": [1.0, 2.0, 3.0]}


@pytest.mark.parametrize(
    ("said", "got"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "SSH-2.0-OpenSSH_9.6"),
        (answer(b"<html>welcome</html>"), "JSON"),
        (answer(b'{"outputs": 7}'), "outputs"),
        (outputs(), "output logits is none"),
        (outputs(LOGITS | {"name": "boxes"}), "output logits is none"),
        (outputs(LOGITS | {"datatype": "INT64", "data": [1, 2, 3]}), "output logits is int64 [1, 3]"),
        (outputs(LOGITS | {"shape": [3]}), "output logits is float32 [3]"),
        (outputs(LOGITS | {"shape": [1, 4]}), "logits"),
    ],
)
def test_answers_that_make_no_sense_are_told(remote: Open, server: OipServer, said: bytes, got: str) -> None:
    asked = remote(server.url)
    asked.predictor.warm_up()
    server.answers = [said]
    outcome = asked.ask()
    assert got in refusal(outcome, RemoteFailedError, f"{server.url} gave an answer that cannot be used")
    assert getattr(outcome, "status", 0) == 502
    assert server.inferences == 2, "asking again would give the same"


def test_an_answer_that_is_cut_is_asked_for_again(remote: Open, server: OipServer) -> None:
    asked = remote(server.url)
    asked.predictor.warm_up()
    server.answers = [answer(b"x" * 1000)[:500], outputs(LOGITS)]
    outcome = asked.ask()
    assert isinstance(outcome, Result)
    assert outcome.predictions[0].label == "blue"
    assert asked.recorder.outcomes == [(server.url, "ok"), (server.url, "broken"), (server.url, "ok")]


def test_a_server_that_fails_is_quoted_and_left_alone_in_the_end(remote: Open, server: OipServer) -> None:
    asked = remote(server.url)
    asked.predictor.warm_up()
    server.answers = [answer(b'{"error": "CUDA out of memory"}', "500 Internal Server Error")]
    for _ in range(5):
        got = refusal(asked.ask(), RemoteFailedError, f"{server.url} failed")
        assert "CUDA out of memory" in got
    assert not asked.endpoints[0].usable
    got = refusal(asked.ask(), RemoteUnavailableError, "no endpoint can be asked for tiny now")
    assert "CUDA out of memory" in got
    server.answers = []
    asked.wait_ready()
    assert is_right(asked.ask())


# Another model


def test_a_model_that_is_not_there_is_not_ready(remote: Open, server: OipServer) -> None:
    server.has_model = False
    asked = remote(server.url)
    asked.predictor.warm_up()
    got = refusal(asked.ask(), RemoteUnavailableError, "no endpoint can be asked for tiny now")
    assert got == f"{server.url}: Request for unknown model: 'tiny' is not found"
    server.has_model = True
    asked.wait_ready()
    assert is_right(asked.ask())


def test_a_request_that_is_refused_is_told_in_the_servers_words(remote: Open, server: OipServer) -> None:
    asked = remote(server.url)
    asked.predictor.warm_up()
    server.answers = [answer(b'{"error": "Request for unknown model: \'tiny\' is not found"}', "404 Not Found")]
    got = refusal(asked.ask(), RemoteFailedError, f"{server.url} refuses the request")
    assert "Request for unknown model: 'tiny' is not found" in got
    assert asked.endpoints[0].healthy


@pytest.mark.parametrize(
    ("tensors", "got", "expected"),
    [
        (
            {"inputs": [{"name": "images", "datatype": "FP32", "shape": [-1, 3, 16, 8]}]},
            "input images float32 [-1, 3, 16, 8]",
            "input images float32 [batch, 3, 8, 8]",
        ),
        (
            {"outputs": [{"name": "logits", "datatype": "FP16", "shape": [-1, 3]}]},
            "output logits float16 [-1, 3]",
            "output logits float32 [batch, 3]",
        ),
        (
            {"outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, 3]}]},
            "no output logits (it has scores)",
            "output logits float32 [batch, 3]",
        ),
    ],
)
def test_another_model_of_the_same_name_ends_the_start(
    remote: Open, server: OipServer, second: OipServer, tensors: dict[str, Any], got: str, expected: str
) -> None:
    second.tensors = TENSORS | tensors
    with pytest.raises(EngineError) as caught:
        remote(server.url, second.url).predictor.warm_up()
    assert caught.value.message == f"the model at {second.url} is not the bundle's"
    assert (caught.value.got, caught.value.expected) == (got, expected)


def test_another_model_that_takes_the_place_is_never_asked(remote: Open, server: OipServer, second: OipServer) -> None:
    asked = remote(server.url, second.url)
    asked.predictor.warm_up()
    second.stop()
    wait_until(lambda: not asked.endpoints[1].ready)
    second.tensors = TENSORS | {"outputs": []}
    inferences = second.inferences
    second.start()
    wait_until(lambda: asked.endpoints[1].mismatch is not None)
    assert all(is_right(asked.ask()) for _ in range(5))
    assert second.inferences == inferences


# Busy


def busy(retry_after: int) -> bytes:
    return answer(b'{"error": "queue full"}', "429 Too Many Requests", Retry_After=str(retry_after))


def test_a_busy_server_is_asked_again_when_it_says(remote: Open, server: OipServer) -> None:
    asked = remote(server.url)
    asked.predictor.warm_up()
    server.answers = [busy(1), outputs(LOGITS)]
    began = time.monotonic()
    assert isinstance(asked.ask(), Result)
    assert 1.0 <= time.monotonic() - began < 1.0 + LATENESS


def test_a_busy_server_is_not_waited_for_beyond_the_deadline(remote: Open, server: OipServer) -> None:
    asked = remote(server.url)
    asked.predictor.warm_up()
    server.answers = [busy(9)]
    began = time.monotonic()
    outcome = asked.ask(8.0)
    assert time.monotonic() - began < LATENESS
    assert "queue full" in refusal(outcome, RemoteUnavailableError, f"{server.url} is busy")
    assert getattr(outcome, "retry_after", None) == 9
    assert asked.endpoints[0].healthy, "it is up"


def test_a_busy_servers_work_goes_to_another_at_once(remote: Open, server: OipServer, second: OipServer) -> None:
    asked = remote(server.url, second.url)
    asked.predictor.warm_up()
    server.answers = [busy(30)]
    began = time.monotonic()
    assert all(is_right(asked.ask()) for _ in range(6))
    assert time.monotonic() - began < 2.0


# Certificates


def test_a_certificate_of_another_authority_is_not_trusted(remote: Open, tmp_path: Path) -> None:
    shown, trusted = (make_certificate(tmp_path, name) for name in ("shown", "trusted"))
    with OipServer(shown.server_context()) as server:
        asked = remote(server.url, credentials=Credentials(ca=trusted.certificate))
        asked.predictor.warm_up()
        got = refusal(asked.ask(), RemoteUnavailableError, "no endpoint can be asked for tiny now")
        assert got.startswith(f"{server.url}: ")
        assert "self-signed certificate" in got
        assert server.inferences == 0
        well = remote(server.url, credentials=Credentials(ca=shown.certificate))
        well.predictor.warm_up()
        assert is_right(well.ask())


# Flapping


def storm(asked: Remote, seconds: float, threads: int = 8) -> list[float]:
    """Asks from many threads for so long; every answer must be right, and in time. Gives how long each took."""
    until = time.monotonic() + seconds

    def load() -> list[float]:
        took = []
        while (began := time.monotonic()) < until:
            outcome = asked.ask()
            assert is_right(outcome), str(outcome)
            took.append(time.monotonic() - began)
        return took

    with ThreadPoolExecutor(threads) as pool:
        return [each for running in [pool.submit(load) for _ in range(threads)] for each in running.result()]


def test_one_of_three_endpoints_flaps_under_load(remote: Open, server: OipServer, second: OipServer) -> None:
    third = OipServer()
    for each in (server, second, third):
        each.takes = 0.01
    third.start()
    asked = remote(server.url, second.url, third.url)
    asked.predictor.warm_up()
    calm = storm(asked, 0.4)
    flapping = threading.Event()

    def flap() -> None:
        while not flapping.wait(0.15):
            third.stop()
            if flapping.wait(0.15):
                break
            third.start()

    flapper = threading.Thread(target=flap)
    flapper.start()
    try:
        rough = storm(asked, 1.0)
    finally:
        flapping.set()
        flapper.join()
        third.stop()
    outcomes = [outcome for url, outcome in asked.recorder.outcomes if url == third.url]
    assert {"ok"} < set(outcomes) <= {"ok", "unreachable", "broken"}
    assert {outcome for url, outcome in asked.recorder.outcomes if url != third.url} == {"ok"}
    wait_until(lambda: not asked.endpoints[2].usable)
    third.start()
    wait_until(lambda: asked.endpoints[2].healthy)
    before = third.inferences
    storm(asked, 0.1)
    assert third.inferences > before
    third.stop()
    assert statistics.quantiles(rough, n=100)[98] < 2 * statistics.quantiles(calm, n=100)[98] + 0.3
