"""`satchel export`."""

from pathlib import Path

from inference_core.bundle import open_bundle
from tests.cli.conftest import Command


def test_it_says_what_was_written_and_how_satchel_asks_for_it(
    satchel: Command, tiny_models: Path, tmp_path: Path
) -> None:
    target = tmp_path / "a folder [b] with a rather long name, so that the line it is named on is long"
    answer = satchel("export", tiny_models / "tiny_classifier", target, "--to", "triton")
    with open_bundle(tiny_models / "tiny_classifier") as bundle:
        digest = bundle.manifest.files["model.onnx"].sha256
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [
        f"{target}/tiny_classifier: onnxruntime:fp32, sha256 {digest}",
        f"start: tritonserver --model-repository {target}",
        "SATCHEL_MODE=remote",
        "SATCHEL_REMOTE_URL=http://localhost:8000",
        "SATCHEL_REMOTE_PROTOCOL=oip-http",
    ]
    assert (target / "tiny_classifier" / "1" / "model.onnx").is_file()


def test_options_are_heeded(satchel: Command, tiny_models: Path, tmp_path: Path) -> None:
    arguments = ["export", tiny_models / "tiny_classifier", tmp_path, "--to", "kserve", "--backend", "python"]
    assert satchel(*arguments, "--engine", "onnxruntime:fp32").code == 0
    config = tmp_path / "tiny_classifier" / "repository" / "tiny_classifier" / "config.pbtxt"
    assert 'backend: "python"' in config.read_text()
    assert "  name: tiny-classifier\n" in (tmp_path / "tiny_classifier" / "inference_service.yaml").read_text()
    refused = satchel(*arguments)
    assert (refused.code, refused.err.splitlines()[0]) == (1, f"error: {tmp_path / 'tiny_classifier'} exists")
    again = satchel(*arguments, "--force", "--split", "image")
    assert (again.code, again.out.splitlines()[-1]) == (0, "SATCHEL_REMOTE_SPLIT=image")


def test_a_bundle_that_the_server_cannot_run_is_refused(satchel: Command, tiny_models: Path, tmp_path: Path) -> None:
    answer = satchel("export", tiny_models / "tiny_classifier", tmp_path, "--to", "tfs")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("error: bundle tiny_classifier has no artifact for engine tensorflow\n")
    assert list(tmp_path.iterdir()) == []


def test_the_server_has_to_be_said(satchel: Command, tiny_models: Path, tmp_path: Path) -> None:
    answer = satchel("export", tiny_models / "tiny_classifier", tmp_path)
    assert (answer.code, answer.out) == (2, "")
