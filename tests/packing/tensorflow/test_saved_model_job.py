"""What the packer reads off SavedModels."""

from pathlib import Path

import pytest

from inference_core.packing.apart import Apart
from tests.packages import needs_tensorflow
from tests.packing.tensorflow.bench import NAMED, Inspect, tensors


@needs_tensorflow
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (
            "saved",
            [
                ("image", None, "float32", ["batch", 8, 8, 3]),
                ("extra", None, "float32", ["batch"]),
                ("logits", None, "float32", ["batch", 3]),
            ],
        ),
        ("saved_other_key", [("image", None, "float32", ["batch", 8, 8, 3]), ("peaks", None, "float32", ["batch", 3])]),
        (
            "saved_v1",
            [("pictures", None, "float32", ["batch", 8, 8, 3]), ("answers", None, "float32", ["batch", 3])],
        ),
    ],
)
def test_a_saved_model_has_the_keys_of_its_signature(
    inspect: Inspect, case: str, expected: list[tuple[str, str | None, str, list[int | str]]]
) -> None:
    graph = inspect(case)
    assert tensors(graph) == expected
    assert (graph.file, graph.precision) == ("saved_model", "fp32")


@needs_tensorflow
def test_of_several_signatures_the_default_is_served_and_of_its_outputs_what_steps_name(
    inspect: Inspect, tmp_path: Path
) -> None:
    graph = inspect("saved_two", NAMED)
    assert [tensor["name"] for tensor in graph.outputs] == ["logits"]
    assert graph.path == tmp_path / "model"


@needs_tensorflow
def test_a_saved_model_among_other_files_is_taken_out(inspect: Inspect, tensorflow: Apart, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text("{}")
    graph = inspect("saved")
    assert graph.path == tmp_path / "scratch" / "saved_model"
    files = sorted(p.relative_to(graph.path).as_posix() for p in graph.path.rglob("*") if p.is_file())
    assert files == [
        "fingerprint.pb",
        "saved_model.pb",
        "variables/variables.data-00000-of-00001",
        "variables/variables.index",
    ]
