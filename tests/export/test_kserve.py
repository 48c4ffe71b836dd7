"""KServe's InferenceService, and its storage."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from inference_core.export.choice import Choice, Server
from inference_core.export.kserve import write_kserve
from inference_core.export.triton import write_triton
from tests.bundle.test_writer import tree
from tests.export.bundles import artifact, bundle


@pytest.mark.parametrize(("name", "service"), [("tiny", "tiny"), ("ssd_mobilenet.v1_", "ssd-mobilenet-v1")])
def test_the_service_runs_triton_on_the_repository(tmp_path: Path, name: str, service: str) -> None:
    choice = Choice.of(bundle(tmp_path, artifact(), name=name), Server.KSERVE)
    write_kserve(choice, tmp_path / "out")
    text = (tmp_path / "out" / "inference_service.yaml").read_text()
    assert YAML(typ="safe").load(text) == {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": service},
        "spec": {
            "predictor": {
                "model": {
                    "modelFormat": {"name": "triton"},
                    "protocolVersion": "v2",
                    "storageUri": f"pvc://models/{name}",
                }
            }
        },
    }
    assert text.startswith(f"# {choice.origin}\n")
    write_triton(choice, tmp_path / "alone" / name)
    assert tree(tmp_path / "out" / "repository") == tree(tmp_path / "alone")
