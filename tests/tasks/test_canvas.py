"""Drawings of every task: the right colour in the right place, on a copy."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference_core.drawing import draw_result
from inference_core.tasks import TASKS, Classification, Detection, ImageSize, Instance, Picture, Pose, Result
from inference_core.tasks.canvas import color_of
from inference_core.tasks.rle import encode
from tests.bundle.documents import document, parse
from tests.pictures import plain

GREY = (128, 128, 128)
Box = tuple[float, float, float, float]
TASK_OF = {
    Classification: "classification",
    Detection: "detection",
    Instance: "instance_segmentation",
    Pose: "pose",
    Picture: "super_resolution",
}


def blank(width: int = 120, height: int = 100) -> Image.Image:
    return Image.new("RGB", (width, height), GREY)


def draw(image: Image.Image, *predictions: Any, **options: Any) -> np.ndarray:
    return np.asarray(TASKS[TASK_OF[type(predictions[0])]].draw(image, predictions, **options))


def test_colours_are_fixed_and_far_apart() -> None:
    assert [color_of(i) for i in range(3)] == [(33, 106, 217), (160, 217, 33), (217, 33, 214)]
    assert len({color_of(i) for i in range(91)}) == 91


def test_a_box_is_drawn_along_its_edges_and_leaves_the_rest() -> None:
    image = blank()
    got = draw(image, Detection("cat", 1, 0.9, (20.0, 10.0, 110.0, 90.0)))
    for x, y in ((20, 50), (110, 50), (21, 50), (65, 90), (100, 10), (109, 89)):
        assert tuple(got[y, x]) == color_of(1), (x, y)
    for x, y in ((19, 50), (111, 50), (65, 91), (65, 9), (22, 50), (65, 60)):
        assert tuple(got[y, x]) == GREY, (x, y)
    assert image.getcolors() == [(12000, GREY)]


def test_the_tag_begins_in_the_corner_of_the_box_and_is_written_in_white() -> None:
    got = draw(blank(), Detection("cat", 1, 0.9, (20.0, 10.0, 110.0, 90.0)))
    plate, beside = got[10:24, 20:60], got[10:24, 95:108]
    assert plate[..., 2].max() > 150  # the plate has 33 of blue, white letters have more
    assert GREY not in {tuple(pixel) for pixel in plate[:, 2:].reshape(-1, 3).tolist()}
    assert tuple(got[12, 21]) == color_of(1)
    assert (beside[2:] == 128).all()


@pytest.mark.parametrize(
    "box", [(110.0, 90.0, 20.0, 10.0), (20.0, 90.0, 110.0, 10.0), (110.0, 10.0, 20.0, 90.0)], ids=["both", "y", "x"]
)
def test_an_inside_out_box_is_drawn_like_the_right_one(box: Box) -> None:
    right = draw(blank(), Detection("a", 1, 0.9, (20.0, 10.0, 110.0, 90.0)))
    assert np.array_equal(draw(blank(), Detection("a", 1, 0.9, box)), right)


@pytest.mark.parametrize(
    "box", [(0.0, 0.0, 120.0, 100.0), (120.0, 100.0, 120.0, 100.0), (0.0, 0.0, 0.0, 0.0), (-9.0, -9.0, 500.0, 500.0)]
)
def test_boxes_at_and_beyond_the_edge_are_drawn(box: Box) -> None:
    assert draw(blank(), Detection("cat", 1, 0.9, box)).shape == (100, 120, 3)


def test_a_box_of_the_whole_picture_colours_its_border() -> None:
    got = draw(blank(), Detection("cat", 1, 0.9, (0.0, 0.0, 120.0, 100.0)))
    assert tuple(got[50, 0]) == tuple(got[50, 1]) == color_of(1)
    assert tuple(got[50, 119]) == color_of(1)


@pytest.mark.parametrize("task", TASKS)
def test_without_predictions_the_copy_is_the_picture(task: str) -> None:
    image = blank()
    drawn = TASKS[task].draw(image, [])
    assert drawn is not image
    assert drawn.tobytes() == image.tobytes()


@pytest.mark.parametrize("label", ["Straße", "文字", "🙂", "two\nlines", ""])
@pytest.mark.parametrize("size", [(1, 1), (120, 100), (3, 400)])
def test_any_label_can_be_drawn_on_any_picture(label: str, size: tuple[int, int]) -> None:
    mask = encode(np.ones((1, 1), bool), 0, 0, size[::-1])
    box = (0.0, 0.0, 1.0, 1.0)
    for one in (Detection(label, 7, 0.5, box), Classification(label, 7, 0.5), Instance(label, 7, 0.5, box, mask)):
        got = draw(blank(*size), one)
        assert got.shape == (size[1], size[0], 3)
        assert tuple(got[0, 0]) == color_of(7)


def test_classes_are_listed_from_the_top_left_downwards() -> None:
    image = blank()
    got = draw(image, Classification("cat", 1, 0.9), Classification("dog", 2, 0.1))
    column = [tuple(pixel) for pixel in got[:, 0]]
    first, second = column.index(color_of(1)), column.index(color_of(2))
    assert first == 0
    assert set(column[:second]) == {color_of(1)}
    assert set(column[second:]) == {color_of(2), GREY}
    assert image.getcolors() == [(12000, GREY)]


def test_the_pixels_of_an_object_are_tinted_and_its_box_is_drawn() -> None:
    image = blank()
    mask = encode(np.ones((20, 30), bool), 50, 60, (100, 120))
    got = draw(image, Instance("cat", 1, 0.9, (20.0, 10.0, 110.0, 90.0), mask))
    tint = got[60, 70].astype(int)
    assert (abs(tint - 128) < abs(np.array(color_of(1)) - 128)).all() and (tint != 128).all()
    assert (got[50:70, 60:90] == got[60, 70]).all()
    for x, y in ((59, 60), (90, 60), (70, 49), (70, 70)):
        assert tuple(got[y, x]) == GREY, (x, y)
    assert tuple(got[50, 20]) == color_of(1)
    assert image.getcolors() == [(12000, GREY)]


def test_of_two_objects_the_better_lies_on_top() -> None:
    mask, box = encode(np.ones((20, 30), bool), 50, 60, (100, 120)), (0.0, 0.0, 120.0, 100.0)
    best, other = Instance("a", 1, 0.9, box, mask), Instance("b", 2, 0.1, box, mask)
    colors = [np.linalg.norm(draw(blank(), best, other)[60, 70] - np.array(color_of(i))) for i in (1, 2)]
    assert colors[0] < colors[1]


def test_keypoints_are_dots_each_in_its_colour() -> None:
    image = blank()
    got = draw(image, Pose("person", 7, 0.5, ((60.0, 80.0, 0.9), (100.0, 60.0, 0.1), (120.0, 100.0, 0.0))))
    assert (tuple(got[80, 60]), tuple(got[60, 100])) == (color_of(0), color_of(1))
    for x, y in ((56, 80), (64, 80), (60, 84), (80, 90)):
        assert tuple(got[y, x]) == GREY, (x, y)
    assert tuple(got[60, 60]) == color_of(7)  # the label begins left of and above all of them
    assert image.getcolors() == [(12000, GREY)]


def test_an_enlarged_picture_is_its_own_drawing() -> None:
    file = base64.b64encode(plain((1, 2, 3), 240, 200)).decode()
    got = draw(blank(), Picture("picture", 0, 1.0, file, 240, 200))
    assert got.shape == (200, 240, 3)
    assert (got == (1, 2, 3)).all()


def test_lines_of_the_skeleton_join_keypoints_that_are_sure() -> None:
    points = ((20.0, 20.0, 0.9), (20.0, 80.0, 0.3), (100.0, 80.0, 0.29), (100.0, 20.0, 0.9))
    got = draw(blank(), Pose("", 7, 0.5, points), skeleton=((0, 1), (1, 2), (3, 2), (0, 3), (3, 4)))
    assert [tuple(got[y, x]) for x, y in ((20, 40), (20, 60))] == [color_of(1)] * 2
    assert [tuple(got[20, x]) for x in (50, 70, 90)] == [color_of(3)] * 3
    assert (got[76:85, 25:95] == GREY).all()  # 2 is not sure
    assert (got[30:70, 95:105] == GREY).all()
    for point, (x, y, _) in enumerate(points):  # dots lie on the lines
        assert tuple(got[int(y), int(x)]) == color_of(point)


def test_without_a_skeleton_no_line_is_drawn() -> None:
    got = draw(blank(), Pose("", 7, 0.5, ((20.0, 20.0, 0.9), (20.0, 80.0, 0.9))))
    assert (got[40:75, 10:30] == GREY).all()


def test_the_skeleton_of_the_manifest_is_drawn_on_the_upright_picture() -> None:
    facts = document() | {
        "task": "pose",
        "postprocess": [{"op": "heat_maps"}, {"op": "restore"}],
        "skeleton": [[1, 0]],
    }
    pose = Pose("", 7, 0.5, ((20.0, 20.0, 0.9), (20.0, 80.0, 0.9)))
    result = Result("tiny", "1", "pose", ImageSize(120, 100), (pose,))
    drawn = draw_result(plain(GREY, 120, 100), parse(facts), result)
    with Image.open(io.BytesIO(drawn)) as picture:
        assert picture.getpixel((20, 50)) == color_of(0)
