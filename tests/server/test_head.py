"""Heads of requests that are larger than ours."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from inference_core.server.head import MAX_HEADER_BYTES, MAX_HEADERS, MAX_URL, HeadGuard


async def fine(request: Request) -> Response:
    return Response("fine")


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()
    app.add_route("/{path:path}", fine)
    app.add_middleware(HeadGuard)
    with TestClient(app, headers={}) as opened:
        opened.headers.clear()
        yield opened


@pytest.mark.parametrize("mark", ["/", "/?"])
@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 414)])
def test_a_url_has_a_longest_length(client: TestClient, mark: str, more: int, status: int) -> None:
    answer = client.get(mark + "n" * (MAX_URL - 1 + more))
    assert answer.status_code == status
    if more:
        assert answer.json()["error"]["got"] == f"{MAX_URL + 1} bytes"


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 431)])
def test_headers_are_counted(client: TestClient, more: int, status: int) -> None:
    sent_anyway = 1  # Host
    headers = [(f"X-{number}", "v") for number in range(MAX_HEADERS - sent_anyway + more)]
    assert client.get("/", headers=headers).status_code == status


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 431)])
def test_headers_are_weighed(client: TestClient, more: int, status: int) -> None:
    sent_anyway = len("host") + len("testserver")
    answer = client.get("/", headers={"X": "v" * (MAX_HEADER_BYTES - sent_anyway - 1 + more)})
    assert answer.status_code == status
    if more:
        assert answer.json()["error"]["code"] == "headers_too_large"
