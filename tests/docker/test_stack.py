"""docker/stack.yaml: services that Swarm accepts, replaces one by one, and starts with the secrets they need."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.docker import compose
from tests.docker.compose import FOLDER, TARGETS, Service, document, mebibytes, needs_stack, settings

FILE = "stack.yaml"
GIVEN = {"REGISTRY": "ghcr.io/me/", "VERSION": "1.2"}
SERVICES = compose.services(FILE, **GIVEN)
each = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)


@each
def test_containers_have_no_rights_to_spare(service: Service) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert [text.split(":")[0] for text in service["tmpfs"]] == ["/tmp"]  # noqa: S108
    # What Swarm would leave out.
    assert not {"security_opt", "restart", "build", "depends_on", "mem_limit", "cpus"} & service.keys()


@each
def test_images_come_from_the_registry(service: Service) -> None:
    found = re.fullmatch(r"ghcr\.io/me/satchel:1\.2-(.+)", service["image"])
    assert found
    assert found[1] in TARGETS


@pytest.mark.parametrize("given", GIVEN)
def test_without_a_registry_or_version_nothing_is_deployed(given: str) -> None:
    with pytest.raises(AssertionError, match="set it, "):
        compose.services(FILE, **{given: GIVEN[given]})


@each
def test_tasks_are_replaced_one_by_one_and_the_old_image_comes_back(service: Service) -> None:
    deploy = service["deploy"]
    for config in (deploy["update_config"], deploy["rollback_config"]):
        assert config["order"] == "start-first"
        assert config["parallelism"] == 1
    assert deploy["update_config"]["failure_action"] == "rollback"
    assert deploy["restart_policy"]["condition"] == "any"
    assert deploy["placement"]["preferences"]
    assert "test" not in service["healthcheck"]  # the image's


@each
def test_settings_and_limits(service: Service) -> None:
    read = settings(service)
    assert float(service["stop_grace_period"].removesuffix("s")) >= read.drain_s + read.timeout_ms / 1000 + 5
    limits, reserved = (service["deploy"]["resources"][kind] for kind in ("limits", "reservations"))
    assert reserved.items() <= limits.items()
    assert mebibytes(limits["memory"]) >= 200 + read.max_bodies_mb + 300 * int(limits["cpus"])


@each
def test_secrets_reach_the_settings(service: Service, tmp_path: Path) -> None:
    """The command, with `env` in place of the server."""
    shell, option, script = service["command"]
    for secret in service["secrets"]:
        assert secret["source"] in document(FILE, **GIVEN)["secrets"]
        assert (secret["uid"], secret["mode"]) == ("10001", 0o400)
        (tmp_path / secret["target"]).write_text(f"{'0' * 64}\n")
    assert script.endswith("exec satchel serve")
    script = script.replace("/run/secrets", str(tmp_path)).replace("satchel serve", "env")
    done = subprocess.run([shell, option, script], capture_output=True, text=True, check=True, env={"PATH": os.defpath})
    variables = dict(line.split("=", 1) for line in done.stdout.splitlines())
    read = settings({"environment": {k: v for k, v in variables.items() if k.startswith("SATCHEL_")}})
    assert read.api_keys == ("0" * 64,)
    assert (read.remote_token is not None) == ("thin" in service["image"])


@each
def test_without_its_secrets_no_server_starts(service: Service) -> None:
    shell, option, script = service["command"]
    done = subprocess.run([shell, option, script], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "/run/secrets/api-keys" in done.stderr


@needs_stack
def test_docker_accepts_it() -> None:
    done = compose.docker("stack", "config", "--compose-file", str(FOLDER / FILE), **GIVEN)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
