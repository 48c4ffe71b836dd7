"""The routes of the page: content, caching, and headers that let nothing in from elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from inference_core import dependencies
from inference_core.server.page.assets import page_asset
from tests.server.doors import open_door


@pytest.fixture
def client(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models) as opened:
        yield opened


def test_the_page_and_its_documentation_are_html_under_a_strict_policy(client: TestClient) -> None:
    for path, name in (("/", "index.html"), ("/docs", "docs.html")):
        answer = client.get(path)
        assert (answer.status_code, answer.content) == (200, page_asset(name).content)
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' blob: data:",
            "connect-src": "'self'",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
        }
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("page", ["/", "/docs"])
def test_everything_that_a_page_names_is_there_and_relative(client: TestClient, page: str) -> None:
    text = client.get(page).text
    named = re.findall(r'(?:src|href)="([^"]*)"', text)
    assert len(named) >= 4
    for address in named:
        assert not address.startswith(("/", "http"))
        assert client.get(f"/{address}".replace("/./", "/")).status_code == 200
    assert not re.search(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", text)  # the policy would stop them


def test_the_scripts_import_what_is_there_and_nothing_from_elsewhere(client: TestClient) -> None:
    wanted, seen = ["page.js", "docs.js"], set[str]()
    while wanted:
        name = wanted.pop()
        seen.add(name)
        script = client.get(f"/assets/{name}")
        assert (script.status_code, script.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
        assert "http://" not in script.text
        assert "https://" not in script.text
        wanted += [n for n in re.findall(r'from "\./([\w-]+\.js)"', script.text) if n not in seen]
    assert {"page.js", "drawing.js", "rle.js", "door.js", "views.js", "key.js", "arrivals.js", "docs.js"} == seen


def test_a_file_that_the_browser_has_is_not_sent_again(client: TestClient) -> None:
    for path in ("/", "/docs", "/assets/page.css", "/assets/swagger/swagger-ui-bundle.js"):
        first = client.get(path)
        assert first.headers["cache-control"] == "no-cache"
        tag = first.headers["etag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}'):
            again = client.get(path, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/assets/none.js", "/assets/..%2froutes.py", "/assets/swagger/none.js", "/assets/"])
def test_other_files_are_not_there(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


def test_the_documentation_without_its_package_says_what_to_install(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dependencies, "find_spec", lambda package: None)
    answer = client.get("/docs")
    assert (answer.status_code, answer.json()["error"]["remedy"]) == (503, "pip install 'satchel[serve]'")
    assert client.get("/").status_code == 200


def test_the_description_says_nothing_of_the_page(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert "/models/{name}/predict" in paths
    assert not [path for path in paths if path == "/" or path.startswith(("/docs", "/assets"))]
