"""A server of the shipped model, and a browser to look at its page with."""

from collections.abc import Iterator

import pytest

from tests.assets import ROOT
from tests.server.page.browser import Browser, Chromium, browsing
from tests.server.process import Server, serving

MODELS = ROOT / "models"


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with serving(MODELS) as running:
        yield running


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with browsing(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def browser(chromium: Chromium) -> Iterator[Browser]:
    with chromium.tab() as tab:
        yield tab
