"""The data types of TensorFlow, and what bundles call them."""

NUMBERS = {
    "DT_INVALID": 0,
    "DT_FLOAT": 1,
    "DT_DOUBLE": 2,
    "DT_INT32": 3,
    "DT_UINT8": 4,
    "DT_INT16": 5,
    "DT_INT8": 6,
    "DT_STRING": 7,
    "DT_INT64": 9,
    "DT_BOOL": 10,
    "DT_BFLOAT16": 14,
    "DT_UINT16": 17,
    "DT_HALF": 19,
    "DT_UINT32": 22,
    "DT_UINT64": 23,
}
"""Of the enum DataType (tensorflow/core/framework/types.proto): those that arrays of NumPy, or ours, can have."""

BFLOAT16 = "bfloat16"
STRING = "string"

_DTYPES = {
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_STRING": STRING,
    "DT_BFLOAT16": BFLOAT16,
    "DT_HALF": "float16",
}
"""Those that are called otherwise than NumPy has it."""


def dtype_of(data_type: str) -> str:
    """A bundle's name for a data type; the data type in lower case where it has none, such as `dt_resource`."""
    if data_type not in NUMBERS:
        return data_type.lower()
    return _DTYPES.get(data_type, data_type.removeprefix("DT_").lower())


def data_type_of(dtype: str) -> str:
    """The data type of a dtype, called as NumPy or a bundle calls it.

    Raises:
        ValueError: there is none.
    """
    wanted = STRING if dtype == "object" else dtype
    for data_type in NUMBERS:
        if dtype_of(data_type) == wanted:
            return data_type
    raise ValueError(f"TensorFlow has no data type for {dtype}")
