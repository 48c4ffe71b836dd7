"""Loading, unloading and replacing models while they are used."""

import asyncio
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from inference_core.errors import IntegrityError, LoadFailedError, NotFoundError, NotReadyError
from inference_core.limits import Limits
from inference_core.repository import Model, Repository
from tests.repository.bundles import RED, open_repository, pack_version, put, rewrite, score, states

SURE: Any = pytest.approx(0.9999092, abs=1e-6)
UNSURE: Any = pytest.approx(0.5761169, abs=1e-6)
"""Softmax of the logits 10, 0, 0 and of 1, 0, 0."""


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """Versions 2 and 10 of the tiny classifier below one directory; the newer one is less sure."""
    put(pack_version(tmp_path / "a", "2"), tmp_path / "models" / "classifier" / "2")
    put(pack_version(tmp_path / "b", "10", scale=1.0), tmp_path / "models" / "classifier" / "10")
    return tmp_path / "models"


def test_the_newest_version_answers_unless_one_is_named(versions: Path) -> None:
    repository = open_repository(versions)
    assert states(repository) == [("tiny_classifier", "10", "ready"), ("tiny_classifier", "2", "ready")]
    assert score(repository) == UNSURE  # 10 comes after 2
    assert score(repository, version="2") == SURE
    with pytest.raises(NotFoundError) as caught:
        repository.entry("tiny_classifier", "3")
    assert (caught.value.message, caught.value.expected) == ("model tiny_classifier has no version 3", "one of 10, 2")
    repository.close()


def test_what_is_unloaded_on_purpose_stays_out_until_it_is_loaded(versions: Path) -> None:
    repository = open_repository(versions)
    asyncio.run(repository.unload_model("tiny_classifier", "10"))
    assert states(repository)[0] == ("tiny_classifier", "10", "unloaded")
    assert score(repository) == SURE  # the newest that is there
    with pytest.raises(NotReadyError, match="model tiny_classifier 10 is unloaded"):
        score(repository, version="10")
    asyncio.run(repository.unload_model("tiny_classifier"))
    with pytest.raises(NotReadyError, match="is unloaded"):
        score(repository)
    asyncio.run(repository.load_model("tiny_classifier"))
    assert (score(repository), score(repository, version="2")) == (UNSURE, SURE)
    repository.close()


