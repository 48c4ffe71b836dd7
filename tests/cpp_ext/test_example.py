"""The example program, built against the installed C++ libraries: bundles run as in Python, without any Python."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from PIL import Image

from inference_core.bundle import open_bundle
from inference_core.engines import EngineOptions
from inference_core.errors import BundleError, SatchelError
from inference_core.packing import pack_model
from inference_core.pipeline import LocalPredictor
from tests.archives import CLASSIFIER, CONVOLUTION, write_archive
from tests.assets import ASSETS, BEAR, needs_assets
from tests.models import BOXES, CLASSIFIER_RECIPE, DETECTOR_RECIPE, SCORES, pack_enlarger
from tests.pictures import encode, noise, plain

PACKAGE = "satchel_torchscript"
PROGRAM = os.environ.get("PREDICT_PROGRAM")
SQUEEZENET = ASSETS / "models" / "squeezenet" / "squeezenet_v1.0_torchscript.pt"

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="PREDICT_PROGRAM is not set: see make test-torchscript")

DETECTOR = f"""
def forward(self: __torch__.Net, images: Tensor) -> Dict[str, Tensor]:
  nothing = torch.mul(torch.max(images), 0)
  boxes = torch.reshape(torch.tensor({[value for box in BOXES for value in box]}, dtype=6), [1, 4, 4])
  scores = torch.reshape(torch.tensor({[value for row in SCORES for value in row]}, dtype=6), [1, 4, 2])
  return {{"boxes": torch.add(boxes, nothing), "scores": torch.add(scores, nothing)}}
"""
"""The twin of `tests.models.write_detector`."""

HALVES = """
def forward(self: __torch__.Net, images: Tensor) -> Tensor:
  return torch.to(torch.mul(torch.mean(images, [2, 3]), 10), 5)
