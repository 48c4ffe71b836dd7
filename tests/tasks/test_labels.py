"""From output indices to labels."""

import numpy as np
import pytest

from inference_core.bundle import Label
from inference_core.bundle.heads import Probabilities
from inference_core.bundle.postprocess import Top
from inference_core.errors import EngineError
from inference_core.imaging import Geometry
from inference_core.tasks import Classification, Postprocessor, Tensors
from inference_core.tasks.labels import LabelTable

PLAIN = (Label(id=7, name="cat"), Label(id=9, name="dog"))
SPARSE = (Label(id=1, name="cat", index=1), Label(id=3, name="dog", index=3))
"""As a TensorFlow label map: output 0 is the background, 2 a gap."""


def published(labels: tuple[Label, ...], *index: int) -> list[int]:
    return [int(i) for i in LabelTable(labels).published(np.array(index))]


def test_in_a_plain_list_every_output_has_a_label() -> None:
    assert published(PLAIN, 1, 0, 1) == [0, 1, 2]
    assert (LabelTable(PLAIN)[0].id, LabelTable(PLAIN)[1].id) == (7, 9)
    with pytest.raises(EngineError) as caught:
        published(PLAIN, 0, 2)
    assert (caught.value.got, caught.value.expected) == ("class index 2", "an index below 2, the number of labels")


def test_where_labels_state_their_index_other_outputs_are_left_out() -> None:
    assert published(SPARSE, 0, 1, 2, 3, 90) == [1, 3]
    assert (LabelTable(SPARSE)[1].name, LabelTable(SPARSE)[3].name) == ("cat", "dog")


def test_background_and_gaps_do_not_reach_the_results() -> None:
    outputs = {"scores": np.array([0.5, 0.1, 0.05, 0.35], np.float32)}
    process = Postprocessor("classification", (Probabilities(), Top(k=3)), SPARSE)
    found = process(Tensors(outputs, 8, 8, Geometry(8, 8)))
    assert [p.class_id for p in found] == [3, 1]
    assert all(isinstance(p, Classification) for p in found)
