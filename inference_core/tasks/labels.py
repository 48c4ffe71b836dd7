"""From output indices to labels."""

from collections.abc import Sequence

import numpy as np

from inference_core.bundle.manifest import Label
from inference_core.errors import EngineError
from inference_core.tasks.states import Integers


class LabelTable:
    """The labels of a model by output index.

    Args:
        labels: the manifest's; by default output index i is `labels[i]`.
    """

    def __init__(self, labels: Sequence[Label]) -> None:
        self._sparse = any(label.index is not None for label in labels)
        self._labels = {i if label.index is None else label.index: label for i, label in enumerate(labels)}
        self._known = np.array(sorted(self._labels), np.int64)

    def published(self, index: Integers) -> Integers:
        """Positions [K] in `index` of what has a label.

        Raises:
            EngineError: one has none, although the labels are a plain list of all classes.
        """
        known = np.isin(index, self._known)
        if not self._sparse and not known.all():
            raise EngineError(
                "the model gave a class that has no label",
                got=f"class index {int(index.max())}",
                expected=f"an index below {len(self._labels)}, the number of labels",
                remedy="pack the model again with the whole label list",
            )
        return np.flatnonzero(known)

    def __getitem__(self, index: int) -> Label:
        return self._labels[index]
