"""`satchel serve` as a user meets it: what it prints, how it fails, how it ends."""

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
import uvicorn.supervisors

from inference_core.cli import main
from inference_core.cli.serve import serve
from inference_core.settings import Settings
from tests.pictures import plain
from tests.server.process import COMMAND, WITHIN, Server, read_all, serving

RED = plain((255, 0, 0))
Run = Callable[..., tuple[object, str]]
MODELS = """\
  tiny_classifier 1: classification, onnxruntime fp32
  tiny_detector 1: detection, onnxruntime fp32
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code and stderr of a command that ends by itself."""

    def ended(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["satchel", "serve", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        written = capsys.readouterr()
        assert written.out == ""
        return caught.value.code, written.err

    return ended


def spoil_engine(models: Path) -> Path:
    """A bundle whose digests are right and whose model no engine can read."""
    folder = models / "tiny_detector"
    (folder / "model.onnx").write_bytes(b"no model")
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["files"]["model.onnx"] = {"sha256": hashlib.sha256(b"no model").hexdigest(), "bytes": 8}
    (folder / "bundle.json").write_text(json.dumps(manifest))
    return models


def wait_for(server: Server, line: str) -> str:
    """The output once `line` has been printed."""
    limit = time.monotonic() + WITHIN
    while line not in "".join(server.output):
        assert time.monotonic() < limit, "".join(server.output)
        time.sleep(0.01)
    return "".join(server.output)


def test_a_bad_bundle_ends_the_command_with_the_reason(tiny_models: Path, tmp_path: Path) -> None:
    models = Path(shutil.copytree(tiny_models, tmp_path / "models"))
    (models / "tiny_detector" / "extra").write_text("not listed")
    done = subprocess.run([*COMMAND, str(models)], capture_output=True, text=True, timeout=WITHIN, check=False)
    complaint = done.stderr
    assert (done.returncode, done.stdout) == (1, "")
    assert complaint.startswith(f"error: {models / 'tiny_detector'} holds extra, which its manifest does not list\n")
    assert complaint.endswith("\n  remedy: remove it, or pack the bundle again\n")


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "words"),
    [
        (["no/such/place"], {}, 1, "error: there is no bundle at no/such/place\n  got: no such directory\n"),
        (["--try", "no.png"], {}, 1, "error: no.png cannot be read\n  got: No such file or directory\n"),
        ([], {"SATCHEL_QUEUE_SIZE": "-1"}, 1, "error: SATCHEL_QUEUE_SIZE cannot be used\n  got: '-1'\n"),
        (["--port", "65536"], {}, 2, "Invalid value for '--port'"),
        (["--workers", "0"], {}, 2, "Invalid value for '--workers'"),
    ],
)
def test_wrong_use_is_a_sentence_and_an_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], settings: dict[str, str], code: int, words: str
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    actual, complaint = run(*arguments)
    assert actual == code
    assert words in complaint


