"""The tuning table: what a row says of batches."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from inference_core.bundle.tuning import Row

FACTS = {"engine": "openvino", "precision": "fp32", "threads": 2, "instances": 1, "outcome": "picked"}


def row(**more: Any) -> Row:
    return Row.model_validate_json(json.dumps(FACTS | more))


def test_a_row_says_how_many_images_serve_many_callers_best() -> None:
    assert row(batch=8, batch_images_per_second=120.5).batch_size == 8
    assert row().batch_size == 1
    assert row(batch_reason="output boxes differs").batch_size == 1


@pytest.mark.parametrize("figures", [{"batch": 8}, {"batch_images_per_second": 120.5}])
def test_a_batch_and_its_speed_belong_together(figures: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="batch and batch_images_per_second belong together"):
        row(**figures)


@pytest.mark.parametrize("batch", [1, 0, 2.5, 2**31 + 1])
def test_one_image_is_no_batch(batch: float) -> None:
    with pytest.raises(ValidationError):
        row(batch=batch, batch_images_per_second=120.5)
