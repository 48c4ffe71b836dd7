"""The TorchScript engine behind the five methods."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from inference_core.bundle import Artifact
from inference_core.engines import Engine, EngineOptions, load_engine
from inference_core.errors import DeadlineError, EngineError, MissingDependencyError, SatchelError
from tests.archives import CLASSIFIER, CONVOLUTION, write_archive

pytest.importorskip("satchel_torchscript", reason="satchel_torchscript is not built: see scripts/torchscript.sh")

IMAGE = {"name": "pixels", "native": "images", "dtype": "float32", "shape": ["batch", 3, 8, 8]}
LOGITS = {"name": "logits", "native": "output", "dtype": "float32", "shape": ["batch", 3]}
UNSTABLE = """
def forward(self: __torch__.Net, images: Tensor) -> Tensor:
  return torch.relu(torch.add(images, torch.rand_like(images)))
"""


def artifact(**changes: object) -> Artifact:
    """Of an archive `m.pt` with one input and one output, both renamed."""
    facts = {"engine": "torchscript", "precision": "fp32", "file": "m.pt", "inputs": [IMAGE], "outputs": [LOGITS]}
    return Artifact.model_validate_json(json.dumps(facts | changes))


def engine(folder: Path, forward: str = CLASSIFIER, **changes: object) -> Engine:
    """The archive of `forward`, loaded."""
    write_archive(folder / "m.pt", forward)
    return load_engine(artifact(**changes), folder, EngineOptions(threads=2))


def test_tensors_go_by_the_artifacts_names(tmp_path: Path) -> None:
    opened = engine(tmp_path)
    image = np.random.default_rng(1).random((4, 3, 8, 8), dtype=np.float32)
    outputs = opened.infer({"pixels": image})
    assert list(outputs) == ["logits"]
    np.testing.assert_allclose(outputs["logits"].astype(np.float32), 10 * image.mean((2, 3)), rtol=1e-5)
    opened.close()


def test_it_says_what_is_running(tmp_path: Path) -> None:
    opened = engine(tmp_path)
    opened.warm_up()
    described = opened.describe()
    assert (described.engine, described.version, described.device) == ("torchscript", "2.13.0", "cpu")
    assert (described.providers, described.precision, described.threads, described.notes) == ((), "fp32", 2, ())


def test_every_declared_shape_is_fused_before_the_first_request(tmp_path: Path) -> None:
    sizes = [{"name": "pixels", "native": "images", "dtype": "float32", "shape": [1, 3, {"sizes": [8, 16]}, 8]}]
    opened = engine(tmp_path, CONVOLUTION, inputs=sizes)
    plain = engine(tmp_path, CONVOLUTION, inputs=sizes)
    opened.warm_up()
    for height in (8, 16):
        image = np.random.default_rng(height).random((1, 3, height, 8), dtype=np.float32)
        fused, expected = (np.asarray(e.infer({"pixels": image})["logits"], np.float32) for e in (opened, plain))
        assert not np.array_equal(fused, expected)  # sums in another order: the fused kernels
        np.testing.assert_allclose(fused, expected, rtol=1e-5)


def test_a_note_says_where_fusion_was_given_up(tmp_path: Path) -> None:
    opened = engine(tmp_path, UNSTABLE)
    opened.warm_up()
    opened.warm_up()  # says nothing twice
    assert opened.describe().notes == ("not fused for [1, 3, 8, 8]: answers differ",)


def test_inputs_and_deadline_are_checked_before_the_model_runs(tmp_path: Path) -> None:
    opened = engine(tmp_path)
    image = np.zeros((1, 3, 8, 8), np.float32)
    with pytest.raises(EngineError, match="input pixels does not fit the model"):
        opened.infer({"pixels": image[:, :2]})
    with pytest.raises(DeadlineError):
        opened.infer({"pixels": image}, deadline=time.monotonic() - 1)


def refused(folder: Path, forward: str = CLASSIFIER, **changes: object) -> SatchelError:
    """The error that loading and one inference raise."""
    with pytest.raises(SatchelError) as caught:
        engine(folder, forward, **changes).infer({"pixels": np.zeros((1, 3, 8, 8), np.float32)})
    return caught.value


def test_an_archive_of_other_tensors_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, inputs=[IMAGE | {"native": "data"}])
    assert (error.message, error.got, error.expected) == (
        "m.pt takes other inputs than the manifest says",
        "images",
        "data",
    )
    error = refused(tmp_path, outputs=[LOGITS | {"native": "boxes"}])
    assert (error.message, error.got, error.expected) == ("the model gave no output boxes", "output", "boxes")


def test_missing_operators_are_named_when_the_bundle_is_loaded(tmp_path: Path) -> None:
    code = "def forward(self: __torch__.Net, images: Tensor) -> Tensor:\n  return ops.mine.a(images)\n"
    error = refused(tmp_path, code)
    assert isinstance(error, MissingDependencyError)
    assert (error.message, error.got) == ("the model calls operators that are not built in", "mine::a")


def test_an_error_of_the_model_reaches_the_caller(tmp_path: Path) -> None:
    code = (
        "def forward(self: __torch__.Net, images: Tensor) -> Tensor:\n  return torch.matmul(images, torch.ones([5]))\n"
    )
    error = refused(tmp_path, code)
    assert isinstance(error, EngineError)
    assert error.message == "the model raised an error while it ran"
    assert "5" in str(error.got)


def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    write_archive(tmp_path / "m.pt", CLASSIFIER)
    with pytest.raises(MissingDependencyError, match="SATCHEL_DEVICE=cpu"):
        load_engine(artifact(), tmp_path, EngineOptions(threads=1, device="cuda"))
