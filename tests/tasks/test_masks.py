"""Masks of detections: which one is read, and how it is pasted, against a slow, plain loop and OpenCV."""

import math
import tracemalloc
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_core.bundle.heads import Masks
from inference_core.errors import EngineError
from inference_core.imaging import Geometry
from inference_core.tasks.masks import read_masks, restore_masks
from inference_core.tasks.rle import decode
from inference_core.tasks.states import Detections, MaskedDetections, Tensors

PLAIN = Geometry(20, 16)


def detections(boxes: Any, rows: Any = None, index: Any = None) -> Detections:
    count = len(boxes)
    places = np.array(boxes, np.float32).reshape(-1, 4)
    classes = np.zeros(count, np.int64) if index is None else np.array(index)
    return Detections(places, np.ones(count, np.float32), classes, np.arange(count) if rows is None else np.array(rows))


def read(masks: np.ndarray, found: Detections, **options: Any) -> np.ndarray:
    return read_masks(Masks(**options), found, Tensors({"m": masks}, 8, 8, PLAIN)).masks


def pasted(mask: Any, box: Any, geometry: Geometry = PLAIN, threshold: float = 0.5) -> np.ndarray:
    masked = MaskedDetections(detections([box]), np.array([mask], np.float32), threshold)
    [rle] = restore_masks(masked, geometry).masks
    return decode(rle)


MAPS = np.arange(3 * 2 * 2 * 3, dtype=np.float32).reshape(3, 2, 2, 3)
BOX = [0, 0, 8, 8]


def test_a_mask_is_read_in_the_row_of_its_box_and_the_channel_of_its_class() -> None:
    found = detections([BOX, BOX, BOX], rows=[2, 0, 2], index=[1, 0, 0])
    assert np.array_equal(read(MAPS, found), [MAPS[2, 1], MAPS[0, 0], MAPS[2, 0]])
    assert np.array_equal(read(MAPS[:, :1], found), [MAPS[2, 0], MAPS[0, 0], MAPS[2, 0]])
    assert np.array_equal(read(MAPS[:, 1], found), [MAPS[2, 1], MAPS[0, 1], MAPS[2, 1]])


def test_logits_become_probabilities() -> None:
    got = read(np.array([[[0.0, 2.0, -2.0]]], np.float32), detections([BOX]), activation="sigmoid")
    assert got.dtype == np.float32
    assert got.ravel().tolist() == [0.5, np.float32(1 / (1 + math.exp(-2))), np.float32(1 / (1 + math.exp(2)))]


def test_nothing_found_has_no_masks() -> None:
    found = detections([])
    for masks in (MAPS, MAPS[:, 0], np.zeros((0, 2, 2), np.float32)):
        masked = read_masks(Masks(), found, Tensors({"m": masks}, 8, 8, PLAIN))
        assert restore_masks(masked, PLAIN).masks == ()


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((3, 2), "[rows, height, width] or [rows, classes, height, width]"),
        ((3, 2, 0, 2), "[rows, height, width] or [rows, classes, height, width]"),
        ((2, 4, 4), "at least 3 rows, a mask for each box"),
        ((3, 2, 4, 4), "one channel, or at least 5, one for each class"),
    ],
)
def test_masks_that_do_not_fit_the_detections_are_refused(shape: tuple[int, ...], expected: str) -> None:
    with pytest.raises(EngineError, match="the masks output does not have the shape that its step reads") as caught:
        read(np.zeros(shape, np.float32), detections([BOX], rows=[2], index=[4]))
    assert (caught.value.got, caught.value.expected) == (f"{list(shape)} for one image", expected)


def slow_paste(mask: list[list[float]], box: list[float], g: Geometry, threshold: float) -> list[list[bool]]:
    h, w = len(mask), len(mask[0])
    x1, x2 = ((v - g.offset_x) / g.scale_x for v in box[0::2])
    y1, y2 = ((v - g.offset_y) / g.scale_y for v in box[1::2])

    def level(row: int, column: int) -> float:
        return mask[row][column] if 0 <= row < h and 0 <= column < w else 0.0

    def belongs(x: int, y: int) -> bool:
        if not (x1 <= x + 0.5 < x2 and y1 <= y + 0.5 < y2):
            return False
        u, v = (x + 0.5 - x1) / (x2 - x1) * w - 0.5, (y + 0.5 - y1) / (y2 - y1) * h - 0.5
        i, j = math.floor(u), math.floor(v)
        u, v = u - i, v - j
        upper = level(j, i) * (1 - u) + level(j, i + 1) * u
        lower = level(j + 1, i) * (1 - u) + level(j + 1, i + 1) * u
        return upper * (1 - v) + lower * v >= threshold

    return [[belongs(x, y) for x in range(g.width)] for y in range(g.height)]


