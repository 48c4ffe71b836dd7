"""The manifest: round trip, references, labels, tensors."""

import json
from typing import Any

import pytest

from inference_core.bundle.manifest import Artifact, Label, Manifest, Metric
from inference_core.bundle.schema import parse_record
from inference_core.bundle.tensors import BucketedAxis
from inference_core.errors import ManifestError
from tests.bundle.documents import DIGEST, changed, document, parse

RECORD = {"sha256": DIGEST, "bytes": 7}


def rich() -> dict[str, Any]:
    """A manifest that uses what the small one leaves out."""
    tree = document() | {
        "format": 1,
        "version": "2.0",
        "source": {"url": "https://example.org/model", "sha256": DIGEST, "note": "naïve"},
        "metrics": [{"name": "AP@.5", "value": 0.1, "dataset": "coco", "label": "cat", "samples": 0}],
        "provenance": {"satchel": "0.1.0"},
    }
    tree["files"] = dict.fromkeys(("z.bin", "model.onnx", "saved/a.pb", "saved/v/b.bin"), RECORD)
    tree["artifacts"][0] |= {"companions": ["z.bin"]}
    tensor = {"name": "x", "native": "serving_x:0", "dtype": "uint8", "layout": "NHWC"}
    spec = tensor | {"shape": [{"sizes": [1, 4]}, "height", "width", 3]}
    tree["artifacts"].append(
        {"engine": "tensorflow", "precision": "int8", "file": "saved", "inputs": [spec], "outputs": [spec]}
    )
    return tree


@pytest.mark.parametrize("tree", [document(), rich()], ids=["small", "rich"])
def test_a_manifest_written_and_read_again_is_equal_and_its_text_stable(tree: dict[str, Any]) -> None:
    manifest = parse(tree)
    again = parse_record(Manifest, manifest.to_json(), where="again")
    assert again == manifest
    assert again.to_json() == manifest.to_json()


def test_the_canonical_text_keeps_every_value_and_puts_the_format_first() -> None:
    text = parse(rich()).to_json()
    assert text.startswith('{\n  "format": 1,\n  "name": "tiny",\n  "version": "2.0",\n  "task": "classification",\n')
    assert text.endswith("}\n")
    assert '"note": "naïve"' in text
    written = json.loads(text)
    assert list(written["files"]) == ["z.bin", "model.onnx", "saved/a.pb", "saved/v/b.bin"]
    for key in ("version", "source", "labels", "metrics", "provenance", "files"):
        assert written[key] == rich()[key]
    assert written["artifacts"][1] == rich()["artifacts"][1] | {"companions": []}
    assert "null" not in text


def test_two_tensors_of_one_name_are_refused() -> None:
    [output] = document()["artifacts"][0]["outputs"]
    with pytest.raises(ManifestError, match=f"two outputs are called '{output['name']}'"):
        parse(changed("artifacts/0/outputs", [output, output]))


def test_the_order_of_keys_and_the_white_space_of_the_source_do_not_show() -> None:
    shuffled = dict(reversed(document().items()))
    loose = parse_record(Manifest, json.dumps(shuffled, indent=7), where="m")
    assert loose.to_json() == parse(document()).to_json()


def test_what_a_manifest_leaves_out_has_the_documented_meaning() -> None:
    manifest = parse(document())
    assert (manifest.format, manifest.version, manifest.metrics, manifest.provenance) == (1, "1", (), {})
    assert manifest.source.model_dump() == {"url": None, "sha256": None, "note": None}
    assert manifest.artifacts[0].companions == ()


def test_labels_keep_their_gaps_and_their_order() -> None:
    labels = [{"id": 90, "name": "a"}, {"id": 0, "name": "b"}, {"id": 7, "name": "a"}]
    assert parse(changed("labels", labels)).labels == (
        Label(id=90, name="a"),
        Label(id=0, name="b"),
        Label(id=7, name="a"),
    )


