"""What the packer reads off frozen graphs."""

from pathlib import Path

from tests.packages import needs_tensorflow
from tests.packing.tensorflow.bench import ANY_SIZE, Inspect, refused, tensors


@needs_tensorflow
def test_a_frozen_graph_has_the_end_that_depends_on_its_input(inspect: Inspect, tmp_path: Path) -> None:
    graph = inspect("frozen")
    assert tensors(graph) == [
        ("image", "image:0", "float32", ["batch", 8, 8, 3]),
        ("logits", "logits:0", "float32", ["batch", 3]),
    ]
    assert (graph.engine, graph.file, graph.path) == ("tensorflow", "model.pb", tmp_path / "model")
    assert (graph.precision, graph.companions, list(graph.provenance)) == ("fp32", [], ["tensorflow"])


@needs_tensorflow
def test_a_tensor_is_called_as_the_step_calls_it(inspect: Inspect) -> None:
    graph = inspect(
        "frozen", ('"softmax"', '"softmax", output = "Mean:0"'), ('"tensor"', '"tensor", input = "image:0"')
    )
    assert tensors(graph) == [
        ("image:0", None, "float32", ["batch", 8, 8, 3]),
        ("Mean:0", None, "float32", ["batch", 3]),
    ]


@needs_tensorflow
def test_axes_of_any_size_have_names(inspect: Inspect) -> None:
    graph = inspect("frozen_any_size", ANY_SIZE)
    assert tensors(graph) == [
        ("image", "image:0", "float32", [1, "image_axis1", "image_axis2", 3]),
        ("logits", "logits:0", "float32", [1, 3]),
    ]


@needs_tensorflow
def test_a_graph_without_ranks_is_run_for_them(inspect: Inspect) -> None:
    assert tensors(inspect("frozen_no_rank", ANY_SIZE)) == [
        ("image", "image:0", "float32", ["batch", "image_axis1", "image_axis2", 3]),
        ("logits", "logits:0", "float32", ["batch", 3]),
        ("turned", "turned:0", "float32", [3, "turned_axis1", "turned_axis2", 1]),
    ]


@needs_tensorflow
def test_a_batch_of_one_that_is_built_in_stays_fixed(inspect: Inspect) -> None:
    assert [shape for *_, shape in tensors(inspect("frozen_one_image"))] == [[1, 8, 8, 3], [3]]


@needs_tensorflow
def test_a_graph_that_fails_on_the_recipes_tensors_is_refused(inspect: Inspect) -> None:
    error = refused(lambda: inspect("frozen_one_image", ANY_SIZE))
    assert error.message.endswith("model cannot be run on float32 [1, 480, 640, 3]")
    assert error.got == "Input to reshape is a tensor with 921600 values, but the requested shape has 192"
