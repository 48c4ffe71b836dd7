"""`satchel predict`."""

import os
import shutil
from pathlib import Path

import numpy as np
import orjson
import pytest
from PIL import Image

from tests.cli.conftest import Command
from tests.pictures import plain
from tests.remote.oip_server import OipServer

COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    """Three plain pictures and a broken one, by name."""
    for name, color in COLORS.items():
        (tmp_path / f"{name}.png").write_bytes(plain(color, 200, 100))
    (tmp_path / "broken.png").write_bytes(plain((0, 0, 0), 200, 100)[:-60])
    return {name: tmp_path / f"{name}.png" for name in (*COLORS, "broken")}


@pytest.fixture
def classifier(tiny_models: Path) -> Path:
    return tiny_models / "tiny_classifier"


@pytest.fixture
def detector(tiny_models: Path) -> Path:
    return tiny_models / "tiny_detector"


def test_json_is_one_object_a_line_in_the_order_of_the_pictures(
    satchel: Command, classifier: Path, pictures: dict[str, Path]
) -> None:
    order = ["blue", "red", "green"]
    answer = satchel("predict", classifier, *(pictures[name] for name in order), "--json")
    assert (answer.code, answer.err) == (0, "")
    rows = [orjson.loads(line) for line in answer.out.splitlines()]
    assert [row["file"] for row in rows] == [str(pictures[name]) for name in order]
    assert [row["predictions"][0]["label"] for row in rows] == order
    assert list(rows[0]) == ["file", "model", "version", "task", "image", "predictions", "timings_ms"]
    assert rows[0]["image"] == {"width": 200, "height": 100}


def test_a_remote_service_predicts_as_the_model_does(
    satchel: Command, classifier: Path, pictures: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def predictions() -> list[object]:
        answer = satchel("predict", classifier, pictures["red"], pictures["blue"], "--json")
        assert (answer.code, answer.err) == (0, "")
        return [orjson.loads(line)["predictions"] for line in answer.out.splitlines()]

    here = predictions()
    with OipServer() as server:
        for name, value in (("MODE", "remote"), ("REMOTE_URL", server.url), ("REMOTE_MODEL", "tiny")):
            monkeypatch.setenv(f"SATCHEL_{name}", value)
        assert predictions() == here
        assert server.inferences == 2


def test_json_stays_json_when_a_files_name_is_not_utf8(satchel: Command, classifier: Path, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"b\xe4r.png")
    path.write_bytes(plain((255, 0, 0)))
    answer = satchel("predict", classifier, path, "--json")
    assert answer.code == 0
    assert orjson.loads(answer.out)["file"] == str(tmp_path / "b\N{REPLACEMENT CHARACTER}r.png")


def test_people_get_scores_labels_and_boxes(satchel: Command, detector: Path, pictures: dict[str, Path]) -> None:
    answer = satchel("predict", detector, pictures["red"])
    head, *rows = answer.out.splitlines()
    assert (answer.code, answer.err) == (0, "")
    assert head.startswith(f"{pictures['red']}: 200 x 100, 2 found (decode ")
    # 200 x 100 becomes 32 x 16: a factor of 0.16.
    assert rows == ["  0.900  cat  [0, 0, 100, 100]", "  0.700  dog  [50, 50, 200, 100]"]


@pytest.mark.parametrize("bad", ["broken", "absent"])
def test_a_bad_picture_is_reported_and_the_others_are_answered(
    satchel: Command, classifier: Path, pictures: dict[str, Path], tmp_path: Path, bad: str
) -> None:
    path = tmp_path / f"{bad}.png"
    answer = satchel("predict", classifier, pictures["red"], path, pictures["blue"], "--json")
    assert answer.code == 1
    labels = [orjson.loads(line)["predictions"][0]["label"] for line in answer.out.splitlines()]
    assert labels == ["red", "blue"]
    reasons = {"broken": "the PNG file cannot be decoded", "absent": "the file cannot be read"}
    assert answer.err.startswith(f"error: {path}: {reasons[bad]}\n  got: ")
    assert answer.err.count("error: ") == 1


def test_one_drawing_is_written_where_it_is_asked_for(
    satchel: Command, detector: Path, pictures: dict[str, Path], tmp_path: Path
) -> None:
    target = tmp_path / "new" / "out.jpg"
    assert satchel("predict", detector, pictures["red"], "--draw", target).code == 0
    drawing = np.asarray(Image.open(target))
    original = np.asarray(Image.open(pictures["red"]))
    assert drawing.shape == (100, 200, 3)
    # The dog's box runs along the right edge and the middle row; between the lines the picture is as it was.
    assert not np.array_equal(drawing[75, 199], original[75, 199])
    assert np.array_equal(drawing[75, 150], original[75, 150])


def test_several_drawings_go_into_a_directory_but_not_those_of_bad_pictures(
    satchel: Command, detector: Path, pictures: dict[str, Path], tmp_path: Path
) -> None:
    answer = satchel("predict", detector, *pictures.values(), "--draw", tmp_path / "out")
    assert answer.code == 1
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["blue.png", "green.png", "red.png"]
    for name, color in COLORS.items():
        assert np.asarray(Image.open(tmp_path / "out" / f"{name}.png"))[75, 150].tolist() == list(color)


def test_one_drawing_goes_into_a_directory_that_exists(
    satchel: Command, detector: Path, pictures: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    assert satchel("predict", detector, pictures["red"], "--draw", tmp_path / "out").code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["red.png"]


def test_two_drawings_are_never_written_to_one_file(
    satchel: Command, detector: Path, pictures: dict[str, Path], tmp_path: Path
) -> None:
    twin = tmp_path / "other" / "red.bmp"
    twin.parent.mkdir()
    shutil.copy(pictures["red"], twin)
    answer = satchel("predict", detector, pictures["red"], twin, "--draw", tmp_path / "out")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(
        f"error: two pictures would be drawn to one file\n  got: {tmp_path / 'out' / 'red.png'}\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("exif", "size"), [(True, (100, 200)), (False, (200, 100))])
def test_a_drawing_is_turned_as_the_model_saw_the_picture(
    satchel: Command, detector: Path, tmp_path: Path, exif: bool, size: tuple[int, int]
) -> None:
    bundle = Path(shutil.copytree(detector, tmp_path / "bundle"))
    manifest = orjson.loads((bundle / "bundle.json").read_bytes())
    manifest["preprocess"][0]["exif"] = exif
    (bundle / "bundle.json").write_bytes(orjson.dumps(manifest))
    tags = Image.Exif()
    tags[0x0112] = 6  # turn by 90 degrees
    Image.new("RGB", (200, 100), "red").save(tmp_path / "turned.jpg", exif=tags)
    answer = satchel("predict", bundle, tmp_path / "turned.jpg", "--json", "--draw", tmp_path / "out.png")
    assert orjson.loads(answer.out)["image"] == {"width": size[0], "height": size[1]}
    with Image.open(tmp_path / "out.png") as drawing:
        assert drawing.size == size


def test_an_engine_that_the_bundle_does_not_serve_is_refused(
    satchel: Command, detector: Path, pictures: dict[str, Path]
) -> None:
    answer = satchel("predict", detector, pictures["red"], "--engine", "torch")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        "error: bundle tiny_detector has no artifact for engine torch\n  expected: one of onnxruntime:fp32\n"
        "  remedy: choose one of these, or pack the model again for that engine\n"
    )