@pytest.mark.parametrize(
    ("tree", "problem"),
    [
        (changed("labels", [{"id": i, "name": str(i)} for i in (3, 1, 2, 1, 3)]), "label id 3 is used twice"),
        (changed("artifacts/0/file", "other.onnx"), "artifact file other.onnx is not listed in files"),
        (changed("artifacts/0/file", "model"), "artifact file model is not listed in files"),
        (changed("artifacts/0/companions", ["w.bin"]), "artifact file w.bin is not listed in files"),
        (changed("files/bundle.json", RECORD), "files lists bundle.json, which cannot hold its own digest"),
    ],
)
def test_references_that_lead_nowhere_are_refused(tree: dict[str, Any], problem: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(tree)
    assert caught.value.message == f"bundle.json: {problem}"


@pytest.mark.parametrize(
    "name", ["../x", "/abs", "a/../../b", "a/./b", "a//b", "a/", "a\\b", "C:/x", ".hidden", "a/.b", "-x", "é", ""]
)
@pytest.mark.parametrize("place", ["artifacts/0/file", "artifacts/0/companions", "files"])
def test_a_path_that_could_leave_the_bundle_cannot_be_said(place: str, name: str) -> None:
    value = {"artifacts/0/file": name, "artifacts/0/companions": [name], "files": document()["files"] | {name: RECORD}}
    with pytest.raises(ManifestError, match="String should match pattern"):
        parse(changed(place, value[place]))


def test_a_path_has_at_most_two_hundred_characters() -> None:
    files = document()["files"]
    assert len(parse(changed("files", files | {"a" * 200: RECORD})).files) == 2
    with pytest.raises(ManifestError, match="String should have at most 200 characters"):
        parse(changed("files", files | {"a" * 201: RECORD}))


def test_axes_are_fixed_dynamic_or_bucketed() -> None:
    spec = parse(rich()).artifacts[1].inputs[0]
    assert spec.shape == (BucketedAxis(sizes=(1, 4)), "height", "width", 3)
    assert (spec.engine_name, parse(rich()).artifacts[0].inputs[0].engine_name) == ("serving_x:0", "images")


@pytest.mark.parametrize("layout", ["NHW", "NCTHW"])
def test_a_layout_has_one_letter_for_each_axis(layout: str) -> None:
    spec = document()["artifacts"][0]["inputs"][0]
    with pytest.raises(ManifestError) as caught:
        parse(changed("artifacts/0/inputs", [spec | {"layout": layout}]))
    problem = f"artifacts[0].inputs[0]: layout {layout} has {len(layout)} axes, shape has 4"
    assert caught.value.message == f"bundle.json: {problem}"


def two_inputs() -> Artifact:
    [artifact] = parse(document()).artifacts
    specs = tuple(artifact.inputs[0].model_copy(update={"name": name}) for name in ("left", "right"))
    return artifact.model_copy(update={"inputs": specs})


def test_a_tensor_is_found_by_name_or_as_the_only_one() -> None:
    assert two_inputs().input("right").name == "right"
    assert two_inputs().output(None).name == "logits"


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("input", None, "the model has 2 inputs (left, right): name the input to use"),
        ("input", "up", "there is no input 'up': the model has left, right"),
        ("output", "left", "there is no output 'left': the model has logits"),
    ],
)
def test_a_tensor_that_is_not_there_or_not_the_only_one_is_refused(kind: str, name: str | None, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        getattr(two_inputs(), kind)(name)
    assert str(caught.value) == message


def test_a_metric_of_zero_samples_is_kept() -> None:
    assert parse(rich()).metrics == (Metric(name="AP@.5", value=0.1, dataset="coco", label="cat", samples=0),)


def test_a_step_that_names_an_absent_tensor_is_refused_when_the_manifest_is_read() -> None:
    with pytest.raises(ManifestError) as caught:
        parse(changed("postprocess/0/output", "probs"))
    assert str(caught.value) == (
        "bundle.json: step softmax: there is no output 'probs': the model has logits\n  remedy: correct the document"
    )


def test_a_step_that_leaves_open_which_of_several_tensors_it_means_is_refused() -> None:
    outputs = [{"name": name, "dtype": "float32", "shape": [1, 2]} for name in ("a", "b")]
    with pytest.raises(ManifestError, match=r"step softmax: the model has 2 outputs \(a, b\): name the output to use"):
        parse(changed("artifacts/0/outputs", outputs))


@pytest.mark.parametrize(
    ("place", "problem"),
    [("inputs", "step tensor: input 'images' holds"), ("outputs", "step softmax: output 'logits' holds")],
)
def test_a_step_that_uses_a_tensor_of_text_is_refused(place: str, problem: str) -> None:
    with pytest.raises(ManifestError, match=f"{problem} text, not numbers"):
        parse(changed(f"artifacts/0/{place}/0/dtype", "string"))


@pytest.mark.parametrize(
    ("indices", "problem"),
    [((0, None), "either every label states its index or none does"), ((4, 4), "two labels have the same index")],
)
def test_label_indices_are_stated_by_all_or_none_and_once(indices: tuple[int | None, ...], problem: str) -> None:
    labels = [{"id": i, "name": "x"} | ({} if index is None else {"index": index}) for i, index in enumerate(indices)]
    with pytest.raises(ManifestError, match=problem):
        parse(changed("labels", labels))
