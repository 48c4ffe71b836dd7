"""YOLOX as its upstream demo runs it, written without our code: OpenCV, onnxruntime, NumPy.

Source: Megvii-BaseDetection/YOLOX, demo/ONNXRuntime/onnx_inference.py, yolox/data/data_augment.py (preproc) and
yolox/utils/demo_utils.py (demo_postprocess, multiclass_nms_class_aware).
"""

from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort

SIDE = 416
Found = tuple[int, float, np.ndarray]
"""Class index, score, box xyxy in pixels of the original."""


def prepare(path: Path) -> tuple[np.ndarray, float]:
    """The input tensor [1, 3, 416, 416], and the factor of the letterbox."""
    image = cv2.imread(str(path))
    assert image is not None
    ratio = min(SIDE / image.shape[0], SIDE / image.shape[1])
    size = (int(image.shape[1] * ratio), int(image.shape[0] * ratio))
    padded = np.ones((SIDE, SIDE, 3), np.uint8) * 114
    padded[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    return np.ascontiguousarray(padded.transpose(2, 0, 1), dtype=np.float32)[None], ratio


def decode(raw: np.ndarray) -> np.ndarray:
    """Rows [A, 85] with centre and size in input pixels."""
    grids, strides = [], []
    for stride in (8, 16, 32):
        cells = SIDE // stride
        xv, yv = np.meshgrid(np.arange(cells), np.arange(cells))
        grids.append(np.stack((xv, yv), 2).reshape(-1, 2))
        strides.append(np.full((cells * cells, 1), stride))
    grid, expanded = np.concatenate(grids), np.concatenate(strides)
    rows = raw.copy()
    rows[:, :2] = (rows[:, :2] + grid) * expanded
    rows[:, 2:4] = np.exp(rows[:, 2:4]) * expanded
    return rows


def suppress(boxes: np.ndarray, scores: np.ndarray, threshold: float) -> list[int]:
    """Upstream's single-class NMS; it counts both edge pixels into a box."""
    x1, y1, x2, y2 = boxes.T
    areas = (x2 - x1 + 1) * (y2 - y1 + 1)
    order, keep = scores.argsort()[::-1], []
    while order.size:
        i, rest = order[0], order[1:]
        keep.append(int(i))
        width = np.maximum(0.0, np.minimum(x2[i], x2[rest]) - np.maximum(x1[i], x1[rest]) + 1)
        height = np.maximum(0.0, np.minimum(y2[i], y2[rest]) - np.maximum(y1[i], y1[rest]) + 1)
        overlap = width * height / (areas[i] + areas[rest] - width * height)
        order = rest[overlap <= threshold]
    return keep


def detect(session: ort.InferenceSession, path: Path, minimum: float, threshold: float) -> list[Found]:
    """Class-aware detections: every class of a box that scores above `minimum`."""
    tensor, ratio = prepare(path)
    rows = decode(session.run(None, {"images": tensor})[0][0])
    boxes = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2], axis=1) / ratio
    scores = rows[:, 4:5] * rows[:, 5:]
    found: list[Found] = []
    for index in range(scores.shape[1]):
        chosen = np.flatnonzero(scores[:, index] > minimum)
        for kept in suppress(boxes[chosen], scores[chosen, index], threshold):
            row = chosen[kept]
            found.append((index, float(scores[row, index]), boxes[row]))
    return found
