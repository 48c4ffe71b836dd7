"""The page below a path prefix, where everything it asks for must be below it too."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from inference_core.server import Service, create_app
from inference_core.settings import Settings
from tests.server.page.browser import Browser, needs_chromium
from tests.server.page.conftest import MODELS

pytestmark = needs_chromium


@pytest.fixture
def address() -> Iterator[str]:
    """Where the application is mounted."""
    inner = create_app(Service(Settings(models=MODELS)))

    @asynccontextmanager
    async def lifespan(outer: Starlette) -> AsyncIterator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    outer = Starlette(routes=[Mount("/vision", inner)], lifespan=lifespan)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(outer, log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/vision/"
        finally:
            server.should_exit = True
            thread.join()


def test_the_page_and_its_documentation_work_below_a_prefix(browser: Browser, address: str) -> None:
    browser.open(address)
    browser.wait("document.getElementById('about').textContent")
    browser.give_file("#file", MODELS / "samples" / "feedback.png")
    browser.wait("document.querySelectorAll('#predictions li').length > 0")
    assert f"curl '{address}models/card_elements/predict'" in browser.evaluate(
        "document.getElementById('curl').innerText"
    )
    browser.open(f"{address}docs")
    browser.wait("document.querySelectorAll('.opblock').length > 5")
    assert [url for url in browser.requested() if not url.startswith((address, "data:"))] == []
    assert browser.complaints() == []
