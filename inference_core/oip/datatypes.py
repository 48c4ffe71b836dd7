"""The datatypes of the protocol, and what NumPy and bundles call them."""

import numpy as np

from inference_core.errors import BadRequestError

BYTES = "BYTES"
"""Strings of bytes, each of any length; an object array of `bytes` here."""
BF16 = "BF16"
"""Upper halves of float32, for which NumPy has no type: uint16 here."""

WIRE: dict[str, np.dtype[np.generic]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
    BF16: np.dtype("<u2"),
}
"""One element of each datatype of fixed size, as it travels: little-endian."""

_NAMES = {dtype.name: name for name, dtype in WIRE.items() if name != BF16} | {
    "bfloat16": BF16,  # of ml_dtypes, and of bundles
    "string": BYTES,  # of bundles
    "object": BYTES,
}

_BUNDLE_NAMES = {datatype: name for name, datatype in _NAMES.items() if name != "object"}


def datatype_of(dtype: str) -> str:
    """The protocol's name for a dtype, called as NumPy or a bundle calls it.

    Raises:
        ValueError: the protocol has none.
    """
    if dtype not in _NAMES:
        raise ValueError(f"the protocol has no datatype for {dtype}")
    return _NAMES[dtype]


def bundle_dtype(datatype: str) -> str:
    """What bundles call `datatype`; itself where they have no name for it."""
    return _BUNDLE_NAMES.get(datatype, datatype)


def wire_dtype(datatype: str, tensor: str) -> np.dtype[np.generic]:
    """The elements of `datatype`, which must have a fixed size.

    Raises:
        BadRequestError: there is no such datatype. The sentence names `tensor`.
    """
    if datatype not in WIRE:
        raise BadRequestError(
            f"tensor {tensor} has a datatype that does not exist",
            got=datatype[:40],
            expected=", ".join([*WIRE, BYTES]),
        )
    return WIRE[datatype]
