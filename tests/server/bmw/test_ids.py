"""Ids: stable, made of content, and found again."""

import uuid
from pathlib import Path

import pytest

from inference_core.bundle import Manifest, read_manifest
from inference_core.errors import NotFoundError
from inference_core.repository.listing import read_entry
from inference_core.server.bmw.ids import find_model, label_ids, model_id
from tests.models import pack_classifier


@pytest.fixture
def manifest(tiny_models: Path) -> Manifest:
    return read_manifest(tiny_models / "tiny_classifier")


def test_the_id_is_that_of_the_content_wherever_it_lies(manifest: Manifest, tmp_path: Path) -> None:
    again = model_id(read_manifest(pack_classifier(tmp_path)))
    assert model_id(manifest) == again
    assert uuid.UUID(again).version == 5


def test_another_model_version_or_name_has_another_id(manifest: Manifest, tmp_path: Path) -> None:
    others = [
        read_manifest(pack_classifier(tmp_path, scale=11.0)),
        manifest.model_copy(update={"version": "2"}),
        manifest.model_copy(update={"name": "other"}),
    ]
    assert len({model_id(each) for each in (manifest, *others)}) == 4


def test_other_thresholds_keep_the_id(manifest: Manifest) -> None:
    assert model_id(manifest.model_copy(update={"postprocess": ()})) == model_id(manifest)


def test_labels_have_ids_within_their_model(manifest: Manifest) -> None:
    ids = label_ids(manifest)
    assert list(ids) == ["red", "green", "blue"]
    assert ids["red"] == str(uuid.uuid5(uuid.UUID(model_id(manifest)), "red"))
    assert len(set(ids.values())) == 3


def test_a_model_is_found_by_id_or_name(tiny_models: Path) -> None:
    entries = [read_entry(tiny_models / name) for name in ("tiny_classifier", "tiny_detector")]
    wanted = model_id(entries[1].manifest)
    assert find_model(entries, wanted) == find_model(entries, wanted.upper()) == ("tiny_detector", "1")
    assert find_model(entries, "tiny_detector") == ("tiny_detector", None)
    assert find_model(entries, wanted.replace("-", "")) == (wanted.replace("-", ""), None)  # may be a name
    with pytest.raises(NotFoundError, match="no model of that id"):
        find_model(entries[:1], wanted)
