"""BYTES: what is packed comes back, and what is cut off or lies is refused."""

import numpy as np
import pytest
from tritonclient.utils import deserialize_bytes_tensor, serialize_byte_tensor

from inference_core.errors import BadRequestError
from inference_core.oip.byte_strings import object_array, pack_strings, unpack_strings

ELEMENTS = [b"", b"a", b"\x00\xff" * 300, "für".encode()]


def test_the_bytes_are_those_of_tritons_client() -> None:
    packed = pack_strings(ELEMENTS)
    assert packed == serialize_byte_tensor(object_array(ELEMENTS)).item()
    assert deserialize_bytes_tensor(packed).tolist() == ELEMENTS
    assert unpack_strings(memoryview(packed), len(ELEMENTS), "x").tolist() == ELEMENTS


def test_equal_lengths_stay_elements() -> None:
    array = object_array([b"ab", b"cd"])
    assert array.dtype == np.object_
    assert array.shape == (2,)


@pytest.mark.parametrize(
    ("raw", "count", "got"),
    [
        (b"", 1, "0 bytes for 1 elements"),
        (b"\x01\0\0\0", 1, "element 0 of 1 bytes, with 0 left"),
        (b"\xff\xff\xff\xffabc", 1, "element 0 of 4294967295 bytes, with 3 left"),
        (b"\x01\0\0\0a", 0, "5 bytes after the last of 0 elements"),
        (b"\x01\0\0\0ab", 1, "1 bytes after the last of 1 elements"),
        (b"\x04\0\0\0abcd", 2, "1 elements in 8 bytes, and 2 in its shape"),
        (b"\0\0\0\0", 2**62, "4 bytes for 4611686018427387904 elements"),
    ],
)
def test_what_does_not_fill_its_bytes_is_refused(raw: bytes, count: int, got: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        unpack_strings(memoryview(raw), count, "pictures")
    assert caught.value.got == got
    assert "tensor pictures" in caught.value.message
