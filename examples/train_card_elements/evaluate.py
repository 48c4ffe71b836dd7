"""Average precision, display threshold and speed of an ONNX file, with numpy and onnxruntime."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import onnxruntime

import metrics
from dataset import Sample, read_cards, read_voc, split
from detect import Model, detect
from labels import CLASSES, FloatArray


def open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """A session on the CPU with `threads` threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def as_function(session: onnxruntime.InferenceSession) -> Model:
    """The session as a function of numpy arrays, for `detect`."""

    def run(images: FloatArray) -> tuple[FloatArray, FloatArray]:
        boxes, scores = session.run(["boxes", "scores"], {"images": images})
        return np.asarray(boxes)[0], np.asarray(scores)[0]

    return run


def evaluate(model: Model, samples: list[Sample], size: int, limit: float) -> list[metrics.ClassResult]:
    """Result of every class on `samples`, suppression at `limit`, scores from 0.01."""
    pairs = [(detect(model, s.image(), size, 0.01, limit), s.labels) for s in samples]
    return metrics.results(pairs)


def shared_threshold(model: Model, samples: list[Sample], size: int, limit: float) -> float:
    """The one score threshold with the best F1, averaged over the classes that occur."""
    pairs = [(detect(model, s.image(), size, 0.05, limit), s.labels) for s in samples]
    best, chosen = -1.0, 0.5
    for step in range(5, 96):
        values = []
        for number in range(len(CLASSES)):
            parts = [metrics.match(found, labels, number) for found, labels in pairs]
            count = sum(int((labels.classes == number).sum()) for _, labels in pairs)
            if count == 0:
                continue
            shown = [v[s >= step / 100] for s, v in parts]
            right = sum(int((v == 1).sum()) for v in shown)
            wrong = sum(int((v == 0).sum()) for v in shown)
            values.append(2 * right / max(1, right + wrong + count))
        if float(np.mean(values)) > best:
            best, chosen = float(np.mean(values)), step / 100
    return chosen


def latency(session: onnxruntime.InferenceSession, size: int, runs: int = 60) -> float:
    """Median time of one picture in milliseconds, without preparation and suppression."""
    images = np.zeros((1, 3, size, size), np.float32)
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        session.run(None, {"images": images})
        times.append(time.perf_counter() - began)
    return 1000 * float(np.median(times[5:]))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--model", type=Path, required=True, help="ONNX file")
    add("--real", type=Path, help="folder of hand-labelled cards (Pascal VOC)")
    add("--held-out", action="store_true", help="of --real, only the part kept for validation")
    add("--drawn", type=Path, help="folder of drawn cards, as written by generate.py")
    add("--limit", type=float, default=0.5, help="overlap for suppression (default 0.5)")
    add("--threads", type=int, default=2, help="threads of onnxruntime (default 2)")
    args = parser.parse_args()
    session = open_session(args.model, args.threads)
    size = int(session.get_inputs()[0].shape[2])
    model = as_function(session)
    print(f"S = {size}, {latency(session, size):.1f} ms per picture ({args.threads} threads, p50)")
    parts: list[tuple[str, list[Sample]]] = []
    if args.real:
        real = read_voc(args.real)
        parts.append(("hand-labelled", split(real)[1] if args.held_out else real))
    if args.drawn:
        parts.append(("drawn", read_cards(args.drawn)))
    for title, samples in parts:
        print(f"\n{title}: {len(samples)} pictures")
        print(metrics.table(evaluate(model, samples, size, args.limit)))
        print(f"best shared threshold {shared_threshold(model, samples, size, args.limit):.2f}")


if __name__ == "__main__":
    main()
