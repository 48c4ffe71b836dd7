"""Finding pictures, choosing among many, and making tensors of them."""

from pathlib import Path

import numpy as np
import pytest

from inference_core.bundle.preprocess import Decode
from inference_core.errors import PackError
from inference_core.imaging import decode_image
from inference_core.packing.pictures import find_pictures, generated_pictures, spread, write_tensors
from inference_core.packing.recipe import read_recipe
from tests.packing.bench import Bench
from tests.pictures import plain


def touch(folder: Path, *names: str) -> list[Path]:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b"")
    return [folder / name for name in names]


def test_pictures_of_a_directory_come_by_name_and_files_where_they_are_named(tmp_path: Path) -> None:
    inside = touch(tmp_path / "some", "a.JPG", "b.jpeg", "c.png", "d.bmp", "e.webp")
    touch(tmp_path / "some", "notes.txt", "f.gif", "jpg")
    (tmp_path / "some" / "sub.png").mkdir()
    [single] = touch(tmp_path, "z.any")
    assert find_pictures([single, tmp_path / "some", single]) == [single, *inside, single]
    assert find_pictures([]) == []


@pytest.mark.parametrize(
    ("name", "got"), [("empty", "a directory without any"), ("nowhere", "no such file or directory")]
)
def test_a_place_without_pictures_is_refused(tmp_path: Path, name: str, got: str) -> None:
    touch(tmp_path / "empty", "notes.txt")
    good = touch(tmp_path / "good", "a.png")
    with pytest.raises(PackError) as caught:
        find_pictures([*good, tmp_path / name])
    assert (caught.value.message, caught.value.got) == (f"there are no pictures at {tmp_path / name}", got)
    assert caught.value.expected == "a picture, or a directory of pictures (.bmp, .jpeg, .jpg, .png, .webp)"


def test_generated_pictures_are_of_several_shapes(tmp_path: Path) -> None:
    paths = generated_pictures(tmp_path)
    sizes = [decode_image(path.read_bytes(), Decode(color="RGB")).size for path in paths]
    assert sizes == [(640, 480), (375, 500), (31, 17)]
    assert len(find_pictures([tmp_path])) == 3


@pytest.mark.parametrize(
    ("count", "most", "chosen"),
    [
        (0, 3, []),
        (3, 3, [0, 1, 2]),
        (4, 3, [0, 2]),
        (6, 3, [0, 2, 4]),
        (7, 3, [0, 3, 6]),
        (9, 3, [0, 3, 6]),
        (5, 1, [0]),
    ],
)
def test_a_sample_is_taken_from_the_whole_of_the_list(count: int, most: int, chosen: list[int]) -> None:
    pictures = [Path(str(number)) for number in range(count)]
    assert spread(pictures, most) == [pictures[number] for number in chosen]


def test_a_tensor_is_what_the_steps_make_of_the_picture(bench: Bench) -> None:
    blue = bench.folder / "blue.png"
    blue.write_bytes(plain((0, 0, 51)))
    recipe = read_recipe(str(bench.recipe))[0]
    paths = write_tensors([bench.picture, blue, bench.picture], recipe, bench.folder / "tensors")
    assert [path.name for path in paths] == ["00000.npy", "00001.npy", "00002.npy"]
    red, dark, again = (np.load(path, allow_pickle=False) for path in paths)
    assert (red.dtype, red.shape) == (np.float32, (1, 3, 8, 8))
    assert red[0].mean((1, 2)).tolist() == pytest.approx([1, 0, 0])
    assert dark[0].mean((1, 2)).tolist() == pytest.approx([0, 0, 0.2])
    assert np.array_equal(red, again)


def test_a_picture_that_cannot_be_read_is_named(bench: Bench) -> None:
    broken = bench.folder / "broken.png"
    broken.write_bytes(bench.picture.read_bytes()[:30])
    with pytest.raises(PackError) as caught:
        write_tensors([bench.picture, broken], read_recipe(str(bench.recipe))[0], bench.folder / "tensors")
    assert caught.value.message.startswith(f"{broken} cannot be used: ")
