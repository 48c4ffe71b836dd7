"""What docker/monitoring asks for: metrics that exist, alerts that fire when they should, panels that can be drawn."""

import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from ruamel.yaml import YAML

from inference_core.server.metrics import Metrics
from inference_core.tasks import Timings
from tests.server.test_exposition import samples

FOLDER = Path(__file__).parents[2] / "docker" / "monitoring"
SCRAPED = {"instance", "job"}
"""Labels that Prometheus adds."""

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed: apt-get install prometheus")


class Query(NamedTuple):
    """An expression and where it stands."""

    place: str
    text: str


def used_metrics() -> Metrics:
    """Metrics with a value for each instrument."""
    metrics = Metrics()
    metrics.waiting("tiny", 1)
    metrics.capacity("tiny", 10)
    metrics.batch("tiny", 2)
    metrics.answered("tiny", Timings(1.0, 2.0, 3.0, 4.0, 5.0))
    metrics.failed("tiny", "busy")
    metrics.state("tiny", "1", "ready")
    metrics.called("tiny", "http://t:8000", "ok", 0.01)
    metrics.endpoint("tiny", "http://t:8000", usable=True, outstanding=1)
    metrics.overflowed("tiny")
    metrics.http_request("POST", "/models/{name}/predict", 200, 0.01)
    metrics.grpc_request("ModelInfer", "OK", 0.01)
    return metrics


@cache
def exposed() -> dict[str, set[str]]:
    """Every series that the code makes, with its labels; `pid` is there when several processes share the metrics."""
    found: dict[str, set[str]] = {"up": set()}
    for name, labels in samples(used_metrics().text()[0].decode()):
        extra = {"pid"} if name.startswith("process_") else set()
        found.setdefault(name, set()).update({label for label, _ in labels} | extra)
    return found


def document(name: str) -> Any:
    return YAML(typ="safe").load(FOLDER / name)


def alerts() -> list[dict[str, Any]]:
    return [rule for group in document("alerts.yml")["groups"] for rule in group["rules"]]


def dashboard() -> Any:
    return orjson.loads((FOLDER / "grafana/dashboards/satchel.json").read_bytes())


def queries() -> list[Query]:
    """Of every alert, panel and variable."""
    found = [Query(alert["alert"], alert["expr"]) for alert in alerts()]
    for panel in dashboard()["panels"]:
        found += [Query(panel["title"], target["expr"]) for target in panel["targets"]]
    return found


def selectors(expression: str) -> Iterator[tuple[str, set[str]]]:
    """The metrics that an expression names, with the labels it matches on."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    bare = re.sub(r"\b(by|on|without|ignoring) \([^)]*\)", " ", bare)
    bare = re.sub(r"\[[^\]]*\]", " ", bare)
    bare = re.sub(r"\b(and|or)\b", " ", bare)
    for name, matchers in re.findall(r"\b([a-zA-Z_:][\w:]*)\b(?!\s*\()(?:\{([^}]*)\})?", bare):
        yield name, set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))


def test_selectors_are_found() -> None:
    text = 'sum by (le) (rate(a_total{x="q", y!~"b|c"}[5m])) / 2 or histogram_quantile(0.9, b_bucket) == 1e3'
    assert list(selectors(text)) == [("a_total", {"x", "y"}), ("b_bucket", set())]


@pytest.mark.parametrize("query", queries(), ids=lambda query: query.place)
def test_every_series_and_label_of_a_query_exists(query: Query) -> None:
    found = list(selectors(query.text))
    assert found
    for name, labels in found:
        assert name in exposed()
        assert labels <= exposed()[name] | SCRAPED
    grouped = {label.strip() for group in re.findall(r"\bby \(([^)]*)\)", query.text) for label in group.split(",")}
    assert grouped <= set.union(*(exposed()[name] for name, _ in found)) | SCRAPED


def test_every_metric_of_ours_is_shown_or_watched() -> None:
    """But for the sums and counts of histograms, what follows from others, and the time of a call without its model."""
    asked = {name for query in queries() for name, _ in selectors(query.text)}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exposed() if name.startswith("satchel_")}
    shown = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    assert families - shown == {"satchel_http_request_seconds", "satchel_grpc_request_seconds"}


def test_every_alert_says_what_how_bad_and_for_how_long() -> None:
    for alert in alerts():
        assert set(alert) == {"alert", "expr", "for", "labels", "annotations"}
        assert alert["labels"]["severity"] in {"warning", "critical"}
        assert set(alert["annotations"]) == {"summary", "description"}


def test_every_alert_is_tried() -> None:
    tried = {
        test["alertname"]
        for group in document("alerts_test.yml")["tests"]
        for test in group["alert_rule_test"]
        if test.get("exp_alerts")
    }
    assert tried == {alert["alert"] for alert in alerts()}


def promtool(*arguments: str, cwd: Path = FOLDER, text: str | None = None) -> str:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], cwd=cwd, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@needs_promtool
def test_prometheus_accepts_the_configuration() -> None:
    assert "1 rule files found" in promtool("check", "config", "prometheus.yml")


@needs_promtool
def test_prometheus_accepts_the_alerts() -> None:
    assert f"SUCCESS: {len(alerts())} rules found" in promtool("check", "rules", "--lint-fatal", "alerts.yml")


@needs_promtool
def test_alerts_fire_when_they_should() -> None:
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


@needs_promtool
def test_prometheus_can_read_every_query_of_the_dashboard(tmp_path: Path) -> None:
    texts = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    filled = [text.replace("$__rate_interval", "1m") for text in texts]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(filled)]
    (tmp_path / "panels.yml").write_bytes(orjson.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", "panels.yml", cwd=tmp_path)


@needs_promtool
def test_prometheus_has_nothing_to_say_against_the_metrics() -> None:
    assert promtool("check", "metrics", text=used_metrics().text()[0].decode()) == ""


def test_the_panels_name_the_data_source_that_is_provided() -> None:
    (source,) = document("grafana/provisioning/datasources/prometheus.yml")["datasources"]
    whole = dashboard()
    named = [target["datasource"] for panel in whole["panels"] for target in panel["targets"]]
    named += [panel["datasource"] for panel in whole["panels"]]
    named += [variable["datasource"] for variable in whole["templating"]["list"]]
    assert {(each["type"], each["uid"]) for each in named} == {(source["type"], source["uid"])}


def test_the_variables_of_the_dashboard_are_labels() -> None:
    for variable in dashboard()["templating"]["list"]:
        found = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["query"]["query"])
        assert found
        assert found[2] == variable["name"]
        assert found[2] in exposed()[found[1]] | SCRAPED
    names = {variable["name"] for variable in dashboard()["templating"]["list"]}
    assert {name for query in queries() for name in re.findall(r'"\$(\w+)"', query.text)} == names


def test_panels_have_numbers_of_their_own_and_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for one, other in itertools.combinations([panel["gridPos"] for panel in panels], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
