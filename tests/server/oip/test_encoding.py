"""Codings: what is compressed comes back, bombs do not unpack, and libraries' defaults compress no tensors."""

import gzip
import tracemalloc
import zlib

import pytest

from inference_core.errors import BadRequestError, TooLargeError, UnsupportedMediaError
from inference_core.server.oip.encoding import accepted_coding, deflate, inflate

TEXT = b"what travels " * 100


def test_what_is_compressed_comes_back() -> None:
    assert inflate(gzip.compress(TEXT), "gzip", len(TEXT)) == TEXT
    assert inflate(zlib.compress(TEXT), "deflate", len(TEXT)) == TEXT
    assert gzip.decompress(deflate(TEXT, "gzip")) == TEXT
    assert zlib.decompress(deflate(TEXT, "deflate")) == TEXT
    assert inflate(gzip.compress(TEXT) + gzip.compress(b"more"), "gzip", 2000) == TEXT + b"more"


def test_the_limit_holds_over_all_members() -> None:
    for bomb in (gzip.compress(TEXT), gzip.compress(TEXT[:700]) + gzip.compress(TEXT[700:])):
        assert inflate(bomb, "gzip", len(TEXT)) == TEXT
        with pytest.raises(TooLargeError):
            inflate(bomb, "gzip", len(TEXT) - 1)


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    bomb = gzip.compress(bytes(2**26))
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        inflate(bomb, "gzip", 2**20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20


@pytest.mark.parametrize(
    "body",
    [gzip.compress(TEXT)[:-9], gzip.compress(TEXT)[1:], b"?", gzip.compress(TEXT) + b"?"],
    ids=["cut off", "beheaded", "none", "more behind"],
)
def test_damage_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError, match="no whole gzip"):
        inflate(body, "gzip", 10_000)


def test_other_codings_are_refused() -> None:
    with pytest.raises(UnsupportedMediaError):
        inflate(TEXT, "br", 10_000)


@pytest.mark.parametrize(
    ("header", "text", "binary"),
    [
        ("", None, None),
        ("gzip", "gzip", "gzip"),
        ("Deflate", "deflate", "deflate"),
        ("gzip;q=0", None, None),
        ("gzip, deflate, br", "gzip", None),
        ("gzip;q=0.5, deflate;q=0.9", "deflate", None),
        ("br, zstd", None, None),
        ("identity", None, None),
        ("gzip;q=soon", None, None),
        ("gzip; level=9; q=1", "gzip", "gzip"),
    ],
)
def test_the_answer_is_in_the_coding_that_is_asked_for(header: str, text: str | None, binary: str | None) -> None:
    assert accepted_coding(header, binary=False) == text
    assert accepted_coding(header, binary=True) == binary
