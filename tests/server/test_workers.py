"""Two server processes: what they refuse, count together, survive, and leave behind."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest

from tests.pictures import plain
from tests.server.doors import PREDICT
from tests.server.process import Server, serving
from tests.server.test_exposition import labels
from tests.server.watching import PREDICT_ROUTE, answered, becomes, told

RED = plain((255, 0, 0))


def descendants(process: int) -> set[int]:
    """Every process below one."""
    children: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):  # it has just ended
            continue
        if parent == process:
            children.add(int(folder.name))
    return children.union(*map(descendants, children))


def lives(process: int) -> bool:
    """Whether it runs; one that has ended and waits for its parent does not."""
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture(scope="module")
def server(tiny_models: Path) -> Iterator[Server]:
    with serving(tiny_models, workers="2", threads="5", admin="on") as running:
        becomes(lambda: len(workers(running)) == 2)
        yield running
        below = descendants(running.process.pid)
        assert len(below) >= 2
        code, _, complaints = running.stop()
        assert (code, "Traceback" in complaints) == (0, False)
        becomes(lambda: not any(map(lives, below)))  # no orphans


def workers(server: Server) -> set[int]:
    """The processes that count: those that serve."""
    return {int(dict(key)["pid"]) for name, key in told(server) if name == "process_resident_memory_bytes"}


@contextmanager
def held(process: int) -> Iterator[None]:
    """Nothing is answered by `process` meanwhile. Briefly: the supervisor ends whoever is silent for 5 seconds."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_either_process_refuses_what_would_reach_one_only(server: Server) -> None:
    for process in workers(server):
        with held(process):
            for method, verb in (("PATCH", "config"), ("POST", "load"), ("POST", "unload")):
                headers = {"Content-Type": "application/json"}
                status, body = server.ask(method, f"/models/tiny_detector/{verb}", b"{}", headers)
                assert (status, orjson.loads(body)["error"]["code"]) == (409, "conflict"), verb
                assert orjson.loads(body)["error"]["got"] == "SATCHEL_WORKERS=2"
    assert server.ask("POST", "/models/tiny_detector/predict", RED)[0] == 200


def test_each_process_has_its_part_of_the_threads(server: Server) -> None:
    for process in workers(server):
        with held(process):
            assert server.get("/models/tiny_classifier")["engine"]["threads"] == 2


def test_metrics_add_up_whoever_is_asked(server: Server) -> None:
    predictions = labels("satchel_predictions_total", model="tiny_classifier")

    def counts() -> tuple[float, float, float]:
        return answered(server, 200), answered(server, 400), told(server).get(predictions, 0)

    good, bad, pictures = counts()
    first, second = workers(server)
    for process, count in ((first, 3), (second, 4)):
        with held(process):
            assert [server.ask("POST", PREDICT, RED)[0] for _ in range(count)] == [200] * count
            assert server.ask("POST", PREDICT, b"")[0] == 400
    becomes(lambda: counts() == (good + 7, bad + 2, pictures + 7))  # a request is counted after its answer
    for process in (first, second):
        with held(process):
            assert counts() == (good + 7, bad + 2, pictures + 7)
            assert told(server)[labels("satchel_http_request_seconds_count", route=PREDICT_ROUTE)] >= 9


def test_metrics_tell_of_those_that_serve_alone(server: Server) -> None:
    """The parent loads the models too, and serves none."""
    found = told(server)
    assert server.process.pid not in workers(server)
    assert found[labels("satchel_queue_capacity", model="tiny_classifier")] == 2 * (2 + 128)
    states = {
        state: found[labels("satchel_model_state", model="tiny_classifier", version="1", state=state)]
        for state in ("ready", "loading", "unloaded", "failed")
    }
    assert states == {"ready": 1, "loading": 0, "unloaded": 0, "failed": 0}
    assert found[labels("satchel_models_loaded")] == 2


class Clients:
    """Ask again and again, each over a connection of its own, until told to end."""

    def __init__(self, server: Server, count: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.lost: list[Exception] = []
        self._server = server
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(count)]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def wait_answers(self, count: int) -> None:
        """Until so many more have come."""
        wanted = self.statuses.total() + count
        becomes(lambda: self.statuses.total() >= wanted)

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                self.statuses[self._server.ask("POST", PREDICT, RED)[0]] += 1
            except Exception as error:  # told to the test, which is in another thread
                self.lost.append(error)


def test_a_process_that_is_killed_is_replaced_while_the_other_answers(server: Server) -> None:
    before = workers(server)
    victim, survivor = before
    with Clients(server, 3) as clients:
        clients.wait_answers(20)
        counts = answered(server, 200)
        os.kill(victim, signal.SIGKILL)
        clients.wait_answers(20)
        becomes(lambda: len(workers(server) - {victim}) == 2)
        clients.wait_answers(20)
    assert set(clients.statuses) == {200}
    assert len(clients.lost) <= 3, clients.lost  # what was under way in the one that was killed
    assert all(isinstance(error, ConnectionError) for error in clients.lost), clients.lost
    assert answered(server, 200) > counts  # what it had counted is not forgotten
    assert workers(server) & before == {survivor}
    with held(survivor):
        assert server.ask("GET", "/health/ready")[0] == 200
        assert server.ask("POST", PREDICT, RED)[0] == 200


@pytest.mark.slow
def test_every_process_is_unready_before_it_ends(tiny_models: Path) -> None:
    with serving(tiny_models, workers="2", threads="2", drain_s="2") as server:
        becomes(lambda: len(workers(server)) == 2)
        below = descendants(server.process.pid)
        server.process.terminate()
        becomes(lambda: server.ask("GET", "/health/ready")[0] == 503)
        assert server.ask("POST", PREDICT, RED)[0] == 200  # unready, and yet it answers
        code, _, complaints = server.wait()
    assert (code, "Traceback" in complaints) == (0, False)
    becomes(lambda: not any(map(lives, below)))
