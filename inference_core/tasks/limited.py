"""Limits that a caller sets in place of the bundle's: on the steps that have them, on the predictions else."""

from collections.abc import Sequence

from inference_core.bundle.postprocess import PostprocessStep, Score, Top
from inference_core.limits import AS_PACKED, Limits
from inference_core.tasks.results import Prediction


def limit_steps(steps: Sequence[PostprocessStep], limits: Limits) -> tuple[PostprocessStep, ...]:
    """The chain with the least score of its `score` steps, and the number of its `top` steps, as `limits` want them.

    Both may be looser than packed: a lower score lets more boxes into suppression, as the model's own code would.
    """
    return tuple(_limit_step(step, limits) for step in steps)


def limit_predictions(predictions: tuple[Prediction, ...], limits: Limits) -> tuple[Prediction, ...]:
    """What `limits` leave of predictions, best first: a chain need not have a step for either."""
    if limits == AS_PACKED:
        return predictions
    least = limits.confidence or 0.0
    return tuple(p for p in predictions if p.score >= least)[: limits.max_predictions]


def _limit_step(step: PostprocessStep, limits: Limits) -> PostprocessStep:
    if isinstance(step, Score) and limits.confidence is not None:
        return step.model_copy(update={"min": limits.confidence})
    if isinstance(step, Top) and limits.max_predictions is not None:
        return step.model_copy(update={"k": limits.max_predictions})
    return step
