"""From output indices to labels."""

from collections.abc import Sequence

from inference_core.bundle.manifest import Label
from inference_core.errors import EngineError
from inference_core.tasks.states import Integers


def labels_of(index: Integers, labels: Sequence[Label]) -> list[Label]:
    """The label of each output index.

    Raises:
        EngineError: an index has no label.
    """
    if len(index) and int(index.max()) >= len(labels):
        raise EngineError(
            "the model gave a class that has no label",
            got=f"class index {int(index.max())}",
            expected=f"an index below {len(labels)}, the number of labels",
            remedy="pack the model again with the whole label list",
        )
    return [labels[i] for i in index.tolist()]
