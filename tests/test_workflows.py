"""What the GitHub workflows promise: pinned actions, no more rights than needed, and names that exist."""

import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.assets import ROOT

WORKFLOWS = {path.stem: path for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))}
ACTIONS = {path.parent.name: path for path in sorted((ROOT / ".github" / "actions").glob("*/action.yml"))}
FILES = {**WORKFLOWS, **ACTIONS}
READ = {name: YAML(typ="safe").load(path.read_text()) for name, path in WORKFLOWS.items()}
JOBS = [(name, job) for name, workflow in READ.items() for job in workflow["jobs"]]

IMAGES = {"embedded-onnx", "embedded-openvino", "embedded-torchscript", "embedded-tf", "thin", "gpu"}
RELEASED = {name + base for name in IMAGES for base in ("", "-functions")}


def targets(job: dict[str, Any]) -> list[str]:
    """The targets of a job's matrix."""
    return list(job.get("strategy", {}).get("matrix", {}).get("target", []))


def bake_targets() -> Iterator[str]:
    """Every target that a workflow builds."""
    for workflow in READ.values():
        for job in workflow["jobs"].values():
            yield from targets(job)
            for step in job.get("steps", ()):
                asked = str(step.get("with", {}).get("targets", ""))
                yield from re.sub(r"\$\{\{.*?\}\}", " ", asked).split()


def release_script() -> ModuleType:
    """The script that release.yml asks."""
    spec = spec_from_file_location("release", ROOT / ".github" / "scripts" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", FILES)
def test_actions_are_pinned_and_say_their_version(name: str) -> None:
    used = re.findall(r"^\s*(?:- )?uses: (.+)$", FILES[name].read_text(), re.MULTILINE)
    foreign = [use for use in used if not use.startswith("./")]
    assert [use for use in foreign if not re.fullmatch(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", use)] == []
    assert [use for use in used if use.startswith("./") and not (ROOT / use).exists()] == []


def test_an_action_has_one_version_everywhere() -> None:
    used = {use for path in FILES.values() for use in re.findall(r"uses: ([^./][^@\n]+@.+)", path.read_text())}
    pins = {(use.split("/")[0] + "/" + re.split("[/@]", use)[1], use.split("@")[1]) for use in used}
    assert len({action for action, _ in pins}) == len(pins)


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_starts_without_rights_and_knows_no_stored_secret(name: str) -> None:
    assert READ[name]["permissions"] == {}
    assert set(re.findall(r"secrets\.(\w+)", FILES[name].read_text())) <= {"GITHUB_TOKEN"}
    assert not {"pull_request_target", "workflow_run"} & set(READ[name]["on"])


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_a_job_says_its_rights_and_its_time(name: str, job: str) -> None:
    described = READ[name]["jobs"][job]
    assert "permissions" in described
    assert "timeout-minutes" in described or "uses" in described


def test_only_the_comment_may_write_on_a_pull_request() -> None:
    writers = {
        (name, job)
        for name, workflow in READ.items()
        for job, described in workflow["jobs"].items()
        if "write" in described["permissions"].values() and name not in {"release", "publish"}
    }
    assert {writer for writer in writers if writer[0] != "security"} == {("sizes", "comment")}
    assert all("checkout" not in str(step) for step in READ["sizes"]["jobs"]["comment"]["steps"])


@pytest.mark.parametrize("name", FILES)
def test_make_targets_exist(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text().replace("$(VENV)", ".venv")
    asked = re.findall(r"\brun: make (\S+)", FILES[name].read_text())
    assert [target for target in asked if not re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE)] == []


@pytest.mark.parametrize("name", FILES)
def test_scripts_exist_and_can_be_run(name: str) -> None:
    for script in re.findall(r"(?<![\w/])\.github/scripts/[\w.-]+", FILES[name].read_text()):
        path = ROOT / script
        assert path.is_file()
        assert path.suffix == ".py" or path.stat().st_mode & 0o100


def test_the_targets_that_are_built_exist() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", (ROOT / "docker" / "Dockerfile").read_text(), re.MULTILINE))
    bake = (ROOT / "docker" / "docker-bake.hcl").read_text()
    built = set(bake_targets())
    assert built >= RELEASED | {"dev", "tests"}
    stems = {target.removesuffix("-functions") for target in built}
    assert stems <= stages
    assert {stem for stem in stems if f'"{stem}"' not in bake} == set()


def test_a_release_needs_the_checks_and_signs_before_it_names() -> None:
    jobs = READ["release"]["jobs"]
    assert {jobs["ci"]["uses"], jobs["containers"]["uses"]} == {
        "./.github/workflows/ci.yml",
        "./.github/workflows/containers.yml",
    }
    assert {"ci", "containers"} <= set(jobs["images"]["needs"])
    assert "images" in jobs["sign"]["needs"]
    assert {"files", "sign"} <= set(jobs["publish"]["needs"])
    assert set(targets(jobs["images"])) == set(targets(jobs["sign"])) == RELEASED
    steps = " ".join(str(step) for step in jobs["sign"]["steps"])
    assert steps.index("try-image.sh") < steps.index("cosign sign") < steps.index("attest-build-provenance")
    assert "type=gha" not in FILES["release"].read_text()


def test_the_tag_is_the_version() -> None:
    script = release_script()
    changelog = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2027-01-01\n\n* A thing.\n\n## [1.1.0]\n\n* Older.\n"
    assert script.check("v1.2.0", "1.2.0", changelog) == "1.2.0"
    assert script.notes(changelog, "1.2.0") == "* A thing.\n"
    assert script.notes(changelog, "1.1.0") == "* Older.\n"
    with pytest.raises(SystemExit, match=re.escape("inference_core.__version__ is 1.2.0: expected v1.2.0")):
        script.check("v1.3.0", "1.2.0", changelog)
    with pytest.raises(SystemExit, match="nothing under"):
        script.notes(changelog, "Unreleased")


def test_the_version_is_read_as_python_reads_it() -> None:
    from inference_core import __version__

    assert release_script().package_version() == __version__
