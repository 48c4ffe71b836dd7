"""Tiny TensorFlow models, and the engine on them. Runs in a process of its own: tests never import TensorFlow."""

import dataclasses
import json
import logging
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from inference_core.bundle import Artifact
from inference_core.engines import EngineOptions, load_engine


class TensorFlowBench:
    """Writes the models into a folder, then opens them and runs them.

    Each gives logits [N, 3], ten times the mean of each colour of images [N, 8, 8, 3]: `frozen.pb`, `saved_model`,
    `model.tflite`, and `tables`, which looks the ten up in a table. `other` and `several` differ in their signatures.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._write_frozen()
        one = _variable_means()
        self._save("saved_model", one, {"serving_default": one.logits})
        self._save("other", one, {"mine": one.logits})
        self._save("several", one, {"mine": one.logits, "yours": one.logits})
        table = _table_means()
        self._save("tables", table, {"serving_default": table.logits})
        converter = tf.lite.TFLiteConverter.from_saved_model(str(self._folder / "saved_model"))
        (self._folder / "model.tflite").write_bytes(converter.convert())

    def open(self, artifact: dict[str, Any], **options: Any) -> dict[str, Any]:
        """Loads and warms up; what the engine says of itself, and what was written to logs and warnings meanwhile."""
        listener = _Listener()
        tf.get_logger().addHandler(listener)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            opened = Artifact.model_validate_json(json.dumps(artifact))
            self._engine = load_engine(opened, self._folder, EngineOptions(**options))
            self._engine.warm_up()
        tf.get_logger().removeHandler(listener)
        said = [*listener.said, *(str(warning.message) for warning in caught)]
        return {**dataclasses.asdict(self._engine.describe()), "said": said}

    def infer(
        self, colors: list[list[float]], *, name: str = "images", dtype: str = "float32", allowed: float | None = None
    ) -> dict[str, Any]:
        """The outputs for plain images, given `allowed` seconds."""
        deadline = None if allowed is None else time.monotonic() + allowed
        outputs = self._engine.infer({name: _plain(colors, dtype)}, deadline=deadline)
        return {name: [value.dtype.name, value.tolist()] for name, value in outputs.items()}

    def crowd(self, callers: int) -> list[bool]:
        """Whether each of many callers got the answers to its own images."""

        def ask(value: int) -> bool:
            image = _plain([[value, -value, 0.5]] * (1 + value % 2), "float32")
            answers = np.concatenate([self._engine.infer({"images": image})["logits"] for _ in range(10)])
            return bool(np.allclose(answers, [10 * value, -10 * value, 5], rtol=1e-5))

        with ThreadPoolExecutor(callers) as threads:
            return list(threads.map(ask, range(4 * callers)))

    def detect(self, folder: str, file: str, image: str) -> dict[str, Any]:
        """The surest detection of the SSD detector in the photograph, an array [1, h, w, 3]."""
        suffix = ":0" if file.endswith(".pb") else ""
        pixels = "image_tensor:0" if file.endswith(".pb") else "input_tensor"
        shape = [1, "height", "width", 3]
        facts = {
            "engine": "tensorflow",
            "precision": "fp32",
            "file": file,
            "inputs": [{"name": "image", "native": pixels, "dtype": "uint8", "shape": shape}],
            "outputs": [
                {"name": name, "native": f"detection_{name}{suffix}", "dtype": "float32", "shape": [1, 100]}
                for name in ("scores", "classes")
            ],
        }
        engine = load_engine(Artifact.model_validate_json(json.dumps(facts)), Path(folder), EngineOptions(threads=2))
        outputs = engine.infer({"image": np.load(image, allow_pickle=False)})
        return {"score": float(outputs["scores"][0, 0]), "class": int(outputs["classes"][0, 0])}

    def sessions(self) -> list[dict[str, Any]]:
        """Threads and kinds of operations of each session."""
        programs: Any = self._engine
        return [
            {
                "threads": program._session._config.intra_op_parallelism_threads,
                "operations": sorted({op.type for op in program._session.graph.get_operations()}),
            }
            for program in programs._programs.instances
        ]

    def close(self) -> None:
        """Closes the engine."""
        self._engine.close()

    def _write_frozen(self) -> None:
        with tf.Graph().as_default() as graph:
            images = tf.compat.v1.placeholder(tf.float32, [None, 8, 8, 3], name="images")
            tf.multiply(tf.reduce_mean(images, [1, 2]), 10.0, name="logits")
        (self._folder / "frozen.pb").write_bytes(graph.as_graph_def().SerializeToString())

    def _save(self, name: str, module: Any, signatures: dict[str, Any]) -> None:
        tf.saved_model.save(module, str(self._folder / name), signatures=signatures)


def _plain(colors: list[list[float]], dtype: str) -> Any:
    return np.broadcast_to(np.array(colors, dtype)[:, None, None, :], (len(colors), 8, 8, len(colors[0]))).copy()


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _means(scale: Callable[[], Any], held: Any) -> Any:
    """A module that keeps what `scale` reads."""
    module = tf.Module()
    module.held = held
    images = tf.TensorSpec([None, 8, 8, 3], tf.float32, name="images")
    module.logits = tf.function(lambda images: {"logits": tf.reduce_mean(images, [1, 2]) * scale()}, [images])
    return module


def _variable_means() -> Any:
    variable = tf.Variable(10.0)
    return _means(lambda: variable, variable)


def _table_means() -> Any:
    entries = tf.lookup.KeyValueTensorInitializer(["scale"], [10.0])
    table = tf.lookup.StaticHashTable(entries, 0.0)
    return _means(lambda: table.lookup(tf.constant("scale")), table)
