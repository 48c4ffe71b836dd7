"""`satchel check`."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.assets import ROOT
from tests.cli.conftest import Command, call

BOOKING = ROOT / "models" / "samples" / "booking.png"


@pytest.fixture(autouse=True)
def clean_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An app is imported once in a process; its module and the path to it are forgotten again."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delenv("AzureWebJobsScriptRoot", raising=False)
    before = dict(sys.modules)
    for name in ("function_app", "door"):
        sys.modules.pop(name, None)
    yield
    for name in ("function_app", "door"):
        sys.modules.pop(name, None)
        if name in before:
            sys.modules[name] = before[name]


def test_each_model_is_verified_and_asked(satchel: Command, tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATCHEL_MODELS", str(tiny_models))
    answer = satchel("check")
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["bundle", "tiny_classifier"], ["model", "tiny_classifier"]]
    assert lines[1].endswith("found by onnxruntime fp32 on cpu")


def test_only_models_that_are_served_are_asked(
    satchel: Command, tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATCHEL_MODELS", str(tiny_models))
    monkeypatch.setenv("SATCHEL_ONLY", "tiny_detector")
    answer = satchel("check")
    assert [line.split()[1] for line in answer.out.splitlines()] == ["tiny_detector"] * 2


def test_the_sample_card_is_recognised(satchel: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATCHEL_MODELS", str(ROOT / "models" / "card_elements"))
    answer = satchel("check", "--image", BOOKING)
    assert answer.out.splitlines()[-1] == "model card_elements 1: 23 found by onnxruntime fp32 on cpu"


def test_the_functions_are_listed_as_the_worker_finds_them(tiny_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATCHEL_MODELS", str(tiny_models))
    monkeypatch.setenv("AzureWebJobsScriptRoot", str(ROOT / "function_app"))
    answer = call("check")
    assert (answer.code, answer.err) == (0, "")
    found = [line for line in answer.out.splitlines() if line.startswith("function ")]
    assert "function serve: httpTrigger /{*path}" in found
    assert "function warmup: warmupTrigger" in found
    assert found.index("function health: httpTrigger /health/{*probe}") < found.index(
        "function serve: httpTrigger /{*path}"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "holds no Azure Function"),
        ("import a_package_that_is_not_there", "cannot be imported\n  got: ModuleNotFoundError: No module named"),
        ("app = None", "defines no functions"),
        ("import azure.functions as f\napp = f.FunctionApp()", "defines no functions"),
    ],
)
def test_an_app_that_is_none_is_said(satchel: Command, tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "function_app.py").write_text(text)
    answer = satchel("check", "--function-app", tmp_path)
    assert (answer.code, answer.out) == (1, "")
    assert message in answer.err


def test_a_damaged_bundle_fails(
    satchel: Command, tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = shutil.copytree(tiny_models / "tiny_classifier", tmp_path / "bundle")
    monkeypatch.setenv("SATCHEL_MODELS", str(bundle))
    with (bundle / "model.onnx").open("ab") as file:
        file.write(b"more")
    answer = satchel("check")
    assert (answer.code, answer.out) == (1, "")
    assert "is not the file that was packed" in answer.err


def test_a_picture_that_cannot_be_read_fails(
    satchel: Command, tiny_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SATCHEL_MODELS", str(tiny_models))
    (tmp_path / "text.png").write_text("no picture")
    answer = satchel("check", "--image", tmp_path / "text.png")
    assert answer.code == 1
    assert "error: " in answer.err
