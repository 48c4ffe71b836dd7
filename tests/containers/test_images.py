"""Every image as it is deployed: what it answers, what it holds and what it may do."""

from collections.abc import Callable

import pytest
from tritonclient.grpc import InferenceServerClient

from tests.assets import ROOT
from tests.containers.conftest import Start
from tests.containers.docker import HARDENED, Container, docker
from tests.ports import free_port
from tests.test_shipped_bundle import SAMPLES, missed

pytestmark = pytest.mark.slow

ENGINES = {
    "embedded-onnx": "onnxruntime",
    "embedded-openvino": "openvino",
    "embedded-torchscript": "torchscript",
    "embedded-tf": "tensorflow",
}
FILES = {
    "embedded-onnx": ["model.onnx"],
    "embedded-openvino": ["model.onnx"],
    "embedded-torchscript": ["model.pt"],
    "embedded-tf": ["model.pb"],
    "thin": [],
}
WITH_SAMPLES = f"--volume={SAMPLES}:/samples:ro"


def assert_sample_is_known(container: Container) -> None:
    predictions = container.predict((SAMPLES / "booking.png").read_bytes())["predictions"]
    assert missed("booking", [(p["label"], p["box"]) for p in predictions]) == []
    assert len(predictions) == 23


@pytest.mark.parametrize("target", ENGINES)
def test_the_sample_card_is_answered_for_by_the_engine_of_the_target(start: Start, target: str) -> None:
    container = start(target)
    container.wait_ready()
    assert_sample_is_known(container)
    assert f"card_elements 1: detection, {ENGINES[target]} fp32" in container.logs()
    assert container.wait_health() == "healthy"


def test_a_thin_image_asks_the_service_beside_it(start: Start) -> None:
    service = start("embedded-onnx")
    service.wait_ready()
    thin = start("thin", remote_url=service.url)
    thin.wait_ready()
    assert_sample_is_known(thin)
    service.remove()
    assert "no endpoint" in thin.execute("satchel", "check", check=False).err
    assert thin.inspect()["State"]["Status"] == "running"


def test_a_thin_image_without_a_service_says_what_is_missing(start: Start) -> None:
    container = start("thin")
    assert docker("wait", container.id).out == "1"
    assert "SATCHEL_REMOTE_URL" in container.logs()


@pytest.mark.parametrize("target", FILES)
def test_it_holds_what_it_runs_and_nothing_to_build_with(built: Callable[[str], str], target: str) -> None:
    script = """
        id -u; id -g
        for tool in gcc g++ cc c++ make cmake ld; do command -v $tool; done
        ls -A /root/.cache /wheels /src /install 2>/dev/null
        find / -xdev -perm -4000 -user root -path '/usr/local/*' 2>/dev/null
        cd /models && ls | grep -v -e bundle.json -e tuning.md
        true"""
    image = built(target)
    done = docker("run", "--rm", *HARDENED, image, "sh", "-c", script)
    assert done.out.splitlines() == ["10001", "10001", *FILES[target]]


def test_the_torchscript_image_has_no_python_torch(built: Callable[[str], str]) -> None:
    image = built("embedded-torchscript")
    done = docker("run", "--rm", *HARDENED, image, "python3", "-c", "import torch", check=False)
    assert (done.code, done.err.splitlines()[-1]) == (1, "ModuleNotFoundError: No module named 'torch'")
    loaded = docker(
        "run", "--rm", *HARDENED, image, "sh", "-c", "find / -xdev -type f -name 'libtorch*' 2>/dev/null; true"
    )
    assert {line.rsplit("/", 1)[1] for line in loaded.out.splitlines()} == {"libtorch_cpu.so"}


@pytest.mark.parametrize("target", ENGINES)
def test_check_passes_inside_on_a_real_picture(built: Callable[[str], str], target: str) -> None:
    done = docker(
        *("run", "--rm", *HARDENED, WITH_SAMPLES, built(target), "satchel", "check", "--image", "/samples/booking.png"),
    )
    assert done.out.splitlines()[-1] == f"model card_elements 1: 23 found by {ENGINES[target]} fp32 on cpu"


def test_it_says_what_it_is_and_keeps_no_proxy(built: Callable[[str], str]) -> None:
    for target in FILES:
        image = built(target)
        labels = docker("image", "inspect", "--format", "{{json .Config.Labels}}", image).out
        assert '"org.opencontainers.image.title":"Satchel"' in labels
        assert '"org.opencontainers.image.revision":"' in labels
        facts = docker("image", "inspect", "--format", "{{json .Config.Env}}", image).out
        assert "proxy" not in facts.lower()


def test_a_slim_image_answers_over_grpc_too(start: Start) -> None:
    grpc = free_port()
    container = start("embedded-onnx", grpc_port=grpc)
    container.wait_ready()
    with InferenceServerClient(f"127.0.0.1:{grpc}") as client:
        assert client.is_model_ready("card_elements")
        assert client.get_model_metadata("card_elements", as_json=True)["inputs"][0]["shape"] == [
            "1",
            "3",
            "512",
            "512",
        ]


def test_any_user_may_run_it(start: Start) -> None:
    """Kubernetes overlays and OpenShift choose users of their own."""
    container = start("embedded-onnx", "--user=123456:0")
    container.wait_ready()
    assert_sample_is_known(container)


def test_another_bundle_may_be_mounted(start: Start) -> None:
    container = start("embedded-onnx", f"--volume={ROOT / 'models'}:/mnt/models:ro", models="/mnt/models")
    container.wait_ready()
    assert_sample_is_known(container)
