"""deploy/kubernetes beside what it works with: autoscalers, Prometheus, Triton."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from inference_core.cli import main
from tests.assets import ROOT
from tests.deploy.manifests import FOLDER, VARIANTS, build, containers, fits, named, needs_kubectl, of_kind, ours, pods
from tests.docker.test_monitoring import PROMTOOL, exposed, needs_promtool, selectors

pytestmark = needs_kubectl

ADDED = {"namespace", "instance", "job"}
"""Labels that Prometheus adds."""
SCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_deployment_has_one_autoscaler_that_finds_it(variant: str) -> None:
    objects = build(variant)
    targets = [each["spec"]["scaleTargetRef"]["name"] for each in of_kind(objects, *SCALERS)]
    assert len(targets) == len(set(targets))
    for target in targets:
        # Each `kubectl apply` would take back what the autoscaler has decided.
        assert "replicas" not in named(objects, "Deployment", target)["spec"]


def test_the_http_add_on_is_told_of_what_is_there() -> None:
    objects = build("components/keda-http")
    (scaler,), (route,) = of_kind(objects, "ScaledObject"), of_kind(objects, "InterceptorRoute")
    assert scaler["spec"]["triggers"][0]["metadata"]["interceptorRoute"] == route["metadata"]["name"]
    assert objects.index(route) < objects.index(scaler)  # else the scaler knows no metric of it, and CPU is taken
    service = named(objects, "Service", route["spec"]["target"]["service"])
    assert route["spec"]["target"]["portName"] in [port["name"] for port in service["spec"]["ports"]]


def keda_query() -> str:
    (scaler,) = of_kind(build("components/keda"), "ScaledObject")
    return str(scaler["spec"]["triggers"][0]["metadata"]["query"])


def test_keda_asks_for_metrics_that_exist() -> None:
    found = list(selectors(keda_query()))
    assert [name for name, _ in found] == ["satchel_waiting", "satchel_info"]
    assert all(labels <= exposed()[name] | ADDED for name, labels in found)
    note = (FOLDER / "components/hpa/autoscaler.yaml").read_text()
    assert set(re.findall(r"satchel_\w+", note)) <= exposed().keys()


@needs_promtool
def test_keda_gets_a_number_before_the_first_request_and_under_load(tmp_path: Path) -> None:
    assert PROMTOOL is not None
    labels = 'namespace="satchel", job="satchel", pod='
    (tmp_path / "test.yml").write_text(f"""
evaluation_interval: 15s
tests:
  - interval: 15s
    input_series:
      - {{series: 'satchel_info{{{labels}"a"}}', values: "_x4 1x20"}}
      - {{series: 'satchel_info{{{labels}"b"}}', values: "_x4 1x20"}}
      - {{series: 'satchel_waiting{{{labels}"a", model="cards"}}', values: "_x12 20x12"}}
      - {{series: 'satchel_waiting{{{labels}"b", model="cards"}}', values: "_x12 10x12"}}
    promql_expr_test:
      - {{expr: &query '{keda_query()}', eval_time: 30s, exp_samples: []}}
      - {{expr: *query, eval_time: 2m, exp_samples: [{{labels: '{{}}', value: 0}}]}}
      - {{expr: *query, eval_time: 5m, exp_samples: [{{labels: '{{}}', value: 30}}]}}
""")
    command = [PROMTOOL, "test", "rules", str(tmp_path / "test.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_thin_server_may_and_does_ask_triton() -> None:
    objects = build("overlays/thin-triton")
    (thin,) = ours(objects)
    (url,) = thin.settings().remote_url
    host, port = re.fullmatch(r"http://(\w+):(\d+)", url).groups()  # type: ignore[union-attr]
    (offered,) = named(objects, "Service", host)["spec"]["ports"]
    assert offered["port"] == int(port)
    rule = named(objects, "NetworkPolicy", "satchel")["spec"]["egress"][0]
    (triton,) = [labels for name, _, labels in pods(objects) if name == host]
    assert fits(rule["to"][0]["podSelector"]["matchLabels"], triton)
    (container,) = [each for each in containers(objects) if each.place == "triton/triton"]
    # Policies see the port of the pod, not that of the Service.
    assert rule["ports"] == [{"port": container.port(offered["targetPort"])}]


def test_the_export_that_triton_reads_can_be_done_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    objects = build("overlays/thin-triton")
    (export,) = [each for each in containers(objects) if each.place == "triton/export"]
    (triton,) = [each for each in containers(objects) if each.place == "triton/triton"]
    assert export.spec["command"][:3] == ["satchel", "export", "/models"]
    written = export.spec["command"][3]
    assert triton.spec["args"] == [f"--model-repository={written}"]
    assert written in [mount["mountPath"] for mount in export.spec["volumeMounts"]]
    paths = [str(ROOT / "models" / "card_elements"), str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["satchel", "export", *paths, *export.spec["command"][4:]])
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
    assert (tmp_path / "card_elements" / "config.pbtxt").is_file()