def test_lazy_models_load_once_with_their_first_requests(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = count_loads(monkeypatch)
    repository = open_repository(tiny_models, load="lazy")
    assert [state for _, _, state in states(repository)] == ["unloaded", "unloaded"]

    async def crowd() -> None:
        async def one() -> None:
            async with repository.lease("tiny_classifier") as model:
                await model.scheduler.predict(RED)

        await asyncio.gather(*(one() for _ in range(8)))

    asyncio.run(crowd())
    assert loads == ["tiny_classifier"]
    assert [state for _, _, state in states(repository)] == ["ready", "unloaded"]
    repository.close()


def test_a_lazy_model_that_cannot_be_loaded_says_why_and_is_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = put(pack_version(tmp_path, "1"), tmp_path / "served" / "c")
    (bundle / "model.onnx").write_bytes(b"damaged")
    loads = count_loads(monkeypatch)
    repository = open_repository(tmp_path / "served", load="lazy")
    with pytest.raises(IntegrityError, match="is not the file that was packed"):
        score(repository)
    with pytest.raises(LoadFailedError, match=r"could not be loaded: model\.onnx in .* is not the file that was pack"):
        score(repository)
    assert (loads, states(repository)[0][2]) == (["c"], "failed")
    repository.close()


def test_the_least_recently_used_gives_way(tiny_models: Path) -> None:
    repository = open_repository(tiny_models, max_active=1)
    assert [state for _, _, state in states(repository)] == ["ready", "unloaded"]
    score(repository, "tiny_detector")
    assert [state for _, _, state in states(repository)] == ["unloaded", "ready"]
    assert score(repository) == SURE  # it comes back by itself
    assert [state for _, _, state in states(repository)] == ["ready", "unloaded"]
    repository.close()


def test_a_model_is_not_closed_while_it_is_held(versions: Path) -> None:
    repository = open_repository(versions)

    async def check() -> None:
        async with repository.lease("tiny_classifier", "10") as model:
            unloading = asyncio.create_task(repository.unload_model("tiny_classifier", "10"))
            await asyncio.sleep(0.1)
            assert not unloading.done()
            assert (await model.scheduler.predict(RED)).predictions[0].score == UNSURE
        await asyncio.wait_for(unloading, 5)
        with pytest.raises(NotReadyError, match="is stopping"):
            await model.scheduler.predict(RED)

    asyncio.run(check())
    repository.close()


def test_a_swap_fails_no_request(tmp_path: Path) -> None:
    bundle = put(pack_version(tmp_path / "a", "1"), tmp_path / "served" / "c")
    other = pack_version(tmp_path / "b", "1", scale=1.0)
    repository = open_repository(tmp_path / "served")

    async def check() -> set[float]:
        seen: set[float] = set()
        done = asyncio.Event()

        async def ask() -> None:
            while not done.is_set():
                async with repository.lease("tiny_classifier") as model:
                    seen.add(round((await model.scheduler.predict(RED)).predictions[0].score, 4))

        callers = [asyncio.create_task(ask()) for _ in range(4)]
        for turn in range(6):
            put(other if turn % 2 == 0 else pack_version(tmp_path / "c", "1"), bundle)
            await repository.load_model("tiny_classifier")
        done.set()
        await asyncio.gather(*callers)  # raises if any request failed
        return seen

    assert asyncio.run(check()) == {0.9999, 0.5761}
    repository.close()


def test_loading_what_has_not_changed_does_nothing(versions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = open_repository(versions)
    loads = count_loads(monkeypatch)
    asyncio.run(repository.load_model("tiny_classifier"))
    assert loads == []
    repository.close()


def test_a_corrupt_bundle_leaves_the_old_one_serving(tmp_path: Path) -> None:
    bundle = put(pack_version(tmp_path, "1"), tmp_path / "served" / "c")
    repository = open_repository(tmp_path / "served")
    (bundle / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(IntegrityError):
        asyncio.run(repository.load_model("tiny_classifier"))
    [entry] = repository.entries()
    assert (entry.state, score(repository)) == ("ready", SURE)
    assert entry.reason is not None and "is not the file that was packed" in entry.reason
    repository.close()


def test_a_model_whose_files_are_gone_serves_on(tmp_path: Path) -> None:
    bundle = put(pack_version(tmp_path, "1"), tmp_path / "served" / "c")
    repository = open_repository(tmp_path / "served")
    shutil.rmtree(bundle)
    assert score(repository) == SURE
    repository.close()


def test_a_bundle_may_come_back_in_another_version_but_not_in_one_that_is_taken(versions: Path) -> None:
    repository = open_repository(versions)
    rewrite(versions / "classifier" / "2", version="11")
    asyncio.run(repository.load_model("tiny_classifier", "2"))
    assert [entry.version for entry in repository.versions("tiny_classifier")] == ["11", "10"]
    assert score(repository) == SURE
    rewrite(versions / "classifier" / "2", version="10")
    with pytest.raises(Exception, match="two bundles are called tiny_classifier, version 10"):
        asyncio.run(repository.load_model("tiny_classifier", "11"))
    assert (score(repository, version="11"), score(repository, version="10")) == (SURE, UNSURE)
    repository.close()


def test_limits_outlive_the_loaded_model(tiny_models: Path) -> None:
    repository = open_repository(tiny_models)
    repository.set_limits("tiny_classifier", Limits(max_predictions=1))
    asyncio.run(repository.unload_model("tiny_classifier"))
    asyncio.run(repository.load_model("tiny_classifier"))
    [model] = [model for model in repository.all() if model.manifest.name == "tiny_classifier"]
    assert model.limits == repository.limits("tiny_classifier") == Limits(max_predictions=1)
    repository.close()


def test_only_the_chosen_models_are_there(tiny_models: Path) -> None:
    repository = open_repository(tiny_models, only=("tiny_detector",))
    assert states(repository) == [("tiny_detector", "1", "ready")]
    repository.close()
    with pytest.raises(NotFoundError) as caught:
        open_repository(tiny_models, only=("tiny_detector", "nope"))
    assert caught.value.expected == "some of tiny_classifier, tiny_detector"


def test_an_observer_hears_of_every_state(tiny_models: Path) -> None:
    heard: list[tuple[str, str]] = []

    class Ear:
        def __getattr__(self, name: str) -> object:
            return lambda *what: heard.append((what[0], what[2])) if name == "state" else None

    from inference_core.settings import Settings

    repository = Repository.load(Settings(models=tiny_models, only=("tiny_detector",)), Ear())  # type: ignore[arg-type]
    asyncio.run(repository.unload_model("tiny_detector"))
    asyncio.run(repository.load_model("tiny_detector"))
    repository.close()
    assert heard == [("tiny_detector", state) for state in ("ready", "unloaded", "loading", "ready", "unloaded")]


def count_loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the bundles that are loaded from now on."""
    loads: list[str] = []
    original, lock = Model.load, threading.Lock()

    def load(path: Path, *arguments: object, **options: object) -> Model:
        with lock:
            loads.append(path.name)
        return original(path, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Model, "load", load)
    return loads
