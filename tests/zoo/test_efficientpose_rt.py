"""The real EfficientPose RT: joints where a person sees them, and where onnxruntime and NumPy find them."""

import math

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image

from inference_core.pipeline import LocalPredictor
from inference_core.tasks import ImageSize, Pose, Result
from tests.assets import ASSETS, needs_assets
from tests.zoo.conftest import OpenModel, model_file

pytestmark = [needs_assets, pytest.mark.assets]

PHOTO = ASSETS / "models" / "efficientpose" / "MPII.jpg"
SEEN = {
    0: (418, 55),  # head top
    2: (405, 205),  # right shoulder
    3: (413, 340),  # right elbow
    6: (538, 212),  # left shoulder
    7: (530, 368),  # left elbow
    11: (492, 634),  # right knee
    12: (452, 798),  # right ankle
    14: (603, 655),  # left knee
    15: (608, 857),  # left ankle
}
"""Joints of the photograph by their place in the output, read off it with the eye."""


@pytest.fixture
def pose(packed: OpenModel) -> Pose:
    with LocalPredictor.load(packed("efficientpose_rt")) as predictor:
        [result] = predictor.predict([PHOTO.read_bytes()])
    assert isinstance(result, Result)
    assert result.image == ImageSize(1024, 1024)
    [found] = result.predictions
    assert isinstance(found, Pose)
    return found


def test_joints_are_found_where_they_are_seen(pose: Pose) -> None:
    assert (pose.label, pose.class_id, len(pose.keypoints)) == ("person", 0, 16)
    assert 0.4 < pose.score < 0.7
    for joint, place in SEEN.items():
        x, y, score = pose.keypoints[joint]
        assert math.dist((x, y), place) < 25, joint
        assert score > 0.4


def test_the_skeleton_joins_every_joint_to_its_neighbours(packed: OpenModel, pose: Pose) -> None:
    skeleton = packed("efficientpose_rt").manifest.skeleton
    assert skeleton is not None
    assert {joint for bone in skeleton for joint in bone} == set(range(16))
    assert len(skeleton) == 15
    lengths = {bone: math.dist(*(pose.keypoints[joint][:2] for joint in bone)) for bone in skeleton}
    assert all(length < 260 for length in lengths.values()), lengths


def test_joints_are_those_of_a_direct_evaluation(pose: Pose) -> None:
    """The photograph is square, so that upstream's padding is none."""
    with Image.open(PHOTO) as image:
        levels = np.asarray(image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR), np.float32) / 255
    tensor = (levels - np.array([0.485, 0.456, 0.406], np.float32)) / np.array([0.229, 0.224, 0.225], np.float32)
    session = ort.InferenceSession(str(model_file("efficientpose_rt")), providers=["CPUExecutionProvider"])
    [[maps]] = session.run(None, {session.get_inputs()[0].name: tensor[None]})
    assert maps.shape == (224, 224, 16)
    for (x, y, score), one in zip(pose.keypoints, maps.transpose(2, 0, 1), strict=True):
        row, column = np.unravel_index(one.argmax(), one.shape)
        assert math.dist((x, y), ((column + 0.5) * 1024 / 224, (row + 0.5) * 1024 / 224)) < 10  # two cells
        assert score == pytest.approx(float(one.max()), abs=1e-3)
