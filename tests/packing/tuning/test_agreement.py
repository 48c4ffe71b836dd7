"""Agreement of outputs and predictions, against values worked out by hand."""

from math import inf, nan
from typing import Any

import numpy as np
import pytest

from inference_core.bundle import Bundle, open_bundle
from inference_core.packing.tuning.agreement import (
    AGREEMENT_METRICS,
    Difference,
    Disagreement,
    agreement,
    compare_outputs,
    first_disagreement,
    mask_iou,
)
from inference_core.tasks import TASKS, Classification, Detection, ImageSize, Instance, Pose, Prediction, Result
from inference_core.tasks.rle import encode
from tests.models import pack_classifier, pack_detector

SQUARE = (0.0, 0.0, 10.0, 10.0)


def result(*predictions: Prediction, task: str = "detection") -> Result:
    return Result("tiny", "1", task, ImageSize(40, 30), predictions)


def cat(score: float, box: Any = SQUARE, class_id: int = 0) -> Detection:
    return Detection("cat", class_id, score, box)


def label(class_id: int, score: float = 0.5) -> Classification:
    return Classification(f"class {class_id}", class_id, score)


def instance(score: float, left: int, width: int, class_id: int = 0) -> Instance:
    """A mask of ten rows."""
    mask = encode(np.ones((10, width), bool), 5, left, (30, 40))
    return Instance("cat", class_id, score, (float(left), 5.0, float(left + width), 15.0), mask)


def pose(*points: tuple[float, float], score: float = 0.5) -> Pose:
    return Pose("person", 0, score, tuple((x, y, 0.9) for x, y in points))


def arrays(**values: Any) -> dict[str, Any]:
    return {name: np.array(value, np.float32) for name, value in values.items()}


class TestOutputs:
    def test_the_worst_is_relative_to_the_magnitude_of_its_output(self) -> None:
        expected = arrays(boxes=[[100.0, -400.0]], scores=[[0.5, 0.25]])
        actual = arrays(boxes=[[102.0, -400.0]], scores=[[0.5, 0.3125]])
        assert compare_outputs(expected, actual) == Difference(2.0, 0.125, "scores")
        assert compare_outputs(expected, expected) == Difference(0.0, 0.0, "boxes")

    def test_types_are_not_compared(self) -> None:
        expected: dict[str, Any] = {"classes": np.array([3, 200], np.int64), "found": np.array([True, False])}
        actual: dict[str, Any] = {"classes": np.array([3.0, 198.0], np.float16), "found": np.array([1, 0], np.uint8)}
        assert compare_outputs(expected, actual) == Difference(2.0, 0.01, "classes")

    def test_levels_do_not_wrap_around(self) -> None:
        expected, actual = np.array([0, 250], np.uint8), np.array([5, 250], np.uint8)
        assert compare_outputs({"levels": expected}, {"levels": actual}) == Difference(5.0, 0.02, "levels")

    @pytest.mark.parametrize(
        ("expected", "actual"),
        [
            ([1.0, 2.0], [1.0, nan]),
            ([1.0, nan], [1.0, 2.0]),
            ([1.0, inf], [1.0, 2.0]),
            ([1.0, inf], [1.0, -inf]),
            ([1.0, 2.0], [1.0, inf]),
            ([1.0, 2.0], [1.0]),
            ([[1.0, 2.0]], [[1.0], [2.0]]),
        ],
    )
    def test_what_cannot_be_compared_differs_infinitely(self, expected: Any, actual: Any) -> None:
        assert compare_outputs(arrays(a=[9], b=expected), arrays(a=[9], b=actual)) == Difference(inf, inf, "b")

    def test_a_missing_output_differs_infinitely(self) -> None:
        assert compare_outputs(arrays(a=[1], b=[2]), arrays(a=[1])) == Difference(inf, inf, "b")

    def test_the_same_infinity_in_the_same_place_is_none(self) -> None:
        difference = compare_outputs(arrays(a=[nan, inf, -inf, 4]), arrays(a=[nan, inf, -inf, 3]))
        assert difference == Difference(1.0, 0.25, "a")

    def test_any_difference_from_zero_is_infinite_in_relation(self) -> None:
        assert compare_outputs(arrays(a=[0, 0]), arrays(a=[0, 0.5])) == Difference(0.5, inf, "a")
        assert compare_outputs(arrays(a=[0, 0]), arrays(a=[0, 0])) == Difference(0.0, 0.0, "a")

    def test_no_rows_on_both_sides_are_equal(self) -> None:
        nothing = {"boxes": np.zeros((1, 0, 4), np.float32)}
        assert compare_outputs(nothing, nothing) == Difference(0.0, 0.0, "boxes")


