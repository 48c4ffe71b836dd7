"""docker/compose.yaml: containers without rights to spare, that fit the images, the settings and each other."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.assets import ROOT
from tests.docker import compose
from tests.docker.compose import FOLDER, TARGETS, Service, document, filled, is_ours, mebibytes, needs_compose, settings

FILE = "compose.yaml"
PROFILES = {
    "": {"satchel"},
    "thin": {"satchel", "thin"},
    "triton": {"satchel", "triton-export", "triton", "thin-triton"},
    "tfserving": {"satchel", "tfserving-export", "tfserving", "thin-tfserving"},
    "monitoring": {"satchel", "prometheus", "grafana"},
    "gpu": {"satchel", "gpu"},
    "dev": {"satchel", "dev"},
}
SERVICES = compose.services(FILE)
OURS = {name: service for name, service in SERVICES.items() if is_ours(service)}
ONCE = {name for name in SERVICES if name.endswith("-export")}
SERVERS = {name: service for name, service in OURS.items() if name not in ONCE}


def each(names: dict[str, Service]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("service", names.values(), ids=names)


def volumes(service: Service) -> list[tuple[str, str, bool]]:
    """Source, place, and whether it can be written."""
    parts = [text.split(":") for text in service.get("volumes", [])]
    return [(source, place, rest != ["ro"]) for source, place, *rest in parts]


def test_variables_are_filled_in() -> None:
    text = "${A:-b}/${C:+${C:-}-}$$(x)"
    assert filled(text, {}) == "b/$(x)"
    assert filled(text, {"A": "a", "C": "c"}) == "a/c-$(x)"
    with pytest.raises(AssertionError, match="A: name it"):
        filled("${A:?name it}", {})


@each(SERVICES)
def test_containers_have_no_rights_to_spare(service: Service) -> None:
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [text.split(":")[0] for text in service["tmpfs"]] == ["/tmp"]  # noqa: S108
    assert all("size=" in text for text in service["tmpfs"])
    assert not {"privileged", "cap_add", "devices", "pid", "ipc"} & service.keys()
    assert "user" in service or is_ours(service)


@each(SERVICES)
def test_containers_have_limits_and_come_back(service: Service) -> None:
    assert mebibytes(service["mem_limit"]) >= 256
    assert float(service["cpus"]) >= 1
    assert service["pids_limit"] > 0
    once = service in [SERVICES[name] for name in ONCE]
    assert service["restart"] == ("no" if once else "unless-stopped")
    assert "init" not in service
    if is_ours(service):  # its health check is the image's
        assert service.get("healthcheck") == ({"disable": True} if once else None)
    else:
        assert service["healthcheck"]["test"][0] == "CMD"


@each(OURS)
def test_images_are_targets_of_the_dockerfile_under_the_names_of_the_bake_file(service: Service) -> None:
    build = service["build"]
    assert build["target"] in TARGETS
    assert build["network"] == "host"
    assert service["image"] == f"satchel:{build['target']}"
    assert (FOLDER / build["context"] / build["dockerfile"]).samefile(FOLDER / "Dockerfile")
    assert (ROOT / build["args"]["BUNDLE"] / "bundle.json").is_file()


def test_images_of_a_registry() -> None:
    named = compose.services(FILE, REGISTRY="ghcr.io/me/", VERSION="1.2")
    for name in OURS.keys() - {"dev"}:
        assert named[name]["image"] == f"ghcr.io/me/satchel:1.2-{OURS[name]['build']['target']}"


def test_images_of_others_have_a_tag_and_no_build() -> None:
    for name in SERVICES.keys() - OURS.keys():
        _, colon, tag = SERVICES[name]["image"].rpartition(":")
        assert colon
        assert any(character.isdigit() for character in tag)
        assert "build" not in SERVICES[name]


def test_triton_is_the_one_of_kubernetes() -> None:
    text = (ROOT / "deploy/kubernetes/overlays/thin-triton/triton.yaml").read_text()
    assert f"image: {SERVICES['triton']['image']}\n" in text


@each(SERVERS)
def test_servers_start_with_their_settings_and_have_time_to_end(service: Service) -> None:
    read = settings(service)
    assert read.api_keys == ()
    assert settings(service, SATCHEL_API_KEYS="0" * 64).api_keys == ("0" * 64,)
    assert bool(read.remote_url) == (service["build"]["target"] == "thin")
    assert float(service["stop_grace_period"].removesuffix("s")) >= read.drain_s + read.timeout_ms / 1000 + 5


@each(SERVERS)
def test_memory_is_enough_for_the_threads_and_bodies(service: Service) -> None:
    assert mebibytes(service["mem_limit"]) >= 200 + settings(service).max_bodies_mb + 300 * int(service["cpus"])


def test_thin_servers_ask_services_that_are_there() -> None:
    for name, service in SERVERS.items():
        for url in map(str, settings(service).remote_url):
            host, _, port = url.partition("://")[2].partition(":")
            asked = SERVICES[host]
            assert set(asked.get("networks", ["default"])) & set(service.get("networks", ["default"]))
            assert asked.get("profiles", service["profiles"]) == service["profiles"]
            assert host in service["depends_on"]
            assert port in {"satchel": "8080", "triton": "8000", "tfserving": "8500"}[host], name


def test_servers_without_keys_are_not_published() -> None:
    assert document(FILE)["networks"]["models"] == {"internal": True}
    for name in ("triton", "tfserving"):
        assert SERVICES[name]["networks"] == ["models"]
        assert "ports" not in SERVICES[name]


def test_ports_are_the_hosts_own_and_differ() -> None:
    ports = [port.split(":") for service in SERVICES.values() for port in service.get("ports", [])]
    assert {address for address, _, _ in ports} == {"127.0.0.1"}
    assert len({published for _, published, _ in ports}) == len(ports) == 8
    named = compose.services(FILE, PORT="1", BIND="0.0.0.0")  # noqa: S104
    assert named["satchel"]["ports"] == ["0.0.0.0:1:8080"]


def test_what_is_exported_is_what_the_servers_read() -> None:
    for name in ("triton", "tfserving"):
        [(volume, place, writable)] = volumes(SERVICES[f"{name}-export"])
        command = SERVICES[f"{name}-export"]["command"]
        assert writable
        assert command[:4] == ["satchel", "export", "/models", place]
        assert command[4:6] == ["--to", {"triton": "triton", "tfserving": "tfs"}[name]]
        [(read, there, writable)] = volumes(SERVICES[name])
        assert (read, writable) == (volume, False)
        assert any(f"={there}" in argument for argument in SERVICES[name]["entrypoint"])
        assert SERVICES[name]["depends_on"] == {f"{name}-export": {"condition": "service_completed_successfully"}}


def test_what_is_mounted_is_there() -> None:
    known = document(FILE)["volumes"].keys()
    mounted = set()
    for service in SERVICES.values():
        for source, _, writable in volumes(service):
            if source in known:
                continue
            assert (FOLDER / source).exists(), source
            assert not writable, source
            mounted |= {path for path in (FOLDER / source, *(FOLDER / source).rglob("*")) if path.is_file()}
    folder = FOLDER / "monitoring"
    tests = {folder / "alerts_test.yml"}
    assert {path for path in folder.rglob("*") if path.is_file()} - tests <= mounted


def test_the_files_of_monitoring_find_each_other() -> None:
    def read(name: str) -> Any:
        return YAML(typ="safe").load(FOLDER / "monitoring" / name)

    places = {Path(source).name: Path(place) for source, place, _ in volumes(SERVICES["grafana"])}
    [provider] = read("grafana/provisioning/dashboards/satchel.yml")["providers"]
    assert Path(provider["options"]["path"]) == places["dashboards"]
    [source] = read("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    assert source["url"] == "http://prometheus:9090"
    [job] = read("prometheus.yml")["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["satchel:8080"]}]
    places = {Path(source).name: Path(place) for source, place, _ in volumes(SERVICES["prometheus"])}
    assert places["alerts.yml"] == places["prometheus.yml"].parent / read("prometheus.yml")["rule_files"][0]


def test_only_the_service_for_gpus_reserves_one() -> None:
    [device] = SERVICES["gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert [name for name, service in SERVICES.items() if "deploy" in service] == ["gpu"]


@needs_compose
@pytest.mark.parametrize("profile", PROFILES)
def test_compose_accepts_every_profile(profile: str) -> None:
    done = compose.docker("compose", "-f", str(FOLDER / FILE), "config", "--services", COMPOSE_PROFILES=profile)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == PROFILES[profile]
    assert done.stderr == ""


def test_every_profile_is_tried() -> None:
    assert {name for service in SERVICES.values() for name in service.get("profiles", [""])} == set(PROFILES)
