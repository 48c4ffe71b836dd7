"""The Function in remote mode, under the runtime that production runs."""

import json

import pytest

from inference_core.bundle import open_bundle
from tests.function_app.host import Host
from tests.function_app.messages import Response
from tests.function_app.our_app import KEY, on_host
from tests.models import pack_classifier
from tests.pictures import plain
from tests.remote.oip_server import OipServer
from tests.server.doors import PREDICT

pytest.importorskip(
    "azure_functions_runtime",
    reason="pip install --no-deps --ignore-requires-python azure-functions-runtime==1.3.0",
)


def test_a_thin_function_answers_from_the_service_and_says_when_it_is_gone(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = pack_classifier(tmp_path_factory.mktemp("thin"))
    with open_bundle(path) as bundle:
        (path / bundle.artifact().file).unlink()

    async def check(host: Host) -> list[Response]:
        async def predict() -> Response:
            return await host.request(
                "POST", PREDICT, body=plain((0, 0, 255)), key=KEY, headers={"content-type": "image/png"}
            )

        found = await predict()
        endpoint.stop()
        return [found, await predict()]

    with OipServer() as endpoint:
        settings = {"MODELS": str(path), "MODE": "remote", "REMOTE_URL": endpoint.url, "REMOTE_MODEL": "tiny"}
        for name, value in (settings | {"REMOTE_CONNECT_MS": "200", "REMOTE_RETRIES": "0"}).items():
            monkeypatch.setenv(f"SATCHEL_{name}", value)
        found, gone = on_host(check)
    assert found.status == 200
    assert json.loads(found.body)["predictions"][0]["label"] == "blue"
    assert gone.status == 503
    error = json.loads(gone.body)["error"]
    assert error["code"] == "remote_unavailable"
    assert endpoint.url in error["message"]
