"""What is looked after while models are served: idleness, and changes on disk."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from inference_core.repository import Repository
from inference_core.repository.keeper import Keeper
from inference_core.settings import Settings
from tests.repository.bundles import becomes, open_repository, pack_version, put, score, states


@contextmanager
def kept(models: Path, **settings: Any) -> Iterator[Repository]:
    repository = open_repository(models, **settings)
    keeper = Keeper(repository, Settings(models=models, **settings))
    keeper.start()
    try:
        yield repository
    finally:
        keeper.stop()
        repository.close()


@pytest.fixture
def served(tmp_path: Path) -> Path:
    put(pack_version(tmp_path / "a", "1"), tmp_path / "served" / "c")
    return tmp_path / "served"


def test_an_idle_model_is_unloaded_and_comes_back(served: Path) -> None:
    with kept(served, idle_unload_s=1) as repository:
        assert states(repository)[0][2] == "ready"
        becomes(lambda: states(repository)[0][2] == "unloaded")
        assert score(repository) > 0.99
        assert states(repository)[0][2] == "ready"


def test_a_changed_bundle_is_loaded_again_by_itself(served: Path, tmp_path: Path) -> None:
    with kept(served, reload=True) as repository:
        assert score(repository) > 0.99
        put(pack_version(tmp_path / "b", "2", scale=1.0), served / "c")
        becomes(lambda: states(repository) == [("tiny_classifier", "2", "ready")])
        assert score(repository) == pytest.approx(0.5761169, abs=1e-6)


def test_a_new_bundle_is_taken_up(served: Path, tmp_path: Path) -> None:
    with kept(served, reload=True) as repository:
        put(pack_version(tmp_path / "b", "2", scale=1.0), served / "d")
        becomes(lambda: states(repository)[1:] == [("tiny_classifier", "2", "ready")])
        assert score(repository, version="2") < 0.6


def test_what_cannot_be_used_is_logged_once_and_mended_later(
    served: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with kept(served, reload=True) as repository, caplog.at_level(logging.ERROR):
        (served / "c" / "model.onnx").write_bytes(b"damaged")
        (served / "d").mkdir()
        (served / "d" / "bundle.json").write_text("{}")
        becomes(lambda: len(caplog.records) == 2)
        becomes(lambda: repository.entries()[0].reason is not None)
        assert score(repository) > 0.99
        put(pack_version(tmp_path / "b", "1", scale=1.0), served / "c")
        becomes(lambda: repository.entries()[0].reason is None and score(repository) < 0.6)
        assert len(caplog.records) == 2


def test_bundles_that_are_gone_end_nothing(served: Path, caplog: pytest.LogCaptureFixture) -> None:
    with kept(served, reload=True) as repository, caplog.at_level(logging.ERROR):
        shutil.rmtree(served / "c")
        becomes(lambda: any("cannot be looked at" in record.getMessage() for record in caplog.records))
        assert score(repository) > 0.99


def test_nothing_is_looked_after_unless_it_is_asked_for(served: Path) -> None:
    repository = open_repository(served)
    keeper = Keeper(repository, Settings(models=served))
    keeper.start()
    assert not keeper._thread.is_alive()
    keeper.stop()
    repository.close()
