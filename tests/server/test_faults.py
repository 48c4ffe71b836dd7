"""Faults of models and of load: whoever else asks is answered, and whoever is refused hears of it in time."""

import http.client
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest

from inference_core.limits import Limits
from inference_core.pipeline import LocalPredictor
from inference_core.predictor import Outcome
from tests.server.doors import PREDICT as CLASSIFY
from tests.server.doors import open_door
from tests.server.fragile import NAME, NO_NUMBER, PREDICT, QUEUE_SIZE, RAISING, SLOW, SOUND
from tests.server.process import WITHIN, Server
from tests.server.watching import becomes, waiting

CAPACITY = QUEUE_SIZE + 1


def code_of(answer: tuple[int, bytes]) -> tuple[int, str]:
    return answer[0], orjson.loads(answer[1])["error"]["code"]


@pytest.mark.parametrize("picture", [RAISING, NO_NUMBER], ids=["raising", "no number"])
def test_a_picture_that_the_model_fails_on_is_500_and_the_next_is_fine(fragile_server: Server, picture: bytes) -> None:
    for _ in range(3):
        assert code_of(fragile_server.ask("POST", PREDICT, picture)) == (500, "engine_failed")
        assert fragile_server.ask("POST", PREDICT, SOUND)[0] == 200


def test_such_a_picture_fails_alone_among_others(fragile_models: Path) -> None:
    with open_door(fragile_models, threads=1, max_batch=4) as door:
        pictures = (SOUND, NO_NUMBER, RAISING, SOUND)
        files = [("images", ("a.png", picture, "image/png")) for picture in pictures]
        results = door.post(f"{PREDICT}_batch", files=files).json()["results"]
    assert [result.get("error", {}).get("code") for result in results] == [None, "engine_failed", "engine_failed", None]
    assert {results[place]["predictions"][0]["label"] for place in (0, 3)} == {"red"}


def test_a_defect_is_500_once_and_the_thread_lives_on(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_door(tiny_models, threads=1) as door:
        original, defects = LocalPredictor.predict, [ZeroDivisionError("a secret of ours"), MemoryError()]

        def predict(
            self: LocalPredictor,
            images: Sequence[bytes],
            *,
            deadline: float | None = None,
            limits: Sequence[Limits] = (),
        ) -> list[Outcome]:
            if defects:
                raise defects.pop()
            return original(self, images, deadline=deadline, limits=limits)

        monkeypatch.setattr(LocalPredictor, "predict", predict)
        answers = [door.post(CLASSIFY, content=SOUND) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [500, 500, 200, 200, 200]
    assert answers[0].json()["error"]["code"] == "internal_error"
    assert "secret" not in answers[1].text
    assert all("x-request-id" in answer.headers for answer in answers)


def test_each_of_a_crowd_is_answered_or_refused_at_once(fragile_server: Server) -> None:
    began = time.monotonic()

    def ask(_: int) -> tuple[int, str | None, float]:
        connection = http.client.HTTPConnection("127.0.0.1", fragile_server.port, timeout=WITHIN)
        connection.request("POST", PREDICT, SLOW)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status, answer.headers["Retry-After"], time.monotonic() - began

    with ThreadPoolExecutor(24) as clients:
        answers = list(clients.map(ask, range(24)))
    statuses = Counter(status for status, _, _ in answers)
    assert set(statuses) == {200, 429}
    assert statuses[200] >= CAPACITY
    assert {retry for status, retry, _ in answers if status == 429} == {"1"}
    first_refused = min(at for status, _, at in answers if status == 429)
    assert first_refused < max(at for status, _, at in answers if status == 200)
    assert waiting(fragile_server, NAME) == 0


def test_a_deadline_passes_in_the_queue_on_time(fragile_server: Server) -> None:
    with ThreadPoolExecutor(3) as clients:
        slow = [clients.submit(fragile_server.ask, "POST", PREDICT, SLOW) for _ in range(3)]
        becomes(lambda: waiting(fragile_server, NAME) == 3)
        late = fragile_server.ask("POST", PREDICT, SOUND, {"X-Timeout-Ms": "50"})
        assert not slow[-1].done() or not slow[0].done() or not slow[1].done()
        assert [each.result()[0] for each in slow] == [200, 200, 200]
    assert code_of(late) == (504, "deadline_exceeded")
    becomes(lambda: waiting(fragile_server, NAME) == 0)
