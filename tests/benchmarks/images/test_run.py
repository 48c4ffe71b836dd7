"""The whole benchmark, but for Docker."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.images import client, containers, run
from benchmarks.images.layers import Layer, Sizes
from tests.benchmarks.images.recorded import image

BUDGETS = "[embedded-onnx]\nabove_base_mb = 190\nfirst_prediction_s = 1.0\n[thin]\nabove_base_mb = 115\n"


class Engine:
    """Has images, and starts them in no time."""

    def __init__(self, **packages_mb: int) -> None:
        self.packages_mb = {f"satchel:{target.replace('_', '-')}": size for target, size in packages_mb.items()}
        self.first_ms = iter([9000.0] + [800.0, 900.0, 950.0, 850.0, 1900.0] * 4)
        self.started: list[str] = []

    def of(self, image_name: str) -> list[Layer]:
        return image(self.packages_mb[image_name])

    def start(self, image_name: str, settings: Mapping[str, str]) -> containers.Start:
        self.started.append(image_name)
        assert settings == {}
        first = next(self.first_ms)
        return containers.Start(first - 50, first, first - 300, 12.5, 110e6)


@pytest.fixture
def measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> tuple[Engine, "Call"]:
    engine: Engine = request.param
    monkeypatch.setattr(client, "has", engine.packages_mb.__contains__)
    monkeypatch.setattr(client, "engine", lambda: "Docker 1, overlay, 2 CPUs")
    monkeypatch.setattr(os, "getloadavg", lambda: (0.25, 3.0, 3.0))
    monkeypatch.setattr(Sizes, "of", lambda _, name: engine.of(name))
    monkeypatch.setattr(containers, "start", engine.start)
    monkeypatch.setattr(containers, "floor", lambda _: 300.0)
    return engine, Call(tmp_path, capsys)


class Call:
    """Runs it with options as the command line has them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys

    def __call__(self, *options: str) -> tuple[int, str]:
        budgets = self.folder / "budgets.toml"
        budgets.write_text(BUDGETS)
        parser = argparse.ArgumentParser()
        run.offer(parser)
        parser.add_argument("--quick", action="store_true")
        status = run.measure(parser.parse_args(["--images", *options, "--budgets", str(budgets)]))
        return status, self.capsys.readouterr().out


@pytest.mark.parametrize("measured", [Engine(embedded_onnx=180)], indirect=True)
def test_within_its_budget(measured: tuple[Engine, Call]) -> None:
    engine, call = measured
    status, text = call("--out", str(call.folder / "images.md"))
    assert status == 0
    assert text == "\n" + (call.folder / "images.md").read_text("utf-8")
    lines = text.splitlines()
    assert lines[1] == "Docker 1, overlay, 2 CPUs, load average 0.2; starts of each image: 5"
    assert "| embedded-onnx | 185.0 | 190 | 180.0 | 3.0 | 1.0 | 1.0 | 100.0 | 74.0 | 114.0 |" in lines
    assert (
        "| embedded-onnx | 300 (300 to 300) | 850 (750 to 1850) | 900 (800 to 1900) | 1000 | 600 (500 to 1600) "
        "| 12.5 (12.5 to 12.5) | 110 (110 to 110) |"
    ) in lines
    assert "- Nothing is past its budget." in lines
    assert (
        "- Not measured: thin, which `docker build -f docker/Dockerfile --target thin -t satchel:thin .` makes."
        in lines
    )
    assert engine.started == ["satchel:embedded-onnx"] * 6  # the first does not count


@pytest.mark.parametrize("measured", [Engine(embedded_onnx=190)], indirect=True)
def test_too_large(measured: tuple[Engine, Call]) -> None:
    _, call = measured
    status, text = call("embedded-onnx")
    assert status == 1
    assert text.endswith(
        "\n- Past its budget: embedded-onnx is 195.0 MB above its base image: 5.0 MB past its budget of 190 MB.\n"
    )


@pytest.mark.parametrize(
    ("options", "expected", "ending"),
    [([], 0, ". This does not fail: machines differ."), (["--enforce-start"], 1, ".")],
)
@pytest.mark.parametrize("measured", [Engine(embedded_onnx=1)], indirect=True)
def test_too_slow(measured: tuple[Engine, Call], options: list[str], expected: int, ending: str) -> None:
    engine, call = measured
    engine.first_ms = iter([1.0, 1200.0, 1400.0])
    status, text = call("embedded-onnx", "--quick", *options)
    line = "embedded-onnx takes 1.30 s to its first prediction: 0.30 s past its budget of 1 s"
    assert (status, text.splitlines()[-1]) == (expected, f"- Past its budget: {line}{ending}")


@pytest.mark.parametrize("measured", [Engine(thin=1, thin_functions=1, gpu=1)], indirect=True)
def test_what_cannot_start_here_is_measured_at_rest(measured: tuple[Engine, Call]) -> None:
    engine, call = measured
    status, text = call("thin", "thin-functions", "gpu")
    assert status == 0
    assert "Start and answers" not in text
    assert text.splitlines()[-3:] == [
        "- Not measured: the start of thin, which needs satchel:embedded-onnx to ask.",
        "- Not measured: the start of thin-functions, which needs more than a host with Docker.",
        "- Not measured: the start of gpu, which needs more than a host with Docker.",
    ]
    assert engine.started == []


@pytest.mark.parametrize("measured", [Engine(thin=1)], indirect=True)
def test_an_image_that_is_named_must_be_there(measured: tuple[Engine, Call]) -> None:
    _, call = measured
    command = "docker build -f docker/Dockerfile --target gpu --build-arg BASE=functions -t satchel:gpu-functions ."
    with pytest.raises(SystemExit) as refused:
        call("thin", "gpu-functions")
    assert refused.value.code == f"not here: gpu-functions. To make what is missing:\n    {command}"


@pytest.mark.parametrize("measured", [Engine()], indirect=True)
def test_there_must_be_an_image(measured: tuple[Engine, Call]) -> None:
    _, call = measured
    with pytest.raises(SystemExit) as refused:
        call()
    assert str(refused.value.code).startswith(f"not here: {', '.join(run.TARGETS)}. ")


def test_processes_as_docker_lists_them() -> None:
    text = (
        "PID                 RSS                 COMMAND\n"
        "14771               1284                tini -- satchel serve\n"
        "14785               46872               /usr/local/bin/python3.11 /usr/local/bin/satchel serve\n"
    )
    assert client.read_processes(text) == [
        (1284 * 1024, "tini -- satchel serve"),
        (46872 * 1024, "/usr/local/bin/python3.11 /usr/local/bin/satchel serve"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-27T14:18:16.917536719Z\n", 1795789096.917536),
        ("2026-11-27T14:18:16.5Z", 1795789096.5),
        ("2026-11-27T14:18:16Z", 1795789096.0),
    ],
)
def test_times_as_docker_writes_them(text: str, expected: float) -> None:
    assert containers.read_time(text) == pytest.approx(expected, abs=1e-6)
