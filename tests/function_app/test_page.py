"""The page of the Function in a real browser: open to all, while its requests need the function key."""

import asyncio
from pathlib import Path

import pytest

from tests.function_app.host import Host
from tests.function_app.http_host import serve
from tests.function_app.our_app import KEY, on_host
from tests.pictures import plain
from tests.server.page.browser import Browser, browsing, needs_chromium

pytest.importorskip(
    "azure_functions_runtime",
    reason="pip install --no-deps --ignore-requires-python azure-functions-runtime==1.3.0",
)
pytestmark = needs_chromium


def test_the_page_asks_for_the_function_key_and_predicts_with_it(
    tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATCHEL_MODELS", str(tiny_models))
    picture = tmp_path / "red.png"
    picture.write_bytes(plain((255, 0, 0)))

    def use(address: str) -> None:
        with browsing(tmp_path / "profile") as chromium, chromium.tab() as tab:
            give_key(tab, address)
            tab.give_file("#file", picture)
            tab.wait("document.getElementById('status').textContent.startsWith('red, 100 %')")
            assert "x-functions-key: $KEY" in tab.evaluate("document.getElementById('curl').textContent")
            assert [complaint for complaint in tab.complaints() if "401" not in complaint] == []
            tab.open(f"{address}/docs")
            tab.wait("document.querySelectorAll('.opblock').length > 5")

    async def check(host: Host) -> None:
        async with serve(host) as address:
            await asyncio.to_thread(use, address)

    on_host(check)


def give_key(tab: Browser, address: str) -> None:
    """Opens the page and gives the key that it asks for."""
    tab.open(f"{address}/")
    tab.wait("document.getElementById('key-dialog').open")
    tab.evaluate(f"document.getElementById('key').value = '{KEY}'")
    tab.evaluate("document.getElementById('key-form').requestSubmit()")
    tab.wait("document.getElementById('about').textContent")
