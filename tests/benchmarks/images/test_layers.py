"""Layers by what they are for, from what Docker says of them."""

import gzip
import random

import pytest

from benchmarks.images.layers import Layer, Saved, layers, read_archive
from tests.benchmarks.images.recorded import HISTORY, ROWS, archive

NOISE = random.Random(3).randbytes(3_000_000)


def test_layers_of_a_recorded_image() -> None:
    found = layers("satchel:thin", ROWS, Saved(HISTORY, [60, 1, 2, 40, 3, 4]))
    assert found == [
        Layer("base", 145493099, 60),
        Layer("other", 27792, 1),
        Layer("other", 0, 2),
        Layer("packages", 101950816, 40),
        Layer("code", 3319590, 3),
        Layer("model", 8199, 4),
    ]


def test_the_naive_image_has_packages_alone() -> None:
    by = ["", "LABEL org.opencontainers.image.title=Naive", "RUN |1 A=b /bin/sh -c pip install torch # buildkit"]
    rows = [{"CreatedBy": line, "Size": size} for line, size in zip(by, ("100", "0", "900"), strict=True)]
    history = [{}, {"empty_layer": True}, {}]
    assert layers("satchel:naive", rows, Saved(history, [40, 300])) == [
        Layer("base", 100, 40),
        Layer("packages", 900, 300),
    ]


def test_a_base_image_may_have_a_title_and_install_things() -> None:
    by = [
        "LABEL org.opencontainers.image.title=Base",
        "RUN pip install worker",
        *(row["CreatedBy"] for row in ROWS[1:]),
    ]
    rows = [{"CreatedBy": line, "Size": "1"} for line in by]
    history = [{"empty_layer": True}, {}, *HISTORY[1:]]
    kinds = [layer.kind for layer in layers("satchel:thin", rows, Saved(history, [1] * 6))]
    assert kinds == ["base", "other", "other", "packages", "code", "model"]


def test_an_image_of_others_is_refused() -> None:
    with pytest.raises(SystemExit, match=r"^python:3 was not made by docker/Dockerfile: it has no title$"):
        layers("python:3", ROWS[:1], Saved(HISTORY[:1], [60]))


def test_history_and_configuration_must_agree() -> None:
    with pytest.raises(ValueError, match="zip"):
        layers("satchel:thin", ROWS, Saved(HISTORY[:-1], [60, 1, 2, 40, 3]))


def test_an_archive_is_compressed_as_it_is_read() -> None:
    contents = {"blobs/sha256/a": NOISE, "blobs/sha256/b": bytes(3_000_000)}
    saved = read_archive(archive(HISTORY, contents), {})
    assert saved.history == HISTORY
    assert saved.layers == [len(gzip.compress(content, 6)) for content in contents.values()]
    assert saved.layers[0] > 100 * saved.layers[1]


@pytest.mark.parametrize("magic", [b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
def test_a_layer_that_is_compressed_already_stays(magic: bytes) -> None:
    kept = magic + bytes(5000)
    assert read_archive(archive([{}], {"blobs/sha256/a": kept}), {}).layers == [len(kept)]


def test_a_known_layer_is_not_compressed_again() -> None:
    known = {"blobs/sha256/a": 7}
    contents = {"blobs/sha256/a": bytes(100), "blobs/sha256/b": bytes(100)}
    expected = len(gzip.compress(bytes(100), 6))
    assert read_archive(archive([{}, {}], contents), known).layers == [7, expected]
    assert known == {"blobs/sha256/a": 7, "blobs/sha256/b": expected}
