"""MLServer's folder."""

import json
from pathlib import Path

from inference_core.bundle import open_bundle
from inference_core.export.choice import Choice, Server, Split
from inference_core.export.mlserver import server_settings, write_mlserver
from tests.bundle.test_writer import tree
from tests.export.bundles import IMAGES, LOGITS, artifact, bundle


def test_the_settings_are_those_of_the_artifact(tmp_path: Path) -> None:
    model = artifact(
        file="fp32/net.onnx",
        companions=["fp32/net.data"],
        inputs=[IMAGES | {"native": "images:0", "dtype": "uint8"}],
        outputs=[LOGITS | {"shape": ["batch"]}],
    )
    choice = Choice.of(bundle(tmp_path, model, files=["fp32/net.onnx", "fp32/net.data"]), Server.MLSERVER)
    write_mlserver(choice, tmp_path / "out")
    assert tree(tmp_path / "out").keys() == {"model-settings.json", "net.onnx", "net.data", "satchel_tensors.py"}
    assert json.loads((tmp_path / "out" / "model-settings.json").read_text()) == {
        "name": "tiny",
        "implementation": "satchel_tensors.SatchelTensors",
        "platform": "onnxruntime",
        "inputs": [{"name": "images", "datatype": "UINT8", "shape": [-1, 3, 6, 8]}],
        "outputs": [{"name": "logits", "datatype": "FP32", "shape": [-1]}],
        "parameters": {
            "uri": "./net.onnx",
            "version": "1",
            "extra": {"input": {"images": "images:0"}, "output": {"logits": "logits"}, "origin": choice.origin},
        },
    }


def test_for_pictures_it_gets_the_bundle_with_the_chosen_artifact(tmp_path: Path) -> None:
    opened = bundle(tmp_path, artifact("openvino", "model.xml"), artifact())
    choice = Choice.of(opened, Server.MLSERVER, split=Split.IMAGE, engine="onnxruntime")
    write_mlserver(choice, tmp_path / "out")
    settings = json.loads((tmp_path / "out" / "model-settings.json").read_text())
    assert settings["implementation"] == "satchel_image.SatchelPictures"
    assert settings["inputs"] == [{"name": "image", "datatype": "BYTES", "shape": [-1]}]
    assert settings["outputs"] == [{"name": "result", "datatype": "BYTES", "shape": [-1]}]
    assert settings["parameters"]["uri"] == "./bundle"
    assert "class SatchelPictures" in (tmp_path / "out" / "satchel_image.py").read_text()
    with open_bundle(tmp_path / "out" / "bundle") as held:
        assert [each.engine for each in held.manifest.artifacts] == ["onnxruntime"]


def test_one_process_infers() -> None:
    assert json.loads(server_settings()) == {"debug": False, "parallel_workers": 1}
