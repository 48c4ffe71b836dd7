"""The tuning table for people."""

import json

from inference_core.bundle.tuning import Tuning
from inference_core.packing.tuning.report import BRIEF, headline, markdown, table

PICK = {
    **{"engine": "openvino", "precision": "int8", "threads": 2, "instances": 1, "outcome": "picked", "score": 0.5},
    **{"max_relative": 0.0123, "p50_ms": 1.234, "p90_ms": 2.0, "p99_ms": 3.0, "images_per_second": 810.25},
    **{"batch": 8, "batch_images_per_second": 1234.56, "load_ms": 99.6, "rss_mb": 123.4, "bytes": 2_500_000},
}
FAILED = {
    **{"engine": "onnxruntime", "precision": "fp32", "threads": 1, "instances": 2, "outcome": "failed"},
    "reason": "a | b",
}
TUNING = Tuning.model_validate_json(
    json.dumps(
        {
            **{"goal": "latency", "metric": "AP@.5", "source_score": 0.6, "dataset": "coco", "images": 20},
            **{"max_drop": 0.2, "machine": {"cpu": "Some CPU", "cpus": 2, "instruction_sets": ["avx2"]}},
            "rows": [PICK, FAILED],
        }
    )
)


def test_cells_are_rounded_and_what_was_not_reached_is_empty() -> None:
    assert table(TUNING) == [
        [
            *("openvino:int8", "2 x 1", "picked", "0.5000", "1.2e-02", "1.23", "2.00", "3.00"),
            *("810.2", "8", "1234.6", "100", "123", "2.50", ""),
        ],
        ["onnxruntime:fp32", "1 x 2", "failed", *[""] * 11, "a | b"],
    ]


def test_a_narrow_table_has_the_same_cells() -> None:
    cells = ["openvino:int8", "2 x 1", "picked", "0.5000", "1.23", "810.2", "8", "2.50"]
    assert table(TUNING, BRIEF)[0] == cells


def test_the_headline_says_what_where_and_beside_what() -> None:
    assert headline(TUNING) == (
        "Picked openvino:int8 on 2 x 1 threads for latency: 1.23 ms, 810.2 images/s, AP@.5 0.5000 (the source model: "
        "0.6000; at most 0.2 less allowed). Measured on 20 pictures (coco), Some CPU, 2 CPUs. "
        "In batches of 8 it gives 1234.6 images/s."
    )


def test_why_images_are_not_batched_is_told_of_what_is_in_the_bundle() -> None:
    single = {"batch": None, "batch_images_per_second": None, "batch_reason": "output x differs"}
    kept = TUNING.rows[1].model_copy(update={"outcome": "kept", "batch_reason": "2 at once give 1.0 images/s"})
    tuning = TUNING.model_copy(update={"rows": (TUNING.pick.model_copy(update=single), kept)})
    assert headline(tuning).endswith(" 2 CPUs. Images are not batched: output x differs.")
    lines = markdown(tuning, "yolo").splitlines()
    assert "onnxruntime:fp32 kept: Images are not batched: 2 at once give 1.0 images/s." in lines
    fixed = TUNING.pick.model_copy(update=single | {"batch_reason": None})
    assert headline(TUNING.model_copy(update={"rows": (fixed,)})).endswith(" 2 CPUs.")


def test_the_page_is_a_markdown_table_in_which_no_cell_ends_another() -> None:
    lines = markdown(TUNING, "yolo").splitlines()
    assert lines[0] == "# How yolo was tuned"
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 4
    assert {line.replace("\\|", "").count("|") for line in rows} == {16}
    assert "a \\| b" in rows[3]
    assert "Instruction sets: avx2." in lines
