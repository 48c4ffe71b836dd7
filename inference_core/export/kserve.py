"""KServe: an InferenceService, and the model repository of Triton that its storage is to hold.

Specification: https://kserve.github.io/website/docs/reference/crd-api and
https://kserve.github.io/website/docs/model-serving/predictive-inference/frameworks/overview
"""

import re
from pathlib import Path

from inference_core.export.choice import Choice
from inference_core.export.triton import write_triton

SERVICE = "inference_service.yaml"
REPOSITORY = "repository"
_SERVICE = """\
# {origin}
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: {name}
spec:
  predictor:
    model:
      modelFormat:
        name: triton
      protocolVersion: v2
      # Where the directory `{repository}` beside this file was copied to.
      storageUri: {storage}
"""


def write_kserve(choice: Choice, folder: Path) -> None:
    """Writes the service and its storage.

    Raises:
        ExportError: see `write_triton`.
    """
    write_triton(choice, folder / REPOSITORY / choice.name)
    text = _SERVICE.format(
        origin=choice.origin, name=service_name(choice), repository=REPOSITORY, storage=storage(choice)
    )
    (folder / SERVICE).write_text(text, encoding="utf-8")


def service_name(choice: Choice) -> str:
    """The model's name as Kubernetes takes it: RFC 1123 has neither underscores nor dots in a label."""
    return re.sub(r"[_.]", "-", choice.name).strip("-")


def storage(choice: Choice) -> str:
    """A volume that people will have to name otherwise, or to make."""
    return f"pvc://models/{choice.name}"
