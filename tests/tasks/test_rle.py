"""Run lengths, equal to those of pycocotools to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco

from inference_core.tasks.rle import Rle, compress, decode, decompress, encode


def theirs(mask: np.ndarray) -> str:
    counts: bytes = coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"]
    return counts.decode("ascii")


def placed(region: np.ndarray, top: int, left: int, size: tuple[int, int]) -> np.ndarray:
    whole = np.zeros(size, bool)
    whole[top : top + region.shape[0], left : left + region.shape[1]] = region
    return whole


REGION = st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 2**32 - 1), st.sampled_from([0.0, 0.5, 0.9, 1]))
MARGIN = st.tuples(*[st.integers(0, 3)] * 4)


@settings(max_examples=500, deadline=None)
@given(REGION, MARGIN)
def test_a_region_anywhere_is_encoded_like_the_whole_mask(
    shape: tuple[int, int, int, float], margin: tuple[int, int, int, int]
) -> None:
    """Small regions, many of them full: runs go on from the foot of a column to the head of the next."""
    rows, columns, seed, density = shape
    top, left, below, right = margin
    size = max(1, top + rows + below), max(1, left + columns + right)
    region = np.random.default_rng(seed).random((rows, columns)) < density
    got, whole = encode(region, top, left, size), placed(region, top, left, size)
    assert got == Rle(size, theirs(whole))
    assert np.array_equal(decode(got), whole)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (2000, 3000)])
@pytest.mark.parametrize("value", [False, True])
def test_plain_masks(size: tuple[int, int], value: bool) -> None:
    mask = np.full(size, value)
    assert encode(mask, 0, 0, size).counts == theirs(mask)


def test_runs_by_hand() -> None:
    mask = np.array([[0, 1, 1], [0, 1, 0]], bool)
    assert decompress(encode(mask, 0, 0, (2, 3)).counts).tolist() == [2, 3, 1]
    assert decompress(encode(~mask, 0, 0, (2, 3)).counts).tolist() == [0, 2, 3, 1]
    assert encode(mask, 0, 0, (2, 3)).counts == "231"


@given(st.lists(st.integers(0, 2**31), min_size=1, max_size=30))
def test_text_and_run_lengths_are_each_others_inverse(runs: list[int]) -> None:
    assert decompress(compress(np.array(runs))).tolist() == runs


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # within pycocotools
def test_pycocotools_reads_what_we_write() -> None:
    region = np.random.default_rng(0).random((40, 30)) < 0.5
    got = encode(region, 7, 11, (64, 80))
    read = coco.decode({"size": list(got.size), "counts": got.counts})
    assert np.array_equal(read.astype(bool), placed(region, 7, 11, (64, 80)))
