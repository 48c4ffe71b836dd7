"""Results are the published JSON as they are."""

import orjson
import pytest

from inference_core.tasks import Classification, Detection, ImageSize, Instance, Picture, Pose, Result, Rle, Timings


def test_a_classification_result_encodes_to_the_published_shape() -> None:
    found = (Classification("bear", 294, 0.5),)
    result = Result("m", "1.0.0", "classification", ImageSize(640, 480), found, Timings(1.5, 2.0, 3.25, 0.125))
    assert orjson.dumps(result) == (
        b'{"model":"m","version":"1.0.0","task":"classification","image":{"width":640,"height":480},'
        b'"predictions":[{"label":"bear","class_id":294,"score":0.5}],'
        b'"timings_ms":{"decode":1.5,"preprocess":2.0,"infer":3.25,"postprocess":0.125,"queue":0.0}}'
    )


def test_a_detection_result_encodes_to_the_published_shape() -> None:
    found = (Detection("Bär", 23, 0.75, (0.0, 1.5, 2.0, 3.0)),)
    body = orjson.dumps(Result("m", "1", "detection", ImageSize(4, 4), found)).decode()
    assert '"predictions":[{"label":"Bär","class_id":23,"score":0.75,"box":[0.0,1.5,2.0,3.0]}]' in body
    assert body.endswith('"timings_ms":{"decode":0.0,"preprocess":0.0,"infer":0.0,"postprocess":0.0,"queue":0.0}}')


def test_an_instance_carries_its_mask_as_coco_has_it() -> None:
    found = (Instance("cat", 1, 0.5, (0.0, 0.0, 2.0, 2.0), Rle((2, 3), "2\\1")),)
    body = orjson.dumps(Result("m", "1", "instance_segmentation", ImageSize(3, 2), found)).decode()
    assert '"score":0.5,"box":[0.0,0.0,2.0,2.0],"mask":{"size":[2,3],"counts":"2\\\\1"}}' in body


def test_a_pose_encodes_to_the_published_shape() -> None:
    found = (Pose("person", 1, 0.5, ((1.0, 2.0, 0.25), (3.0, 4.0, 0.75))),)
    body = orjson.dumps(Result("m", "1", "pose", ImageSize(4, 4), found)).decode()
    assert (
        '"predictions":[{"label":"person","class_id":1,"score":0.5,"keypoints":[[1.0,2.0,0.25],[3.0,4.0,0.75]]}]'
        in body
    )


def test_a_picture_is_its_file_in_base64() -> None:
    found = (Picture("picture", 0, 1.0, "iVBORw==", 8, 6),)
    body = orjson.dumps(Result("m", "1", "super_resolution", ImageSize(4, 3), found)).decode()
    assert '"score":1.0,"image":"iVBORw==","width":8,"height":6}]' in body


@pytest.mark.parametrize("field", ["predictions", "model"])
def test_a_result_cannot_be_changed(field: str) -> None:
    result = Result("m", "1", "detection", ImageSize(4, 4))
    assert result.predictions == ()
    with pytest.raises(AttributeError):
        setattr(result, field, ())