SIDE = st.integers(-40, 80).map(lambda v: v / 4)


@settings(max_examples=300, deadline=None)
@given(
    st.tuples(SIDE, SIDE, SIDE, SIDE),
    st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(0, 2**32 - 1)),
    st.sampled_from([Geometry(13, 9), Geometry(13, 9, 0.5, 2.0, 3.0, -2.0), Geometry(1, 1, 1.25, 1.25)]),
    st.sampled_from([0.0, 0.25, 0.5, 1.0]),
)
def test_pasting_is_the_slow_one(
    box: tuple[float, ...], shape: tuple[int, int, int], geometry: Geometry, threshold: float
) -> None:
    """Boxes reach beyond the image, are inside out or without area; levels are quarters, so that many are equal."""
    height, width, seed = shape
    mask = np.random.default_rng(seed).integers(0, 5, (height, width)) / 4
    got = pasted(mask, box, geometry, threshold)
    assert got.tolist() == slow_paste(mask.tolist(), list(box), geometry, threshold)


def test_a_smooth_mask_is_that_of_opencv() -> None:
    """Away from the edge of the box, where OpenCV repeats the last level and we fade to 0."""
    mask = cv2.GaussianBlur(np.random.default_rng(1).random((28, 28)).astype(np.float32), (9, 9), 0)
    got = pasted(mask, [10, 20, 290, 160], Geometry(300, 200))
    theirs = cv2.resize(mask, (280, 140), interpolation=cv2.INTER_LINEAR)
    inner = (slice(5, -5), slice(10, -10))
    sure = np.abs(theirs[inner] - 0.5) > 1e-4
    assert sure.mean() > 0.99 and 0.2 < (theirs > 0.5).mean() < 0.8
    assert np.array_equal(got[20:160, 10:290][inner][sure], theirs[inner][sure] >= 0.5)
    assert got.sum() == got[20:160, 10:290].sum()


def test_a_full_mask_fades_towards_the_edge_of_its_box() -> None:
    """One cell over 8 pixels: along a row the levels are 9, 11, 13, 15, 15, 13, 11 and 9 sixteenths."""
    row = [[1]] * 9
    for least, columns in ((9, range(4, 12)), (10, range(5, 11)), (14, range(7, 9)), (16, range(0))):
        assert np.flatnonzero(pasted(row, [4, 4, 12, 13], threshold=least / 16)[8]).tolist() == list(columns)


def test_a_pixel_belongs_to_the_box_that_holds_its_centre() -> None:
    ones = np.ones((3, 3))
    assert np.argwhere(pasted(ones, [1.5, 2.5, 3.5, 3.5], threshold=0.1)).tolist() == [[2, 1], [2, 2]]
    assert np.argwhere(pasted(ones, [1.51, 2.51, 3.51, 3.51], threshold=0.1)).tolist() == [[3, 2], [3, 3]]


def test_a_mask_spans_its_box_even_where_that_leaves_the_image() -> None:
    half = [[0, 0, 0, 0, 1, 1, 1, 1]] * 8  # the right half
    got = pasted(half, [-16, -100, 16, 100])
    assert np.flatnonzero(got[8]).tolist() == list(range(16))
    assert pasted(half, [-40, 0, 0, 16]).sum() == 0


def test_a_large_picture_takes_few_bytes_for_each_pixel() -> None:
    """Wide enough for many strips of it, which NumPy's own interpolation does not know of."""
    geometry, mask = Geometry(2000, 500), [[1.0, 0.0], [0.0, 1.0]]
    tracemalloc.start()
    try:
        got = pasted(mask, [0, 0, 2000, 500], geometry)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * got.size
    v, u = ((np.arange(side) + 0.5) / side * 2 - 0.5 for side in (500, 2000))
    one, other = (np.interp(u, range(-1, 3), [0, *row, 0]) for row in mask)
    zero = np.zeros(2000)
    columns = np.stack([zero, one, other, zero])
    slow = np.stack([np.interp(v, range(-1, 3), column) for column in columns.T], axis=1)
    sure = np.abs(slow - 0.5) > 1e-9
    assert sure.mean() > 0.99
    assert np.array_equal(got[sure], slow[sure] >= 0.5)
