"""What every peer does between the bytes and the answer: Pillow, NumPy and onnxruntime, by the zoo's recipes.

It is imported in each peer's own environment, so it needs nothing of Satchel. `PEER_MODELS` is the folder of models,
`PEER_LABELS` that of the label lists, `PEER_THREADS` the threads of one inference.
"""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image, ImageOps

Floats = npt.NDArray[np.floating[Any]]
Whole = npt.NDArray[np.integer[Any]]
Answer = dict[str, Any]
Model = Callable[[bytes | Image.Image], Answer]

_MEAN = np.array((0.485, 0.456, 0.406), np.float32)
_STD = np.array((0.229, 0.224, 0.225), np.float32)
_SCALE, _SHIFT = 1 / (255 * _STD), -_MEAN / _STD
_SIDE = 416
_STRIDES = (8, 16, 32)
_LEAST_SCORE, _MOST_OVERLAP, _MOST_BOXES = 0.3, 0.45, 100


def open_model(name: str) -> Model:
    """The model called `name`: from the bytes of a picture to an answer that JSON can hold."""
    return {"mobilenet_v2": open_classifier, "yolox_nano": open_detector}[name]()


def open_classifier() -> Model:
    """MobileNetV2: the five likeliest classes."""
    session = _session("mobilenet_v2/mobilenetv2_nchw_logits1000.onnx")
    labels = _labels("imagenet_1000.txt")

    def predict(data: bytes | Image.Image) -> Answer:
        image = _decode(data)
        ratio = 256 / min(image.size)
        width, height = (max(256, int(side * ratio)) for side in image.size)
        left, top = round((width - 224) / 2), round((height - 224) / 2)
        image = image.resize((width, height), Image.Resampling.BILINEAR).crop((left, top, left + 224, top + 224))
        pixels = np.asarray(image) * _SCALE + _SHIFT
        [[logits]] = session.run(None, {"input": np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])})
        weights = np.exp(logits - logits.max())
        best = np.argsort(-logits)[:5]
        scores = weights[best] / weights.sum()
        return {"predictions": [_prediction(labels, i, s) for i, s in zip(best, scores, strict=True)]}

    return predict


def open_detector() -> Model:
    """YOLOX-Nano: up to a hundred boxes, in pixels of the picture."""
    session = _session("yolox_nano/yolox_nano.onnx")
    labels = _labels("coco_80.txt")
    centres, strides = _grid()

    def predict(data: bytes | Image.Image) -> Answer:
        image = _decode(data)
        ratio = min(_SIDE / image.width, _SIDE / image.height)
        width, height = int(image.width * ratio), int(image.height * ratio)
        # Two-tap resampling, as OpenCV's, with which the model was trained.
        matrix = (image.width / width, 0, 0, 0, image.height / height, 0)
        small = image.transform((width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
        tensor = np.full((1, 3, _SIDE, _SIDE), 114, np.float32)
        tensor[0, :, :height, :width] = np.asarray(small)[:, :, ::-1].transpose(2, 0, 1)
        [[output]] = session.run(None, {"images": tensor})
        boxes, scores, classes = _select(output, centres, strides)
        boxes = (boxes / ratio).clip(0, [image.width, image.height] * 2)
        rows = zip(classes, scores, boxes, strict=True)
        return {"predictions": [_prediction(labels, c, s) | {"box": box.tolist()} for c, s, box in rows]}

    return predict


def _session(path: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["PEER_THREADS"])
    # Idle threads that spin take the cores from the other sessions and from the server.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    model = str(Path(os.environ["PEER_MODELS"]) / path)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _labels(name: str) -> list[str]:
    return (Path(os.environ["PEER_LABELS"]) / name).read_text().splitlines()


def _decode(data: bytes | Image.Image) -> Image.Image:
    """The upright picture in RGB; a server that opens the file itself gives the picture."""
    image = Image.open(io.BytesIO(data)) if isinstance(data, bytes) else data
    return ImageOps.exif_transpose(image).convert("RGB")


def _prediction(labels: list[str], index: int, score: float) -> dict[str, Any]:
    return {"label": labels[index], "class_id": int(index), "score": float(score)}


def _grid() -> tuple[Floats, Floats]:
    """Cell corners [n, 2] and strides [n, 1], in the order of the model's rows."""
    cells, strides = [], []
    for stride in _STRIDES:
        side = _SIDE // stride
        rows, columns = np.mgrid[:side, :side]
        cells.append(np.stack((columns, rows), -1).reshape(-1, 2))
        strides.append(np.full((side * side, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def _select(output: Floats, cells: Floats, strides: Floats) -> tuple[Floats, Floats, Whole]:
    """Boxes [n, 4] in pixels of the input, scores and classes: the best first, overlaps of one class removed."""
    likely = np.flatnonzero(output[:, 4] >= _LEAST_SCORE)
    output, cells, strides = output[likely], cells[likely], strides[likely]
    scores = output[:, 5:] * output[:, 4:5]
    classes = scores.argmax(1)
    best: Floats = scores.max(1, initial=0.0)
    order = np.argsort(-best, kind="stable")
    order = order[best[order] >= _LEAST_SCORE]
    centre = (output[order, :2] + cells[order]) * strides[order]
    half = np.exp(output[order, 2:4]) * strides[order] / 2
    boxes, classes = np.concatenate((centre - half, centre + half), 1), classes[order]
    kept = _suppress(boxes + classes[:, None] * 4 * _SIDE)[:_MOST_BOXES]  # classes are moved apart
    return boxes[kept], best[order][kept], classes[kept]


def _suppress(boxes: Floats) -> list[int]:
    """The rows that no better one overlaps too much."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left, kept = np.arange(len(boxes)), []
    while len(left):
        first, left = left[0], left[1:]
        kept.append(int(first))
        low = np.maximum(boxes[first, :2], boxes[left, :2])
        high = np.minimum(boxes[first, 2:], boxes[left, 2:])
        shared = np.prod((high - low).clip(0), 1)
        left = left[shared <= _MOST_OVERLAP * (areas[first] + areas[left] - shared)]
    return kept
