"""The bundle: a directory with `bundle.json`, model files and labels, verified when opened."""

from inference_core.bundle.manifest import (
    MANIFEST_NAME,
    Artifact,
    Label,
    Manifest,
    Recipe,
    manifest_schema,
)
from inference_core.bundle.reader import Bundle, open_bundle, read_manifest
from inference_core.bundle.remote import Remote
from inference_core.bundle.tensors import TensorSpec
from inference_core.bundle.writer import write_bundle

__all__ = [
    "MANIFEST_NAME",
    "Artifact",
    "Bundle",
    "Label",
    "Manifest",
    "Recipe",
    "Remote",
    "TensorSpec",
    "manifest_schema",
    "open_bundle",
    "read_manifest",
    "write_bundle",
]
