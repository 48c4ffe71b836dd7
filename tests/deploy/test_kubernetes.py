"""What deploy/kubernetes makes: objects that clusters accept, that fit each other, the images and the code."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.assets import ROOT
from tests.deploy.manifests import (
    COMPONENTS,
    VARIANTS,
    Object,
    build,
    containers,
    fits,
    named,
    needs_kubectl,
    of_kind,
    ours,
    pods,
)
from tests.server.doors import open_door

pytestmark = needs_kubectl

DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
FOREIGN = {"InferenceService", "InterceptorRoute", "ScaledObject", "ServiceMonitor", "ServingRuntime"}
"""Of KServe, KEDA and the Prometheus operator: no schemas of theirs are at hand."""
MEBIBYTES = {"Mi": 1, "Gi": 1024}


@pytest.fixture(params=VARIANTS)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    return build(request.param)


@pytest.fixture(scope="module")
def door(tiny_models: Path) -> Iterator[TestClient]:
    with open_door(tiny_models) as client:
        yield client


def mebibytes(quantity: str) -> int:
    return int(quantity[:-2]) * MEBIBYTES[quantity[-2:]]


@pytest.mark.parametrize("release", ["1.30.0", "latest"])
def test_objects_fit_the_schemas_of_kubernetes(release: str) -> None:
    schemas: Any = pytest.importorskip("kubernetes_validate")
    version = schemas.latest_version() if release == "latest" else release
    found: list[Object] = []
    for objects in map(build, VARIANTS):
        found += [each for each in objects if each["kind"] not in FOREIGN]
        for name, spec, _ in pods(of_kind(objects, "InferenceService", "ServingRuntime")):
            found.append({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec})
    for each in {repr(each): each for each in found}.values():
        schemas.validate(each, version, strict=True)


def test_pods_have_no_rights_to_spare(objects: list[Object]) -> None:
    for container in containers(objects):
        pod, own = container.pod.get("securityContext", {}), container.spec["securityContext"]
        user = 1000 if container.pod["containers"][0]["name"] == "triton" else 10001
        both = {**pod, **own}
        assert (both["runAsNonRoot"], both["runAsUser"]) == (True, user), container.place
        assert both["seccompProfile"] == {"type": "RuntimeDefault"}
        assert own["readOnlyRootFilesystem"] is True
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert container.pod["automountServiceAccountToken"] is False
        assert container.pod["enableServiceLinks"] is False
        # The one place to write, and what is written there, have a limit.
        assert "/tmp" in [mount["mountPath"] for mount in container.spec["volumeMounts"]]  # noqa: S108
        assert all("sizeLimit" in volume["emptyDir"] for volume in container.pod["volumes"])


def test_images_are_targets_of_the_dockerfile(objects: list[Object]) -> None:
    targets = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
    for container in containers(objects):
        if container.is_ours:
            assert container.spec["image"].removeprefix("satchel:") in targets
        else:
            assert re.fullmatch(r"nvcr\.io/nvidia/tritonserver:\d\d\.\d\d-py3", container.spec["image"])


def test_servers_start_with_their_settings(objects: list[Object]) -> None:
    for container in ours(objects):
        settings = container.settings()
        assert settings.remote_url or "thin" not in container.spec["image"]
        # Draining, what is under way, and some seconds to end.
        assert container.pod["terminationGracePeriodSeconds"] >= settings.drain_s + settings.timeout_ms / 1000 + 5
        assert settings.drain_s > 0


def test_threads_and_memory_follow_the_limits(objects: list[Object]) -> None:
    for container in containers(objects):
        limits, requests = container.spec["resources"]["limits"], container.spec["resources"]["requests"]
        assert requests.items() <= limits.items()
        assert limits.keys() - requests.keys() <= {"nvidia.com/gpu"}
    for container in ours(objects):
        limits = container.spec["resources"]["limits"]
        assert limits["cpu"].isdigit()  # a part of a CPU would be rounded down
        pictures = 300 * int(limits["cpu"])
        assert mebibytes(limits["memory"]) >= 200 + container.settings().max_bodies_mb + pictures


def test_probes_ask_what_the_server_answers(objects: list[Object], door: TestClient) -> None:
    port = int(re.findall(r"SATCHEL_PORT=(\d+)", DOCKERFILE)[0])
    for container in ours(objects):
        assert container.probes["livenessProbe"]["path"] == "/health/live"
        assert container.probes["readinessProbe"]["path"] == "/health/ready"
        for probe in container.probes.values():
            assert door.get(probe["path"]).status_code == 200
            assert container.port(probe["port"]) == port
    for monitor in of_kind(objects, "ServiceMonitor"):
        assert [door.get(each["path"]).status_code for each in monitor["spec"]["endpoints"]] == [200]


def test_selectors_find_something(objects: list[Object]) -> None:
    labels = [labels for _, _, labels in pods(objects)]
    wanted = [each["spec"]["selector"] for each in of_kind(objects, "Service")]
    wanted += [
        each["spec"]["selector"]["matchLabels"] for each in of_kind(objects, "PodDisruptionBudget", "Deployment")
    ]
    wanted += [each["spec"]["podSelector"]["matchLabels"] for each in of_kind(objects, "NetworkPolicy")]
    for _, pod, own in pods(objects):
        for constraint in pod.get("topologySpreadConstraints", []):
            assert fits(constraint["labelSelector"]["matchLabels"], own)
    for selector in wanted:
        assert sum(fits(selector, each) for each in labels) == 1
    for monitor in of_kind(objects, "ServiceMonitor"):
        selector = monitor["spec"]["selector"]["matchLabels"]
        (service,) = [s for s in of_kind(objects, "Service") if fits(selector, s["metadata"].get("labels", {}))]
        assert [each["port"] for each in monitor["spec"]["endpoints"]] == [service["spec"]["ports"][0]["name"]]
        assert service["metadata"]["labels"][monitor["spec"]["jobLabel"]] == "satchel"  # as the alerts have it


def test_ports_of_services_are_let_in_and_listened_on(objects: list[Object]) -> None:
    for service in of_kind(objects, "Service"):
        name = service["spec"]["selector"]["app.kubernetes.io/name"]
        (container,) = [each for each in containers(objects) if each.place == f"{name}/{name}"]
        policy = named(objects, "NetworkPolicy", name)["spec"]
        open_ports = {port["port"] for rule in policy["ingress"] for port in rule["ports"]}
        for port in service["spec"]["ports"]:
            assert container.port(port["targetPort"])
            assert port["targetPort"] in open_ports
            assert port["appProtocol"] == ("kubernetes.io/h2c" if port["name"] == "grpc" else "http")
    for container in ours(objects):
        if container.settings().grpc_port is not None:
            assert container.port("grpc") == container.settings().grpc_port


def test_the_page_names_every_part() -> None:
    page = (ROOT / "docs" / "15-kubernetes.md").read_text()
    assert [name for name in COMPONENTS if f"`{name}`" not in page] == []
    paths = re.findall(r"deploy/kubernetes/[\w/.-]+", page)
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
