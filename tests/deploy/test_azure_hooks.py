"""azd's project in deploy/azure, and its hooks, run with stand-ins for az, azd and docker."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.deploy import bicep
from tests.deploy.bicep import FOLDER, MAIN

RUNNABLE = ("container-apps", "container-apps-gpu", "premium", "dedicated")
REFUSED = ("flex-consumption", "consumption")
DIGEST = "sha256:" + "0" * 64


def test_azd_finds_the_template_and_the_hooks() -> None:
    project = YAML(typ="safe").load((FOLDER / "azure.yaml").read_text())
    assert project.keys() == {"name", "infra", "hooks"}
    assert (FOLDER / project["infra"]["path"] / f"{project['infra']['module']}.bicep").samefile(MAIN)
    assert project["hooks"].keys() == {"preprovision", "postprovision"}
    for hook in project["hooks"].values():
        assert hook.keys() == {"shell", "run"}
        assert hook["shell"] == "sh"
        assert os.access(FOLDER / hook["run"], os.X_OK)


def run(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs a hook as azd does: what it knows is in the environment."""
    command = ["/bin/sh", str(FOLDER / "scripts" / script)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the hook that comes before provisioning."""
    return run("check.sh", **environment)


def test_the_template_knows_the_plans_that_the_hook_knows() -> None:
    allowed = re.search(r"@allowed\((.*)\)", bicep.parameters(MAIN)["plan"].decorators)
    assert allowed is not None
    assert tuple(re.findall(r"'([^']+)'", allowed[1])) == RUNNABLE + REFUSED
    assert f"contains({list(REFUSED)}, plan) ? fail(noContainers)" in bicep.text(MAIN)


@pytest.mark.parametrize("plan", RUNNABLE)
def test_a_plan_that_runs_containers_passes(plan: str) -> None:
    done = check(DEPLOY_PLAN=plan, SATCHEL_API_KEYS="0" * 64, DEPLOY_IMAGE=f"r.azurecr.io/satchel@{DIGEST}")
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_word_the_plan_is_container_apps() -> None:
    assert check().returncode == 0


@pytest.mark.parametrize("plan", REFUSED)
def test_a_plan_that_cannot_run_containers_is_refused_with_a_sentence(plan: str) -> None:
    done = check(DEPLOY_PLAN=plan)
    assert done.returncode == 1
    sentence = "cannot run an image that holds the Functions host, as ours does"
    assert f"The plan {plan} {sentence}." in done.stderr
    assert "The plan ${plan} " + sentence in bicep.text(MAIN)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"DEPLOY_PLAN": "kubernetes"}, "There is no plan kubernetes."),
        ({"DEPLOY_IMAGE": "r.azurecr.io/satchel:latest"}, "is not a digest"),
        ({"DEPLOY_PLAN": "container-apps-gpu"}, "there are no function keys"),
        ({"SATCHEL_MODE": "remote"}, "Remote mode needs the endpoint"),
    ],
)
def test_what_cannot_work_is_refused(environment: dict[str, str], sentence: str) -> None:
    done = check(**environment)
    assert done.returncode == 1
    assert sentence in done.stderr


class Tools:
    """Stand-ins for az, azd and docker that write down what they are asked; docker notes a digest as buildx does."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "log"
        self._path = f"{folder}:/usr/bin:/bin"
        notes = f"""case $1 in --metadata-file) printf '{{"containerimage.digest": "{DIGEST}"}}' > "$2" ;; esac"""
        more = {"az": "", "azd": "", "docker": f"while [ $# -gt 0 ]; do {notes}; shift; done"}
        for name, action in more.items():
            (folder / name).write_text(f'#!/bin/sh\necho "{name} $*" >> "{self._log}"\n{action}\n')
            (folder / name).chmod(0o755)

    def image(self, **environment: str) -> tuple[int, list[str]]:
        """Runs the hook that comes after provisioning; its exit status, and what was asked of the tools."""
        registry = {"AZURE_CONTAINER_REGISTRY_NAME": "r", "AZURE_CONTAINER_REGISTRY_ENDPOINT": "r.azurecr.io"}
        done = run("image.sh", PATH=self._path, **registry, **environment)
        return done.returncode, self._log.read_text().splitlines() if self._log.exists() else []


NOTED = f"azd env set DEPLOY_IMAGE r.azurecr.io/satchel@{DIGEST}"


def test_an_image_from_elsewhere_keeps_its_digest(tmp_path: Path) -> None:
    status, asked = Tools(tmp_path).image(DEPLOY_SOURCE=f"ghcr.io/owner/satchel@{DIGEST}")
    assert status == 0
    assert asked[0].startswith(f"az acr import --name r --source ghcr.io/owner/satchel@{DIGEST} ")
    assert asked[1:] == [NOTED]


@pytest.mark.parametrize(
    ("plan", "target", "base"),
    [
        ("premium", "embedded-onnx", "functions"),
        ("container-apps", "thin", "functions"),
        ("container-apps-gpu", "gpu", "slim"),
    ],
)
def test_an_image_is_built_on_the_base_that_the_plan_runs(tmp_path: Path, plan: str, target: str, base: str) -> None:
    status, asked = Tools(tmp_path).image(
        DEPLOY_PLAN=plan, DEPLOY_TARGET="thin" if target == "thin" else "embedded-onnx"
    )
    assert status == 0
    assert asked[0] == "az acr login --name r"
    assert f" --target {target} --build-arg BASE={base} " in asked[1]
    assert asked[2:] == [NOTED]


def test_an_image_that_is_there_is_left_alone(tmp_path: Path) -> None:
    assert Tools(tmp_path).image(DEPLOY_IMAGE=f"r.azurecr.io/satchel@{DIGEST}") == (0, [])


def test_a_source_without_a_digest_is_refused(tmp_path: Path) -> None:
    assert Tools(tmp_path).image(DEPLOY_SOURCE="ghcr.io/owner/satchel:1") == (1, [])
