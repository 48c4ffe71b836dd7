"""Join bundles that hold one model for different engines: one bundle, with the artifacts of all.

The first bundle says everything else, such as labels, metrics and how it was tuned, and its first artifact stays the
default. OpenVINO reads ONNX files as they are: with --openvino the ONNX file serves it, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from inference_core.bundle import Bundle, open_bundle, write_bundle
from inference_core.engines import engine_versions


def facts_of(bundle: Bundle) -> dict[str, Any]:
    """Its manifest as plain values, but the files."""
    return bundle.manifest.model_dump(mode="json", exclude_none=True, exclude={"files"})


def add_openvino(facts: dict[str, Any]) -> None:
    """Adds an artifact that shares the ONNX file."""
    version = engine_versions()["openvino"]
    assert version is not None, "openvino is not installed"
    shared = next(artifact for artifact in facts["artifacts"] if artifact["engine"] == "onnxruntime")
    facts["artifacts"].append(shared | {"engine": "openvino"})
    facts["provenance"]["openvino"] = version


def add(facts: dict[str, Any], files: dict[str, Path], bundle: Bundle) -> None:
    """Adds the artifacts of `bundle`, which has to read and show the same model."""
    others = facts_of(bundle)
    for key in ("name", "version", "task", "preprocess", "postprocess", "labels"):
        assert others[key] == facts[key], f"{bundle.directory} has another {key}"
    for artifact in bundle.manifest.artifacts:
        for name in filter(artifact.owns, bundle.manifest.files):
            assert name not in files, f"two bundles have a file {name}"
            files[name] = bundle.directory / name
    facts["artifacts"] += others["artifacts"]
    facts["provenance"] = others["provenance"] | facts["provenance"]


def join(paths: Iterable[Path], target: Path, *, openvino: bool) -> None:
    """Writes `target`, which may be one of them."""
    with ExitStack() as stack:
        first, *rest = (stack.enter_context(open_bundle(path)) for path in paths)
        facts = facts_of(first)
        files = {name: first.directory / name for name in first.manifest.files}
        if openvino:
            add_openvino(facts)
        for bundle in rest:
            add(facts, files, bundle)
        manifest = write_bundle(facts, files, target, force=True)
    for artifact in manifest.artifacts:
        size = sum(record.bytes for name, record in manifest.files.items() if artifact.owns(name))
        print(f"{artifact.engine}:{artifact.precision} {artifact.file}: {size} bytes")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundles", type=Path, nargs="+", help="the one with the default artifact first")
    parser.add_argument("--openvino", action="store_true", help="let OpenVINO run the ONNX file")
    parser.add_argument("--out", type=Path, required=True, help="bundle to write or replace")
    args = parser.parse_args()
    join(args.bundles, args.out, openvino=args.openvino)


if __name__ == "__main__":
    main()