def test_a_port_in_use_is_named(run: Run, tiny_models: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, complaint = run(str(tiny_models), "--port", port)
    assert (code, complaint) == (
        1,
        f"error: cannot listen on 127.0.0.1, port {port}\n  got: Address already in use\n"
        "  remedy: choose another with --host or --port; port 0 takes a free one\n",
    )


def test_trying_prints_findings_and_the_page_and_a_request_outlives_the_signal(
    tiny_models: Path, tmp_path: Path
) -> None:
    (tmp_path / "red.png").write_bytes(plain((255, 0, 0), 64, 64))
    proxy = "http://127.0.0.1:9"  # leads nowhere: our own address needs none
    os.environ.setdefault("http_proxy", proxy)
    try:
        with serving(tiny_models, "--try", str(tmp_path / "red.png")) as server:
            address = f"http://127.0.0.1:{server.port}"
            printed = wait_for(server, f"\ntry it in a browser: {address}/docs\n").splitlines()
            with server.connect() as connection:
                request = (
                    f"POST /models/tiny_classifier/predict HTTP/1.1\r\nHost: x\r\nContent-Length: {len(RED)}\r\n\r\n"
                )
                connection.sendall(request.encode() + RED[:10])
                time.sleep(0.2)
                server.process.send_signal(signal.SIGTERM)
                time.sleep(0.3)
                assert server.process.poll() is None
                connection.sendall(RED[10:])
                assert read_all(connection).startswith(b"HTTP/1.1 200 ")
            code, _, complaints = server.wait()
    finally:
        if os.environ["http_proxy"] == proxy:
            del os.environ["http_proxy"]
    assert (code, complaints) == (0, MODELS)
    assert printed[:3] == [f"POST {address}/models/tiny_classifier/predict", "  1.000  red", "  0.000  green"]
    assert printed[4:7] == [
        f"POST {address}/models/tiny_detector/predict",
        "  0.900  cat  [0, 0, 32, 32]",
        "  0.700  dog  [16, 16, 64, 64]",
    ]
    assert printed[3].startswith("  2 found; decode ")


def test_several_workers_share_the_threads_and_stop_together(tiny_models: Path) -> None:
    with serving(tiny_models, "--workers", "2", threads="5") as server:
        assert server.get("/models/tiny_detector")["engine"]["threads"] == 2
        assert server.ask("POST", "/models/tiny_classifier/predict", RED)[0] == 200
        code, _, complaints = server.stop()
    assert (code, complaints) == (0, MODELS)


def test_a_model_that_no_engine_reads_ends_the_command(run: Run, tiny_models: Path, tmp_path: Path) -> None:
    code, complaint = run(str(spoil_engine(Path(shutil.copytree(tiny_models, tmp_path / "models")))), "--port", "0")
    assert code == 1
    assert re.match(r"error: onnxruntime \S+ cannot load model.onnx\n  got: ", complaint)


@pytest.mark.parametrize(("codes", "expected"), [([-15, 3], 1), ([-15, -15], None)])
def test_workers_that_cannot_start_are_a_failure(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch, codes: list[int], expected: int | None
) -> None:
    class Supervisor:
        def __init__(self, config: object, sockets: list[socket.socket]) -> None:
            self.processes = [SimpleNamespace(exitcode=code) for code in codes]
            self.sockets = sockets

        def run(self) -> None:
            self.sockets[0].close()

    monkeypatch.setattr(uvicorn.supervisors, "Multiprocess", Supervisor)
    for name, value in Settings(models=tiny_models, threads=1).to_environment().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) if expected else nullcontext() as caught:
        serve(models=tiny_models, port=0, workers=2)
    assert (caught.value.code if caught else None) == expected


def test_models_that_wait_for_requests_are_announced_as_such(tiny_models: Path) -> None:
    with serving(tiny_models, load="lazy", threads="1") as server:
        assert server.get("/models/tiny_detector")["state"] == "unloaded"
        assert server.ask("POST", "/models/tiny_detector/predict", RED)[0] == 200
        code, _, complaints = server.stop()
    assert (code, complaints) == (0, MODELS.replace("onnxruntime fp32", "with its first request"))


def test_a_second_signal_ends_the_wait_for_load_balancers(tiny_models: Path) -> None:
    with serving(tiny_models, threads="1", drain_s="3600") as server:
        server.process.terminate()
        limit = time.monotonic() + WITHIN
        while server.ask("GET", "/health/ready")[0] != 503:
            assert time.monotonic() < limit
        assert server.process.poll() is None
        assert server.stop()[0] == 0


def test_following_changes_ends_when_told(tiny_models: Path) -> None:
    with serving(tiny_models, "--reload", threads="1") as server:
        assert server.ask("POST", "/models/tiny_classifier/predict", RED)[0] == 200
        code, _, complaints = server.stop()
    assert (code, complaints) == (0, MODELS)
