"""Whatever the OpenAPI document allows, and much that it does not: nothing of it is the server's fault."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import APIOperation, Case, Config, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import ChecksConfig, NotAServerErrorConfig, ProjectConfig, ProjectsConfig
from schemathesis.core.result import Ok
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.specs.openapi.schemas import OpenApiSchema

from inference_core.server import Service, create_app
from inference_core.settings import Settings

Operation = APIOperation[Any, Any, Any, Any]
EXAMPLES = 10
"""For each operation: of what the document allows, and of what it does not."""
THERE = {"name": "tiny_classifier", "version": "1"}
EXCUSED = ("503", "504")
"""A model is not there yet, or something took too long: no defect, where the document says so."""


@pytest.fixture
def document(tiny_models: Path) -> Iterator[OpenApiSchema]:
    """What the application says of itself; it serves the tiny models, and lets them be loaded and unloaded."""
    app = create_app(Service(Settings(models=tiny_models, admin=True)))
    expected = NotAServerErrorConfig(expected_statuses=["2xx", "3xx", "4xx", *EXCUSED])
    project = ProjectConfig(checks=ChecksConfig(not_a_server_error=expected))
    yield schemathesis.openapi.from_asgi("/openapi.json", app, config=Config(projects=ProjectsConfig(default=project)))
    shutdown_lifespans()


def cases(operation: Operation, mode: GenerationMode) -> SearchStrategy[Case[Any]]:
    """Requests, of which every second one that names a model names one that is there."""
    strategy = operation.as_strategy(mode)
    path = {name: value for name, value in THERE.items() if f"{{{name}}}" in operation.path}
    query = {parameter.name: THERE[parameter.name] for parameter in operation.query if parameter.name in THERE}
    return strategy | operation.as_strategy(mode, path_parameters=path, query=query or None) if path else strategy


def fuzz(operation: Operation, mode: GenerationMode) -> set[int]:
    """The statuses of the answers."""
    statuses: set[int] = set()
    documented = operation.definition.raw["responses"]

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(case=cases(operation, mode))
    def ask(case: Case[Any]) -> None:
        status = case.call_and_validate(checks=[not_a_server_error]).status_code
        assert status < 500 or {str(status), "default"} & documented.keys()
        statuses.add(status)

    ask()
    return statuses


@pytest.mark.slow
def test_no_request_is_answered_with_a_server_error(document: OpenApiSchema) -> None:
    reached = set()
    for result in document.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        load = document["/models/{name}/load"]["POST"].Case(path_parameters={"name": THERE["name"]})
        assert load.call().status_code == 200  # the operation before may have unloaded it
        if 200 in fuzz(operation, GenerationMode.POSITIVE):
            reached.add(operation.label)
        if list(operation.query) or list(operation.body):  # a path alone cannot be wrong: there is no such model
            assert {400, 404, 422} & fuzz(operation, GenerationMode.NEGATIVE), operation.label
    assert reached >= {"GET /models/{name}", "GET /models/{name}/labels", "POST /models/{name}/unload", "GET /metrics"}
