"""TensorFlow Serving's layout."""

from pathlib import Path

import numpy as np
import pytest

from inference_core.errors import ExportError
from inference_core.export.choice import Choice, Server
from inference_core.export.tfs import model_list, write_tfs
from inference_core.packing.apart import run_apart
from tests.bundle.test_writer import tree
from tests.export.bundles import IMAGES, LOGITS, SAVED_MODEL, artifact, bundle
from tests.packages import needs_tensorflow


def test_a_saved_model_becomes_the_versions_directory(tmp_path: Path) -> None:
    choice = Choice.of(bundle(tmp_path, artifact("tensorflow", "saved"), files=SAVED_MODEL), Server.TFS)
    write_tfs(choice, tmp_path / "tfs" / "tiny")
    assert tree(tmp_path / "tfs") == {
        "tiny/1/saved_model.pb": b"saved/saved_model.pb",
        "tiny/1/variables/variables.index": b"saved/variables/variables.index",
        "tiny/ORIGIN": f"{choice.origin}\n".encode(),
    }
    assert model_list(tmp_path / "tfs") == (
        f"# {choice.origin}\n"
        'model_config_list {\n  config {\n    name: "tiny"\n    base_path: "/models/tiny"\n'
        '    model_platform: "tensorflow"\n  }\n}\n'
    )


def test_models_that_were_there_stay_in_the_list(tmp_path: Path) -> None:
    for path in ("old/3", "old/4", "no_model", "zebra/1"):
        (tmp_path / path).mkdir(parents=True)
    for path in ("old/3", "old/4", "zebra/1"):
        (tmp_path / path / "saved_model.pb").touch()
    lines = [line.strip() for line in model_list(tmp_path).splitlines()]
    assert [line for line in lines if line.startswith("name")] == ['name: "old"', 'name: "zebra"']
    assert not any(line.startswith("#") for line in lines)


def test_a_lite_file_is_refused(tmp_path: Path) -> None:
    choice = Choice.of(bundle(tmp_path, artifact("tensorflow", "model.tflite")), Server.TFS)
    with pytest.raises(ExportError) as caught:
        write_tfs(choice, tmp_path / "out")
    assert str(caught.value) == (
        "tfs does not run that artifact\n  got: model.tflite\n  expected: a SavedModel, or a frozen graph to make one"
        " of\n  remedy: pack the model from one of these"
    )


@needs_tensorflow
def test_a_frozen_graph_becomes_a_saved_model_with_our_names(tmp_path: Path) -> None:
    run_apart("tests.export.frozen:write_frozen", purpose="making a graph", path=str(tmp_path / "doubling.pb"))
    frozen = artifact(
        "tensorflow",
        "model.pb",
        inputs=[IMAGES | {"native": "fed:0", "shape": ["batch", 2]}],
        outputs=[LOGITS | {"native": "double:0"}],
    )
    opened = bundle(tmp_path, frozen)
    (opened.directory / "model.pb").write_bytes((tmp_path / "doubling.pb").read_bytes())
    write_tfs(Choice.of(opened, Server.TFS), tmp_path / "out")
    path = str(tmp_path / "out" / "1")
    answer = run_apart("tests.export.frozen:ask_saved_model", purpose="asking", path=path, rows=[[1.0, 2.5]])
    assert list(answer) == ["logits"]
    np.testing.assert_array_equal(answer["logits"], [[2.0, 5.0]])