"""
"""`CLASSIFIER` with outputs of float16."""


@dataclass(frozen=True)
class Answer:
    """How the program ended."""

    code: int
    out: str
    err: str


def predict(*arguments: object) -> Answer:
    """Runs the program, without any environment."""
    assert PROGRAM is not None
    ended = subprocess.run([PROGRAM, *map(str, arguments)], env={}, capture_output=True, check=False)
    return Answer(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def in_python(bundle: Path, pictures: list[Path]) -> list[dict[str, Any]]:
    """What `satchel predict --json` prints, after a warm-up."""
    rows = []
    with open_bundle(bundle) as opened, LocalPredictor.load(opened, options=EngineOptions(threads=1)) as predictor:
        predictor.warm_up()
        for path in pictures:
            [outcome] = predictor.predict([path.read_bytes()])
            assert not isinstance(outcome, SatchelError)
            rows.append({"file": str(path)} | orjson.loads(orjson.dumps(outcome)))
    return rows


def assert_same_answers(bundle: Path, pictures: list[Path]) -> list[dict[str, Any]]:
    """Every key, in its order, and every number is the same but for the timings; returns the answers."""
    answer = predict(bundle, *pictures)
    assert (answer.code, answer.err) == (0, "")
    rows: list[dict[str, Any]] = [orjson.loads(line) for line in answer.out.splitlines()]
    expected = in_python(bundle, pictures)
    for row, wanted in zip(rows, expected, strict=True):
        assert list(row) == list(wanted)
        assert wanted["timings_ms"].pop("queue") == 0  # the program has none
        assert list(row["timings_ms"]) == list(wanted["timings_ms"])
        assert all(value >= 0 for value in row.pop("timings_ms").values())
        del wanted["timings_ms"]
        assert orjson.dumps(row) == orjson.dumps(wanted)
    return rows


def pack(folder: Path, forward: str, recipe: str, labels: list[str]) -> Path:
    """A bundle of an archive."""
    (folder / "labels.txt").write_text("\n".join(labels) + "\n")
    (folder / "recipe.toml").write_text(recipe)
    pack_model(write_archive(folder / "m.pt", forward), str(folder / "recipe.toml"), folder / "bundle")
    return folder / "bundle"


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    return pack(tmp_path, CLASSIFIER, CLASSIFIER_RECIPE, ["red", "grün", 'the "blue" one'])


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    """Several sizes and formats; one lies on its side."""
    turned = Image.Exif()
    turned[0x0112] = 6
    files = {
        "small.png": encode(noise(20, 10)),
        "gray.png": encode(noise(31, 57, channels=1)),
        "wide.jpg": encode(noise(333, 100, seed=1), "JPEG", quality=90),
        "turned.jpg": encode(noise(64, 96, seed=2), "JPEG", exif=turned),
        "blue.bmp": plain((0, 0, 255), kind="BMP"),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return [tmp_path / name for name in files]


def test_a_classifier_answers_as_in_python(classifier: Path, pictures: list[Path]) -> None:
    rows = assert_same_answers(classifier, pictures)
    assert rows[-1]["predictions"][0]["label"] == 'the "blue" one'


def test_a_fused_graph_answers_as_in_python(tmp_path: Path, pictures: list[Path]) -> None:
    recipe = CLASSIFIER_RECIPE.replace("k = 2", "k = 8").replace("scale = 0.00392156862745098", "scale = 0.0001")
    assert_same_answers(pack(tmp_path, CONVOLUTION, recipe, list("abcdefgh")), pictures)


def test_outputs_of_another_type_answer_as_in_python(tmp_path: Path, pictures: list[Path]) -> None:
    assert_same_answers(pack(tmp_path, HALVES, CLASSIFIER_RECIPE, ["red", "green", "blue"]), pictures)


def test_a_detector_answers_as_in_python(tmp_path: Path, pictures: list[Path]) -> None:
    rows = assert_same_answers(pack(tmp_path, DETECTOR, DETECTOR_RECIPE, ["cat", "dog"]), pictures)
    assert [p["label"] for p in rows[0]["predictions"]] == ["cat", "dog"]
    assert rows[0]["predictions"][0]["box"] == [0.0, 0.0, 10.0, 10.0]


@pytest.mark.parametrize("axis", ["2", '{"sizes": [3, 2]}'])
def test_a_batch_axis_that_takes_no_single_picture_is_filled_up(
    classifier: Path, pictures: list[Path], axis: str
) -> None:
    manifest = (classifier / "bundle.json").read_text()
    (classifier / "bundle.json").write_text(manifest.replace('"batch"', axis))
    assert_same_answers(classifier, pictures)


@needs_assets
def test_squeezenet_answers_as_in_python(tmp_path: Path) -> None:
    pack_model(SQUEEZENET, "squeezenet_v1_0", tmp_path / "bundle", images=[BEAR])
    [row] = assert_same_answers(tmp_path / "bundle", [BEAR])
    assert row["predictions"][0]["label"] == "brown bear"


def test_no_python_is_loaded() -> None:
    ldd = shutil.which("ldd")
    assert ldd is not None
    assert PROGRAM is not None
    libraries = subprocess.run([ldd, PROGRAM], capture_output=True, check=True, text=True).stdout
    assert "libtorch_cpu" in libraries
    assert "not found" not in libraries
    assert "python" not in libraries.replace(str(Path.cwd()), "")


def altered(bundle: Path) -> None:
    data = bytearray((bundle / "model.pt").read_bytes())
    data[len(data) // 2] ^= 1
    (bundle / "model.pt").write_bytes(data)


def unlisted(bundle: Path) -> None:
    (bundle / "notes.txt").write_text("more")


def missing(bundle: Path) -> None:
    (bundle / "model.pt").unlink()


def linked(bundle: Path) -> None:
    (bundle / "model.pt").rename(bundle.parent / "elsewhere.pt")
    (bundle / "model.pt").symlink_to(bundle.parent / "elsewhere.pt")


def misspelt(bundle: Path) -> None:
    manifest = (bundle / "bundle.json").read_text()
    (bundle / "bundle.json").write_text(manifest.replace('"antialias"', '"antialiased"'))


@pytest.mark.parametrize("damage", [altered, unlisted, missing, linked])
def test_a_damaged_bundle_is_refused_with_the_sentence_of_python(
    classifier: Path, pictures: list[Path], damage: Callable[[Path], None]
) -> None:
    damage(classifier)
    with pytest.raises(BundleError) as caught:
        open_bundle(classifier)
    assert predict(classifier, pictures[0]) == Answer(1, "", f"error: {caught.value}\n")


@pytest.mark.parametrize(
    "axes", ["4611686018427387905, 1, 1, 1", '4611686018427387904, 3, "h", "w"', f"{2**50}, 3, 8, 8"]
)
def test_a_declared_shape_that_no_memory_holds_is_refused(classifier: Path, pictures: list[Path], axes: str) -> None:
    declared = orjson.loads((classifier / "bundle.json").read_bytes())
    declared["artifacts"][0]["inputs"][0]["shape"] = orjson.loads(f"[{axes}]")
    (classifier / "bundle.json").write_bytes(orjson.dumps(declared))
    answer = predict(classifier, pictures[0])
    assert (answer.code, answer.out) == (1, "")
    assert "input images is larger than memory\n  got: float32 [" in answer.err


def test_an_unknown_key_is_refused_with_its_place(classifier: Path, pictures: list[Path]) -> None:
    misspelt(classifier)
    answer = predict(classifier, pictures[0])
    assert (answer.code, answer.out) == (1, "")
    assert f"{classifier}/bundle.json: unknown key preprocess[1].antialiased\n" in answer.err
    assert "remedy: rename it to 'antialias'" in answer.err


def test_a_missing_bundle_is_refused(tmp_path: Path, pictures: list[Path]) -> None:
    answer = predict(tmp_path / "none", pictures[0])
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"error: {tmp_path}/none is not a bundle\n  got: no such directory\n")


def test_a_bundle_without_torchscript_is_refused_with_its_engines(tiny_models: Path, pictures: list[Path]) -> None:
    answer = predict(tiny_models / "tiny_classifier", pictures[0])
    assert (answer.code, answer.out) == (1, "")
    assert "bundle tiny_classifier has no artifact for engine torchscript\n  got: onnxruntime\n" in answer.err


def test_a_model_that_makes_pictures_is_refused_in_one_sentence(tmp_path: Path, pictures: list[Path]) -> None:
    answer = predict(pack_enlarger(tmp_path), pictures[0])
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "error: models for super_resolution run in Python alone\n  got: tiny_enlarger\n"
        "  remedy: serve the bundle with `satchel serve`\n"
    )


def test_a_broken_picture_fails_alone(classifier: Path, pictures: list[Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(pictures[0].read_bytes()[:-60])
    answer = predict(classifier, broken, tmp_path, pictures[0], "--threads", 2)
    assert answer.code == 1
    assert [orjson.loads(line)["file"] for line in answer.out.splitlines()] == [str(pictures[0])]
    assert f"error: {broken}: the PNG file cannot be decoded\n  got: " in answer.err
    assert f"error: {tmp_path}: the file cannot be read\n  got: Is a directory\n" in answer.err


@pytest.mark.parametrize("arguments", [[], ["bundle"], ["bundle", "a.png", "--threads", "0"], ["b", "a", "--threads"]])
def test_arguments_that_make_no_sense_are_answered_with_the_usage(arguments: list[str]) -> None:
    assert predict(*arguments) == Answer(1, "", "usage: predict BUNDLE IMAGE... [--threads N]\n")


def test_scores_are_written_so_that_no_bit_is_lost(classifier: Path, pictures: list[Path]) -> None:
    for line in predict(classifier, *pictures).out.splitlines():
        for prediction in orjson.loads(line)["predictions"]:
            assert float(np.float32(prediction["score"])) == prediction["score"]
