"""The application: its description of itself is valid and true, and its models live as long as it does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from inference_core import __version__
from inference_core.errors import BundleError, SettingsError
from inference_core.server import app_from_environment
from tests.pictures import plain
from tests.server.doors import PREDICT, open_door

TEMPLATE = "/models/{name}/predict"
OWN = {
    TEMPLATE: ["post"],
    "/models/{name}/predict_batch": ["post"],
    "/models/{name}/predict_image": ["post"],
    "/models": ["get"],
    "/models/{name}": ["get"],
    "/models/{name}/status": ["get"],
    "/models/{name}/labels": ["get"],
    "/models/{name}/config": ["get", "patch"],
    "/models/{name}/unload": ["post"],
    "/health/live": ["get"],
    "/health/ready": ["get"],
    "/version": ["get"],
    "/metrics": ["get"],
}


@pytest.fixture(scope="module")
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models) as client:
        yield client


@pytest.fixture(scope="module")
def document(door: TestClient) -> Any:
    return door.get("/openapi.json").json()


def check(instance: Any, schema: dict[str, Any], document: Any) -> None:
    """Raises where `instance` does not follow a schema of the document."""
    whole = schema | {"components": document["components"]}
    jsonschema.Draft202012Validator.check_schema(whole)
    jsonschema.validate(instance, whole, jsonschema.Draft202012Validator)


def test_the_document_lists_every_route(document: Any) -> None:
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == __version__
    own = {path: list(methods) for path, methods in document["paths"].items() if path in OWN}
    assert own == OWN


def test_every_status_is_declared_in_the_one_error_shape(document: Any) -> None:
    model = {"200", "404", "422", "503", "default"}
    image = model | {"400", "413", "415", "429", "502", "504"}
    wanted = {
        TEMPLATE: image | {"403"},
        "/models/{name}/predict_batch": image,
        "/models/{name}/predict_image": image | {"403", "406"},
        "/models": model - {"404", "422"},
        "/models/{name}": model,
        "/models/{name}/labels": model,
        "/models/{name}/config": model,
        "/models/{name}/unload": model | {"403", "409"},
        "/health/live": {"200", "default"},
        "/health/ready": model - {"404", "422"},
        "/version": {"200", "default"},
    }
    operations = {path: next(iter(document["paths"][path].values())) for path in wanted}
    assert {path: set(operation["responses"]) for path, operation in operations.items()} == wanted
    schemas = [
        response["content"]["application/json"]["schema"]
        for operation in operations.values()
        for status, response in operation["responses"].items()
        if status != "200"
    ]
    assert schemas == [schemas[0]] * len(schemas)


def test_a_request_may_be_any_of_seven_types(document: Any) -> None:
    body = document["paths"][TEMPLATE]["post"]["requestBody"]
    images = ["image/jpeg", "image/png", "image/webp", "image/bmp", "application/octet-stream"]
    assert body["required"] is True
    assert list(body["content"]) == [*images, "multipart/form-data", "application/json"]
    for kind in images:
        assert body["content"][kind] == {"schema": {"type": "string", "format": "binary"}}
    for kind in ("multipart/form-data", "application/json"):
        check({"image": "abc"}, body["content"][kind]["schema"], document)
        with pytest.raises(jsonschema.ValidationError):
            check({"picture": "abc"}, body["content"][kind]["schema"], document)


@pytest.mark.parametrize("model", ["tiny_classifier", "tiny_detector"])
def test_answers_follow_the_declared_schemas(door: TestClient, document: Any, model: str) -> None:
    responses = document["paths"][TEMPLATE]["post"]["responses"]
    good, bad = (responses[status]["content"]["application/json"]["schema"] for status in ("200", "404"))
    answer = door.post(f"/models/{model}/predict", content=plain((0, 0, 255))).json()
    check(answer, good, document)
    error = door.post("/models/nope/predict", content=b"x").json()
    check(error, bad, document)
    for instance, schema in ((error, good), (answer, bad), (answer | {"predictions": [{"label": 1}]}, good)):
        with pytest.raises(jsonschema.ValidationError):
            check(instance, schema, document)


FOUND = {"label": "cat", "class_id": 1, "score": 0.5}
BOX = {"box": [0.0, 0.0, 2.0, 2.0]}


@pytest.mark.parametrize(
    ("kind", "parts", "spoilt"),
    [
        ("Detection", BOX, {"box": [0.0, 0.0, 2.0]}),
        (
            "Instance",
            BOX | {"mask": {"size": [2, 3], "counts": "231"}},
            BOX | {"mask": {"size": [2], "counts": "231"}},
        ),
        ("Pose", {"keypoints": [[1.0, 2.0, 0.5]]}, {"keypoints": [[1.0, 2.0]]}),
        ("Picture", {"image": "iVBORw==", "width": 8, "height": 6}, {"image": "iVBORw==", "width": 8}),
    ],
)
def test_every_kind_of_prediction_is_declared(
    document: Any, kind: str, parts: dict[str, Any], spoilt: dict[str, Any]
) -> None:
    schemas = document["components"]["schemas"]
    kinds = [choice["$ref"] for choice in schemas["Result"]["properties"]["predictions"]["items"]["anyOf"]]
    assert f"#/components/schemas/{kind}" in kinds
    check(FOUND | parts, schemas[kind], document)
    with pytest.raises(jsonschema.ValidationError):
        check(FOUND | spoilt, schemas[kind], document)


def test_the_page_to_try_reads_the_document(door: TestClient) -> None:
    page = door.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert 'href="openapi.json"' in page.text
    assert door.get("/redoc").status_code == 404


def test_the_environment_chooses_the_models(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATCHEL_MODELS", str(tiny_models / "tiny_detector"))
    with TestClient(app_from_environment()) as client:
        assert client.get("/health/ready").json()["models"] == ["tiny_detector"]
        assert client.post(PREDICT, content=b"x").status_code == 404


def test_a_wrong_environment_stops_the_application_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATCHEL_THREADS", "many")
    with pytest.raises(SettingsError, match="SATCHEL_THREADS cannot be used"):
        app_from_environment()


def test_a_server_does_not_start_without_its_models(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="there is no bundle at"), open_door(tmp_path):
        raise AssertionError("it started")


def test_the_models_are_closed_with_the_application(tiny_models: Path) -> None:
    with open_door(tiny_models) as client:
        app = client.app
        assert client.get("/health/ready").status_code == 200
    assert isinstance(app, Starlette)
    answer = TestClient(app).get("/health/ready")
    assert (answer.status_code, answer.json()["error"]["message"]) == (503, "the service is stopping")