def test_every_task_has_a_measure() -> None:
    assert AGREEMENT_METRICS.keys() == TASKS.keys()
    for task in TASKS:
        assert agreement([result(task=task)], [result(task=task)]) == 1.0


class TestAgreement:
    def test_of_classifiers_is_that_of_the_best_class(self) -> None:
        expected = [result(label(2), label(1), task="classification"), result(label(0), task="classification")]
        expected += [result(task="classification"), result(label(0), task="classification")]
        actual = [result(label(2), label(0), task="classification"), result(label(1), task="classification")]
        actual += [result(task="classification"), result(task="classification")]
        assert agreement(expected, actual) == 0.5

    def test_of_detectors_is_f1_over_all_pictures(self) -> None:
        half = (0.0, 0.0, 10.0, 5.0)  # IoU 0.5 with the square
        less = (0.0, 0.0, 10.0, 4.9)
        expected = [result(cat(0.9), cat(0.8, (20, 0, 30, 10))), result(cat(0.7)), result()]
        actual = [result(cat(0.9, half)), result(cat(0.7, less)), result(cat(0.6))]
        assert agreement(expected, actual) == 2 * 1 / (3 + 3)

    def test_another_class_is_no_match(self) -> None:
        assert agreement([result(cat(0.9))], [result(cat(0.9, class_id=1))]) == 0.0

    def test_a_prediction_is_matched_once(self) -> None:
        assert agreement([result(cat(0.9))], [result(cat(0.9), cat(0.8))]) == 2 / 3

    def test_the_best_scored_chooses_first_and_takes_the_nearest(self) -> None:
        """The weaker one would fit either; taking them in the order given, the stronger would be left without."""
        near, far = (0.0, 0.0, 10.0, 10.0), (0.0, 3.0, 10.0, 13.0)  # IoU of 7 / 13 with each other
        low = (0.0, -2.0, 10.0, 8.0)  # 8 / 12 with near, 5 / 15 with far
        expected = [result(cat(0.9, near), cat(0.8, far))]
        assert agreement(expected, [result(cat(0.5, near), cat(0.6, low))]) == 1.0
        assert agreement(expected, [result(cat(0.6, near), cat(0.5, low))]) == 0.5

    def test_of_masks_is_their_overlap_not_that_of_boxes(self) -> None:
        full, other = instance(0.9, 0, 10), instance(0.9, 0, 5)
        assert (
            agreement([result(full, task="instance_segmentation")], [result(other, task="instance_segmentation")]) == 1
        )
        small = Instance("cat", 0, 0.9, full.box, instance(0.9, 0, 4).mask)
        assert (
            agreement([result(full, task="instance_segmentation")], [result(small, task="instance_segmentation")]) == 0
        )

    def test_of_poses_is_the_share_of_near_keypoints(self) -> None:
        expected = pose((0, 0), (20, 0), (0, 50), (10, 10))  # reach: 0.1 * 50
        actual = pose((0, 5), (25.01, 0), (3, 54), (10, 15.5))
        assert agreement([result(expected, task="pose")], [result(actual, task="pose")]) == 0.5

    def test_a_pose_that_only_one_has_is_missed(self) -> None:
        one, far = pose((0, 0), (0, 10)), pose((100, 0), (100, 10))
        both, single = result(one, far, task="pose"), result(far, task="pose")
        assert agreement([both], [single]) == 0.5
        assert agreement([single], [both]) == 0.5
        assert agreement([single], [result(task="pose")]) == 0.0
        assert agreement([single, single], [single, result(one, task="pose")]) == 0.5

    def test_results_must_be_as_many(self) -> None:
        with pytest.raises(ValueError, match="shorter"):
            agreement([result(), result()], [result()])


