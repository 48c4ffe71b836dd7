"""Fixtures that tests of several modules share."""

from pathlib import Path

import pytest

from tests.models import pack_classifier, pack_detector


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the bundles `tiny_classifier` and `tiny_detector`. Shared: do not change it."""
    folder = tmp_path_factory.mktemp("tiny")
    pack_classifier(folder)
    pack_detector(folder)
    return folder / "models"
