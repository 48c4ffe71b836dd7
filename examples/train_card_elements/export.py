"""Write a trained checkpoint as one ONNX file and check it against torch.

Input "images" float32 [1, 3, S, S]; outputs "boxes" float32 [1, N, 4] (x1 y1 x2 y2 in input
pixels) and "scores" float32 [1, N, 6] in 0..1. Suppression of double detections is left to the
caller.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from labels import CLASSES
from model import Detector, parameter_count

OPSET = 18


class Deployed(nn.Module):
    """The detector with scores instead of logits, boxes first."""

    def __init__(self, detector: Detector) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """float32 [1, 3, S, S] -> boxes [1, N, 4], scores [1, N, 6]."""
        logits, boxes = self.detector(images)
        return boxes, logits.sigmoid()


def clean(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` without the exporter's notes (source lines, local paths), with plain names."""
    del model.metadata_props[:]
    del model.functions[:]
    model.doc_string = ""
    model.producer_name, model.producer_version = "train_card_elements", ""
    graph = model.graph
    graph.name, graph.doc_string = "card_elements", ""
    del graph.metadata_props[:]
    del graph.value_info[:]
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.doc_string = ""
        del value.metadata_props[:]
    _rename(graph)
    note = model.metadata_props.add()
    note.key, note.value = "classes", ",".join(CLASSES)
    return model


def _rename(graph: onnx.GraphProto) -> None:
    """Short names in order of appearance: smaller, and the same for every export."""
    fixed = {value.name for value in (*graph.input, *graph.output)} | {""}
    names: dict[str, str] = {}
    for index, tensor in enumerate(graph.initializer):
        names[tensor.name] = tensor.name = f"w{index}"
    for index, node in enumerate(graph.node):
        node.name = f"{node.op_type}_{index}"
        for name in node.output:
            if name not in fixed:
                names[name] = f"t{len(names)}"
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def export(checkpoint: Path, out: Path, size: int | None) -> int:
    """Write `out`; return the side of its input in pixels."""
    state = torch.load(checkpoint, weights_only=True)
    side = int(size or state["size"])
    detector = Detector()
    detector.load_state_dict(state["model"])
    detector.eval()
    deployed = Deployed(detector).eval()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "raw.onnx"
        torch.onnx.export(
            deployed, (torch.zeros(1, 3, side, side),), raw, dynamo=True, opset_version=OPSET,
            input_names=["images"], output_names=["boxes", "scores"], external_data=False,
        )  # fmt: skip
        model = clean(onnx.load(raw))
    onnx.checker.check_model(model, full_check=True)
    out.write_bytes(model.SerializeToString(deterministic=True))
    print(f"{out}: {out.stat().st_size} bytes, {parameter_count(detector)} weights, S = {side}")
    _compare(deployed, out, side)
    return side


def _compare(deployed: Deployed, path: Path, side: int) -> None:
    """Raise unless onnxruntime and torch agree on a random picture."""
    images = np.random.default_rng(0).random((1, 3, side, side), dtype=np.float32)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    boxes, scores = session.run(["boxes", "scores"], {"images": images})
    with torch.no_grad():
        wanted_boxes, wanted_scores = deployed(torch.from_numpy(images))
    box_gap = float(np.abs(np.asarray(boxes) - wanted_boxes.numpy()).max())
    score_gap = float(np.abs(np.asarray(scores) - wanted_scores.numpy()).max())
    print(f"largest difference from torch: boxes {box_gap:.2e} pixels, scores {score_gap:.2e}")
    if box_gap > 0.05 or score_gap > 1e-4:
        raise RuntimeError("onnxruntime and torch disagree")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True, help="last.pt of train.py")
    parser.add_argument("--out", type=Path, required=True, help="ONNX file to write")
    parser.add_argument("--size", type=int, help="side of the input (default: as trained)")
    args = parser.parse_args()
    export(args.checkpoint, args.out, args.size)


if __name__ == "__main__":
    main()
