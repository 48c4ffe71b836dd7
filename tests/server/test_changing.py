"""A server whose models come, go and change, and that ends, while it is asked."""

import shutil
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson

from tests.pictures import plain
from tests.repository.bundles import pack_version, put
from tests.server.doors import PREDICT as CLASSIFY
from tests.server.doors import open_door
from tests.server.fragile import NAME, PREDICT, SLOW, SOUND
from tests.server.process import Server, serving
from tests.server.watching import becomes, waiting


def test_files_that_are_deleted_are_missed_by_nobody(fragile_models: Path, tmp_path: Path) -> None:
    models = Path(shutil.copytree(fragile_models, tmp_path / "models"))
    with open_door(models, threads=1, admin=True) as door:
        shutil.rmtree(models)
        assert [door.post(PREDICT, content=SOUND).status_code for _ in range(3)] == [200] * 3
        refused = door.post(f"/models/{NAME}/load")
        assert refused.status_code == 503
        [state] = door.get(f"/models/{NAME}/status").json()["versions"]
        assert (state["state"], state["reason"]) == ("ready", refused.json()["error"]["message"])
        assert door.post(PREDICT, content=SOUND).status_code == 200


def test_the_end_comes_after_the_last_answer(fragile_models: Path) -> None:
    unready = threading.Event()

    def ask_on(fragile_server: Server, picture: bytes) -> Counter[int]:
        """Until it is told that the server is no longer ready, as a load balancer is."""
        statuses: Counter[int] = Counter()
        while not unready.is_set():
            statuses[fragile_server.ask("POST", PREDICT, picture)[0]] += 1
        return statuses

    with serving(fragile_models, threads="1", drain_s="2") as fragile_server, ThreadPoolExecutor(4) as clients:
        load = [clients.submit(ask_on, fragile_server, picture) for picture in (SOUND, SLOW, SLOW, SOUND)]
        becomes(lambda: waiting(fragile_server, NAME) >= 2)
        fragile_server.process.terminate()
        try:
            becomes(lambda: fragile_server.ask("GET", "/health/ready")[0] == 503)
            assert fragile_server.ask("POST", PREDICT, SOUND)[0] == 200  # unready, and yet it answers
        finally:
            unready.set()
        statuses = sum((each.result() for each in load), Counter[int]())
        code, _, complaints = fragile_server.wait()
    assert set(statuses) == {200}
    assert (code, "Traceback" in complaints) == (0, False)


def test_a_changed_bundle_is_taken_up_and_no_request_fails(tmp_path: Path) -> None:
    models, red = tmp_path / "models", plain((255, 0, 0))
    first, second = (pack_version(tmp_path / version, version) for version in ("1", "2"))
    put(first, models / "tiny_classifier")
    versions: list[str] = []
    done = threading.Event()

    def ask_on(fragile_server: Server) -> Counter[int]:
        statuses: Counter[int] = Counter()
        while not done.is_set():
            status, body = fragile_server.ask("POST", CLASSIFY, red)
            statuses[status] += 1
            versions.append(orjson.loads(body).get("version"))
        return statuses

    with serving(models, threads="1", reload="on") as fragile_server, ThreadPoolExecutor(3) as clients:
        load = [clients.submit(ask_on, fragile_server) for _ in range(3)]
        try:
            becomes(lambda: len(versions) >= 10)
            put(second, models / "tiny_classifier")
            becomes(lambda: versions[-1] == "2")
        finally:
            done.set()
        statuses = sum((each.result() for each in load), Counter[int]())
        code, _, _ = fragile_server.stop()
    assert set(statuses) == {200}
    assert (set(versions), versions[0], code) == ({"1", "2"}, "1", 0)


def test_models_load_with_their_first_request_one_at_a_time_and_leave_when_idle(tiny_models: Path) -> None:
    settings = {"load": "lazy", "max_active": 1, "idle_unload_s": 1}
    with open_door(tiny_models, threads=1, **settings) as door:

        def states() -> list[str]:
            return [model["state"] for model in door.get("/models").json()["models"]]

        assert (states(), door.get("/health/ready").status_code) == (["unloaded", "unloaded"], 200)
        assert door.post(CLASSIFY, content=SOUND).status_code == 200
        assert states()[1] == "unloaded"
        assert door.post("/models/tiny_detector/predict", content=SOUND).status_code == 200
        assert states()[0] == "unloaded"  # it made room
        becomes(lambda: states() == ["unloaded", "unloaded"])
        assert door.post(CLASSIFY, content=SOUND).json()["predictions"][0]["label"] == "red"
