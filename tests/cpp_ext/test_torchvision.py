"""torchvision's detectors, frozen with random weights, answer without torch and torchvision as they do with them."""

import os
import subprocess
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

PACKAGE = "satchel_torchscript"
ROOT = Path(__file__).parents[2]
MODELS = [
    "faster_rcnn_mobilenet",
    "faster_rcnn",
    "mask_rcnn",
    "keypoint_rcnn",
    "retinanet",
    "fcos",
    "ssd",
    "ssdlite",
]
CASES = 3
# Boxes and keypoints are pixels of images up to 384 across; float32 alone moves them by 1e-4. A sample just at an edge
# of the features counts or not by the last bit, which has moved a box by 3e-3.
TOLERANCES = {"boxes": 0.02, "keypoints": 0.02, "keypoints_scores": 1e-3, "masks": 1e-3, "scores": 1e-4, "labels": 0.0}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archives and their answers. Another Python makes them: torch may not be loaded beside the module."""
    python = os.environ.get("TORCH_PYTHON")
    if python is None or not Path(python).is_file():
        pytest.skip("TORCH_PYTHON does not name a Python with torch and torchvision")
    folder = tmp_path_factory.mktemp("torchvision")
    command: list[str | Path] = [python, "-m", "tests.cpp_ext.torchvision_models", folder]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.mark.parametrize("name", MODELS)
def test_a_detector_answers_as_in_python(archives: Path, name: str) -> None:
    import satchel_torchscript

    module = satchel_torchscript.Module(archives / f"{name}.pt", threads=2)
    with np.load(archives / f"{name}.npz") as expected:
        for turn in ("plain", "prepared", "again"):
            if turn == "prepared":
                module.prepare([expected["input_0"]])
            for case in range(CASES):
                image = expected[f"input_{case}"]
                found = dict(zip(expected["names"].tolist(), module.run([image.copy()]).values(), strict=True))
                assert found["boxes"].shape[0] > 10
                close = partial(np.testing.assert_allclose, rtol=0, err_msg=f"turn {turn}, case {case}")
                for key, value in found.items():
                    close(value, expected[f"{key}_{case}"], atol=TOLERANCES[key])


def test_the_image_is_only_read(archives: Path) -> None:
    import satchel_torchscript

    module = satchel_torchscript.Module(archives / "ssdlite.pt")
    with np.load(archives / "ssdlite.npz") as expected:
        image: npt.NDArray[np.float32] = expected["input_0"]
    before = image.copy()
    module.run([image])
    np.testing.assert_array_equal(image, before)


def test_an_image_without_detections(archives: Path) -> None:
    import satchel_torchscript

    module = satchel_torchscript.Module(archives / "faster_rcnn.pt")
    nothing = np.full((1, 3, 64, 64), np.nan, np.float32)
    boxes, scores, labels = module.run([nothing]).values()
    assert boxes.shape == (0, 4) and scores.shape == labels.shape == (0,)
