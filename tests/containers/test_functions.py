"""Images on the Functions base. The host itself is not in the stand-in for that base: what it starts is."""

from collections.abc import Callable

import pytest

from tests.containers.conftest import Start
from tests.containers.docker import HARDENED, docker
from tests.containers.test_images import ENGINES, WITH_SAMPLES, assert_sample_is_known

pytestmark = pytest.mark.slow

TARGETS = [f"{target}-functions" for target in ENGINES]


@pytest.mark.parametrize("target", TARGETS)
def test_check_finds_the_functions_as_the_worker_does(built: Callable[[str], str], target: str) -> None:
    done = docker(
        "run", "--rm", *HARDENED, WITH_SAMPLES, built(target), "satchel", "check", "--image", "/samples/booking.png"
    )
    lines = done.out.splitlines()
    functions = [line for line in lines if line.startswith("function ")]
    assert "function serve: httpTrigger /{*path}" in functions
    assert functions == sorted(functions)
    engine = ENGINES[target.removesuffix("-functions")]
    assert lines[-1] == f"model card_elements 1: 23 found by {engine} fp32 on cpu"


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_server_answers_there(start: Start, target: str) -> None:
    container = start(target, command=("satchel", "serve"))
    container.wait_ready()
    assert_sample_is_known(container)


@pytest.mark.parametrize("target", [*TARGETS, "thin-functions"])
def test_the_hosts_place_is_kept(built: Callable[[str], str], target: str) -> None:
    """Its command, a port for a user without rights, folders it writes to, and no gRPC beside the worker's protobuf."""
    image = built(target)
    base = "mcr.microsoft.com/azure-functions/python:4-python3.11"
    command = "{{json .Config.Entrypoint}} {{json .Config.Cmd}}"
    assert docker("image", "inspect", "-f", command, image).out == docker("image", "inspect", "-f", command, base).out
    environment = docker("image", "inspect", "-f", "{{json .Config.Env}}", image).out
    assert '"ASPNETCORE_URLS=http://+:8080"' in environment
    folders = "/azure-functions-host/Secrets/x /home/LogFiles/x /home/data/x"
    script = f"ls /home/site/wwwroot; touch {folders} && python3 -c 'import grpc'"
    done = docker("run", "--rm", "--network=host", "--cap-drop=ALL", image, "sh", "-c", script, check=False)
    assert done.out.split() == ["door.py", "function_app.py", "host.json"]
    if target != "embedded-tf-functions":  # TensorFlow has it for itself
        assert done.err.splitlines()[-1] == "ModuleNotFoundError: No module named 'grpc'"
