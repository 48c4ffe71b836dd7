"""Results are the published JSON as they are."""

import orjson
import pytest

from inference_core.tasks import Classification, Detection, ImageSize, Result, Timings


def test_a_classification_result_encodes_to_the_published_shape() -> None:
    found = (Classification("bear", 294, 0.5),)
    result = Result("m", "1.0.0", "classification", ImageSize(640, 480), found, Timings(1.5, 2.0, 3.25, 0.125))
    assert orjson.dumps(result) == (
        b'{"model":"m","version":"1.0.0","task":"classification","image":{"width":640,"height":480},'
        b'"predictions":[{"label":"bear","class_id":294,"score":0.5}],'
        b'"timings_ms":{"decode":1.5,"preprocess":2.0,"infer":3.25,"postprocess":0.125}}'
    )


def test_a_detection_result_encodes_to_the_published_shape() -> None:
    found = (Detection("Bär", 23, 0.75, (0.0, 1.5, 2.0, 3.0)),)
    body = orjson.dumps(Result("m", "1", "detection", ImageSize(4, 4), found)).decode()
    assert '"predictions":[{"label":"Bär","class_id":23,"score":0.75,"box":[0.0,1.5,2.0,3.0]}]' in body
    assert body.endswith('"timings_ms":{"decode":0.0,"preprocess":0.0,"infer":0.0,"postprocess":0.0}}')


@pytest.mark.parametrize("field", ["predictions", "model"])
def test_a_result_cannot_be_changed(field: str) -> None:
    result = Result("m", "1", "detection", ImageSize(4, 4))
    assert result.predictions == ()
    with pytest.raises(AttributeError):
        setattr(result, field, ())
