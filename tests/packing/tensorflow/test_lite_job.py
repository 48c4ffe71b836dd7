"""What the packer reads off TensorFlow Lite files."""

import pytest

from tests.packages import needs_tensorflow
from tests.packing.tensorflow.bench import Inspect, tensors


@needs_tensorflow
@pytest.mark.parametrize(
    ("case", "precision", "names"),
    [
        ("lite", "fp32", ["image", "logits", "extra"]),
        ("lite_plain", "fp32", ["image", "logits"]),
        ("lite_quantized", "int8", ["image", "logits"]),
    ],
)
def test_a_lite_file_has_the_names_of_its_signature_or_else_of_its_tensors(
    inspect: Inspect, case: str, precision: str, names: list[str]
) -> None:
    graph = inspect(case)
    assert (graph.file, graph.precision) == ("model.tflite", precision)
    assert [name for name, *_ in tensors(graph)] == names
    assert {native for _, native, *_ in tensors(graph)} == {None}
