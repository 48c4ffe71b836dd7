"""`satchel load`, against a real server."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from inference_core.cli.load import load
from tests.pictures import plain
from tests.server.process import Server, serving

RED = plain((255, 0, 0))
NUMBER = r"\d+\.\d+"


@pytest.fixture(scope="module")
def grpc_port() -> int:
    """A free one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def server(tiny_models: Path, grpc_port: int) -> Iterator[Server]:
    with serving(tiny_models, grpc_port=str(grpc_port)) as running:
        yield running


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "red.png"
    path.write_bytes(RED)
    return path


def run(*arguments: object) -> Result:
    app = typer.Typer()
    app.command()(load)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def url_of(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


def test_a_hundred_requests_give_a_table(server: Server, picture: Path) -> None:
    done = run(url_of(server), "--model", "tiny_classifier", "--image", picture)
    assert done.exit_code == 0, done.output
    rows = dict(re.split(r"\s{2,}", line.strip(), maxsplit=1) for line in done.stdout.splitlines()[1:])
    assert rows["requests"] == "100"
    assert rows["failed"] == "0 (0.0%)"
    assert rows["statuses"] == "200: 100"
    times = [float(rows[f"{name} ms"]) for name in ("median", "p90", "p95", "p99", "max")]
    assert times == sorted(times)
    assert 0 < times[0] < 10_000
    assert all(re.fullmatch(NUMBER, rows[name]) for name in ("total s", "mean ms", "good answers/s", "generator CPU s"))
    assert float(rows["good answers/s"]) == pytest.approx(100 / float(rows["total s"]), rel=0.05)


def test_protocols_and_other_routes_stand_side_by_side(server: Server, picture: Path, tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    options = ["--model", "tiny_classifier", "--image", picture, "--protocol", "rest", "--url-path", "/health/live"]
    options += ["--method", "GET", "--requests", 6, "--concurrency", 2, "--rounds", 3, "--log", log]
    done = run(url_of(server), *options, "--format", "json")
    assert done.exit_code == 0, done.output
    targets = json.loads(done.stdout)["targets"]
    assert list(targets) == ["rest", "/health/live"]
    assert [targets[name]["statuses"] for name in targets] == [{"200": 18}, {"200": 18}]
    assert [part["requests"] for part in targets["rest"]["rounds"]] == [6, 6, 6]
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(lines) == 36
    rest = [line for line in lines if line["target"] == "rest"]
    assert sorted((line["round"], line["index"]) for line in rest) == [(r, i) for r in range(3) for i in range(6)]
    assert all(line["bytes"] > 100 and line["intended"] <= line["sent"] < line["finished"] for line in rest)


def test_every_protocol_of_a_server_is_compared(server: Server, picture: Path, grpc_port: int) -> None:
    options = ["--model", "tiny_classifier", "--image", picture, "--requests", 10, "--rounds", 2]
    options += ["--protocol", "rest", "--protocol", "oip-http", "--protocol", "grpc"]
    done = run(url_of(server), *options, "--grpc-address", f"127.0.0.1:{grpc_port}")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["rest", "oip-http", "grpc"]
    assert re.fullmatch(r"statuses +200: 20 +200: 20 +OK: 20", lines[3])


def test_a_rate_is_kept(server: Server, picture: Path) -> None:
    options = ["--model", "tiny_classifier", "--image", picture, "--rate", 100, "--duration", 0.5, "--format", "json"]
    done = run(url_of(server), *options, "--arrivals", "constant", "--outstanding", 8)
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)["targets"]["rest"]
    assert report["requests"] == 50
    assert 0.49 < report["total"] < 5


def test_failures_fail_the_command_unless_allowed(server: Server, picture: Path) -> None:
    options = [url_of(server), "--model", "nonsense", "--image", picture, "--requests", 4]
    done = run(*options)
    assert done.exit_code == 1
    assert "404: 4" in done.stdout
    assert "not_found" in done.stderr  # what the server said
    assert run(*options, "--max-error-rate", 1).exit_code == 0


def test_a_picture_that_is_none_is_the_servers_to_refuse(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no picture")
    done = run(url_of(server), "--model", "tiny_classifier", "--image", tmp_path / "a.txt", "--requests", 2)
    assert (done.exit_code, "415: 2" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["http://127.0.0.1:1", "--model", "a"], "no model, or no picture"),
        (["http://127.0.0.1:1", "--url-path", "/"], "nothing answers at 127.0.0.1, port 1"),
        (["localhost:1", "--url-path", "/"], "this is no URL of a server"),
        (["http://127.0.0.1:1", "--model", "a", "--image", "/nowhere.jpg"], "/nowhere.jpg cannot be used"),
    ],
)
def test_what_cannot_be_tried_is_said(arguments: list[str], complaint: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 1
    assert f"error: {complaint}" in done.stderr
