"""Ids of models and labels: made from what they are, so that they need no file to outlive the process."""

import uuid
from collections.abc import Iterable

from inference_core.bundle import Manifest
from inference_core.errors import NotFoundError
from inference_core.repository import Entry

_NAMESPACE = uuid.UUID("7a1f5a0e-2a0e-5d0b-9a51-6b8c1f6f3c27")


def model_id(manifest: Manifest) -> str:
    """UUID version 5 of the model's name, its version, and the digests of the bundle's files."""
    files = (f"{path} {record.sha256}" for path, record in sorted(manifest.files.items()))
    return str(uuid.uuid5(_NAMESPACE, "\n".join((manifest.name, manifest.version, *files))))


def label_ids(manifest: Manifest) -> dict[str, str]:
    """UUID version 5 of each label's name, within its model."""
    model = uuid.UUID(model_id(manifest))
    return {label.name: str(uuid.uuid5(model, label.name)) for label in manifest.labels}


def find_model(entries: Iterable[Entry], wanted: str) -> tuple[str, str | None]:
    """Name and version of the model whose id is `wanted`; else `wanted` itself as a name, and no version.

    Raises:
        NotFoundError: it is the id of no model.
    """
    if not _is_id(wanted):
        return wanted, None
    for entry in entries:
        if model_id(entry.manifest) == wanted.lower():
            return entry.key
    raise NotFoundError("there is no model of that id", got=wanted, remedy="ask GET /load for the ids")


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
