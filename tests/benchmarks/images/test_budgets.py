"""Budgets: read, kept and passed."""

import re
from pathlib import Path

import pytest

from benchmarks.images.budgets import Budget, read, size_overruns, start_overruns
from benchmarks.images.run import TARGETS

ROOT = Path(__file__).parents[3]
BUDGETS = {"thin": Budget(above_base_mb=115), "embedded-onnx": Budget(190, 1.0)}


def test_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text("[a]\nabove_base_mb = 10\n[b]\nabove_base_mb = 20.5\nfirst_prediction_s = 1.5\n[c]\n")
    assert read(file) == {"a": Budget(10), "b": Budget(20.5, 1.5), "c": Budget()}


def test_an_unknown_limit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text("[a]\nabove_base = 10\n")
    with pytest.raises(TypeError, match="above_base"):
        read(file)


def test_budgets_are_for_images_that_are_measured() -> None:
    budgets = read(ROOT / "docker" / "budgets.toml")
    assert set(budgets) == set(TARGETS)
    assert all(budget.above_base_mb is not None for budget in budgets.values())


def test_sizes_past_their_budget() -> None:
    assert size_overruns(BUDGETS, {"thin": 126.64, "embedded-onnx": 190.0, "other": 9999.0}) == [
        "thin is 126.6 MB above its base image: 11.6 MB past its budget of 115 MB"
    ]


def test_starts_past_their_budget() -> None:
    assert start_overruns(BUDGETS, {"thin": 99.0, "embedded-onnx": 1.0, "other": 99.0}) == []
    assert start_overruns(BUDGETS, {"embedded-onnx": 1.25}) == [
        "embedded-onnx takes 1.25 s to its first prediction: 0.25 s past its budget of 1 s"
    ]


def test_the_naive_image_has_the_torch_that_ours_is_built_from() -> None:
    naive = (ROOT / "docker" / "naive.Dockerfile").read_text("utf-8")
    ours = re.search(r"^version=(\S+)$", (ROOT / "scripts" / "libtorch.sh").read_text("utf-8"), re.MULTILINE)
    assert ours is not None
    assert set(re.findall(r"torch==(\S+)", naive)) == {f"{ours[1]}+cpu"}
