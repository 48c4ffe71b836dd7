"""The committed JSON schema: what the code says, and in agreement with the parser."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from inference_core.bundle import MANIFEST_NAME, manifest_schema
from inference_core.bundle.schema import Record
from inference_core.errors import ManifestError
from tests.bundle.documents import DIGEST, changed, document, parse

COMMITTED = Path(__file__).parents[2] / "inference_core" / "bundle" / "bundle.schema.json"
TENSOR = {"name": "x", "dtype": "float32", "shape": [1]}
FILE = {"sha256": DIGEST, "bytes": 7}


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json.loads(COMMITTED.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_committed_schema_is_the_one_the_code_gives() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == manifest_schema(), "run `make schema`"


@pytest.mark.parametrize("name", ["tiny_classifier", "tiny_detector"])
def test_the_schema_accepts_the_bundle_json_of_a_packed_model(tiny_models: Path, validator: Any, name: str) -> None:
    validator.validate(json.loads((tiny_models / name / MANIFEST_NAME).read_bytes()))


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in document().items() if name != key}


GOOD = {
    "small": document(),
    "three means": changed("preprocess/2/mean", [1, 2.5, 3]),
    "mean null": changed("preprocess/2/mean", None),
    "buckets": changed("artifacts/0/inputs/0/shape/0", {"sizes": [1, 8]}),
    "scalar": changed("artifacts/0/outputs/0/shape", []),
    "gaps": changed("labels", [{"id": 0, "name": "a"}, {"id": 2**31, "name": "b"}]),
    "nested file": changed("files", document()["files"] | {"a/b-c/d_e.f": FILE}),
}
BAD = {
    "unknown key": changed("licence", "MIT"),
    "unknown nested key": changed("labels/0/nam", "x"),
    "unknown step key": changed("preprocess/1/fill", 3),
    "wrong op": changed("preprocess/1/op", "resise"),
    "no op": changed("preprocess/1", {"width": 8, "height": 8}),
    "no op, no other key": changed("preprocess/0", {}),
    "op of the other chain": changed("preprocess/1", {"op": "softmax"}),
    "string for integer": changed("labels/0/id", "1"),
    "boolean for integer": changed("labels/0/id", True),
    "fraction for integer": changed("labels/0/id", 1.5),
    "negative id": changed("labels/0/id", -1),
    "no labels": changed("labels", []),
    "no artifacts": changed("artifacts", []),
    "list for object": [document()],
    "two means": changed("preprocess/2/mean", [1, 2]),
    "string mean": changed("preprocess/2/mean", ["a"]),
    "bad task": changed("task", "detect"),
    "bad enum": changed("artifacts/0/precision", "fp8"),
    "upper-case name": changed("name", "Tiny"),
    "format 2": changed("format", 2),
    "format as string": changed("format", "1"),
    "axis 0": changed("artifacts/0/inputs/0/shape/1", 0),
    "axis null": changed("artifacts/0/inputs/0/shape/1", None),
    "empty axis name": changed("artifacts/0/inputs/0/shape/0", ""),
    "no buckets": changed("artifacts/0/inputs/0/shape/0", {"sizes": []}),
    "lower-case layout": changed("artifacts/0/inputs", [TENSOR | {"layout": "n"}]),
    "climbing file": changed("files", document()["files"] | {"../x": FILE}),
    "hidden file": changed("files", document()["files"] | {".x": FILE}),
    "short digest": changed("files/model.onnx/sha256", "00"),
    "upper-case digest": changed("files/model.onnx/sha256", DIGEST.upper()),
    "score above 1": changed("postprocess/1", {"op": "score", "min": 1.5}),
} | {f"no {key}": without(key) for key in document()}


@pytest.mark.parametrize("name", GOOD)
def test_schema_and_parser_accept_the_same_documents(validator: Any, name: str) -> None:
    validator.validate(GOOD[name])
    parse(copy.deepcopy(GOOD[name]))


@pytest.mark.parametrize("name", BAD)
def test_schema_and_parser_refuse_the_same_documents(validator: Any, name: str) -> None:
    assert not validator.is_valid(BAD[name])
    with pytest.raises(ManifestError):
        parse(copy.deepcopy(BAD[name]))


def test_every_key_of_every_record_is_in_the_schema() -> None:
    definitions = json.loads(manifest_schema())["$defs"]
    for name, definition in definitions.items():
        record = next(kind for kind in _descendants(Record) if kind.__name__ == name)
        assert list(definition["properties"]) == list(record.model_fields)
        assert definition["additionalProperties"] is False


def _descendants(root: type[Record]) -> list[type[Record]]:
    return [kind for child in root.__subclasses__() for kind in (child, *_descendants(child))]