class TestMaskIou:
    @pytest.mark.parametrize("seed", range(20))
    def test_is_that_of_pixels(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        one, other = random.random((2, 7, 5)) < (0.5, 0.1)[seed % 2]
        masks = [encode(region, 0, 0, (7, 5)) for region in (one, other)]
        assert mask_iou(*masks) == pytest.approx((one & other).sum() / max(1, (one | other).sum()), abs=1e-12)

    def test_of_nothing_is_nothing(self) -> None:
        empty = encode(np.zeros((2, 2), bool), 0, 0, (7, 5))
        assert mask_iou(empty, empty) == 0.0


@pytest.fixture(scope="module")
def detector(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Its steps ask for scores of 0.5 and at most 10."""
    return open_bundle(pack_detector(tmp_path_factory.mktemp("detector")))


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Its steps keep the best 2."""
    return open_bundle(pack_classifier(tmp_path_factory.mktemp("classifier")))


class TestDisagreement:
    def test_there_is_none_where_all_have_partners_in_any_order(self, detector: Bundle) -> None:
        expected = [result(), result(cat(0.9), cat(0.8, (20, 0, 30, 10)))]
        actual = [result(), result(cat(0.81, (20, 0, 30, 10.5)), cat(0.89))]
        assert first_disagreement(expected, actual, detector.manifest) is None

    @pytest.mark.parametrize(
        "other", [cat(0.87), cat(0.93), cat(0.9, class_id=1), cat(0.9, (0, 0, 10, 8.9))], ids=lambda p: str(p)[-60:]
    )
    def test_score_class_and_place_have_to_be_the_same(self, detector: Bundle, other: Detection) -> None:
        found = first_disagreement([result(), result(cat(0.9))], [result(), result(other)], detector.manifest)
        assert found == Disagreement(1, cat(0.9), lost=True)

    def test_the_tolerance_is_what_is_asked_for(self, detector: Bundle) -> None:
        pair = [result(cat(0.9))], [result(cat(0.8))]
        assert first_disagreement(*pair, detector.manifest, tolerance=0.11) is None
        assert first_disagreement(*pair, detector.manifest, tolerance=0.09) is not None

    def test_what_only_the_other_has_counts_too(self, detector: Bundle) -> None:
        found = first_disagreement([result()], [result(cat(0.6))], detector.manifest)
        assert found == Disagreement(0, cat(0.6), lost=False)

    @pytest.mark.parametrize(("score", "same"), [(0.515, True), (0.53, False)])
    def test_near_the_threshold_no_partner_is_needed(self, detector: Bundle, score: float, same: bool) -> None:
        assert (first_disagreement([result(cat(score))], [result()], detector.manifest) is None) is same

    @pytest.mark.parametrize(("score", "same"), [(0.41, True), (0.45, False)])
    def test_nor_is_it_near_the_end_of_a_full_list(self, classifier: Bundle, score: float, same: bool) -> None:
        expected = [result(label(0, 0.5), label(1, score), task="classification")]
        actual = [result(label(0, 0.5), label(2, 0.4), task="classification")]
        found = first_disagreement(expected, actual, classifier.manifest)
        assert found == (None if same else Disagreement(0, label(1, score), lost=True))

    def test_masks_and_poses_have_places_too(self, classifier: Bundle) -> None:
        for one, near, far in (
            (instance(0.9, 0, 10), instance(0.9, 0, 9), instance(0.9, 0, 8)),
            (pose((0, 0), (0, 10)), pose((0, 1), (0, 11)), pose((0, 1), (0, 12))),
        ):
            assert first_disagreement([result(one)], [result(near)], classifier.manifest) is None
            assert first_disagreement([result(one)], [result(far)], classifier.manifest) is not None

    def test_predictions_of_two_tasks_are_a_mistake(self, detector: Bundle) -> None:
        with pytest.raises(TypeError, match="Detection and Classification"):
            first_disagreement([result(cat(0.9))], [result(label(0, 0.9))], detector.manifest)
