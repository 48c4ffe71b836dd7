"""TensorFlow models run by TensorFlow alone: a script that imports nothing of ours.

    python tensorflow_upstream.py detect|classify MODEL PICTURE...

It prints a JSON list with one entry for each picture: rows of class id, score, x1, y1, x2, y2 in pixels; or the
probabilities.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image

tf1 = tf.compat.v1


def runner(model: Path) -> Any:
    """Takes an array, gives the outputs by name."""
    if model.is_dir():
        served = tf.saved_model.load(str(model)).signatures["serving_default"]
        [name] = served.structured_input_signature[1]
        return lambda array: {key: value.numpy() for key, value in served(**{name: tf.constant(array)}).items()}
    definition = tf1.GraphDef.FromString(model.read_bytes())
    with tf.Graph().as_default() as graph:
        tf1.import_graph_def(definition, name="")
    session = tf1.Session(graph=graph)
    names = ["detection_boxes", "detection_scores", "detection_classes", "num_detections"]
    fetches = {name: f"{name}:0" for name in names}
    return lambda array: session.run(fetches, {"image_tensor:0": array})


def detect(run: Any, path: str) -> list[list[float]]:
    image = Image.open(path).convert("RGB")
    found = run(np.asarray(image)[None])
    height, width = image.height, image.width
    rows = []
    for index in range(int(found["num_detections"][0])):
        y1, x1, y2, x2 = (found["detection_boxes"][0][index] * [height, width, height, width]).clip(0).tolist()
        score, number = float(found["detection_scores"][0][index]), float(found["detection_classes"][0][index])
        rows.append([number, score, x1, y1, min(x2, width), min(y2, height)])
    return rows


def classify(run: Any, path: str) -> list[float]:
    image = Image.open(path).convert("RGB")
    width, height = image.size
    size = (256, int(256 * height / width)) if width <= height else (int(256 * width / height), 256)
    left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
    cut = image.resize(size, Image.Resampling.BILINEAR).crop((left, top, left + 224, top + 224))
    answer: list[float] = run((np.asarray(cut, np.float32) / 127.5 - 1)[None])["probabilities"][0].tolist()
    return answer


if __name__ == "__main__":
    read = {"detect": detect, "classify": classify}[sys.argv[1]]
    loaded = runner(Path(sys.argv[2]))
    print(json.dumps([read(loaded, path) for path in sys.argv[3:]]))
