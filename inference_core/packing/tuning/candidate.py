"""One way to run a model, in a process of its own: loaded, compared, timed. See `packing.apart`."""

import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from inference_core.batching import check_batch, largest_batch, stack
from inference_core.bundle import Artifact, Manifest
from inference_core.bundle.schema import parse_record
from inference_core.engines import Array, EngineOptions, engine_type
from inference_core.errors import SatchelError
from inference_core.imaging import sample_picture
from inference_core.packing.trial import TRIAL_SIZES, failed
from inference_core.packing.tuning.agreement import compare_outputs
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Result

_STATUS = Path("/proc/self/status")
_PEAK = "VmHWM:"
_SAMPLE = 32
"""Most inputs that batches are made of."""


class Candidate:
    """An artifact, loaded to be measured. Arguments and answers are JSON.

    Args:
        artifact: as in a manifest.
        manifest: path of a `bundle.json`: the steps and labels to predict with.
        directory: the artifact's files lie there.
        options: keyword arguments of `EngineOptions`.
        inputs: paths of .npy files, at least one: an input tensor [1, ...] each.
        file: its name in `directory`, by default that of the artifact.
        warm_up: whether the engine prepares the declared shapes, as when it serves. Without, it runs the plain graph.

    Raises:
        SatchelError: the engine cannot load or run it.
    """

    def __init__(
        self,
        artifact: dict[str, Any],
        manifest: str,
        directory: str,
        options: dict[str, Any],
        inputs: list[str],
        file: str | None = None,
        warm_up: bool = True,
    ) -> None:
        parsed = parse_record(Artifact, json.dumps(artifact), where="the artifact")
        self._artifact = parsed.model_copy(update={"file": file or parsed.file})
        self._manifest = parse_record(Manifest, Path(manifest).read_bytes(), where=manifest)
        self._options = EngineOptions(**options)
        self._inputs = inputs
        self._spec = self._artifact.input(self._manifest.tensor_step.input)
        self._batch = largest_batch(self._spec, 1)
        first = self._load(inputs[0])
        engine = engine_type(self._artifact.engine)
        began = time.perf_counter()
        self._engine = engine.load(self._artifact, Path(directory), self._options)
        if warm_up:
            self._engine.warm_up()
        self._infer(first)
        self._load_ms = _since(began)

    def facts(self) -> dict[str, Any]:
        """`load_ms`: from the file to the first answer, the engine's package imported before; `notes` of the engine."""
        return {"load_ms": self._load_ms, "notes": list(self._engine.describe().notes)}

    def outputs(self, files: list[str]) -> None:
        """Writes what the model gives for each input: .npz files that `verify` reads. Outputs of text are left out."""
        for path, file in zip(self._inputs, files, strict=True):
            numbers = self._numbers(self._load(path))
            np.savez(file, *numbers.values(), names=np.array(list(numbers)))

    def verify(self, expected: list[str]) -> dict[str, Any]:
        """Compares the outputs with those in the files that `outputs` of the source model wrote.

        Returns:
            `max_absolute` and `max_relative` (see `compare_outputs`; may be infinite), and where the latter is: the
            `output`, and the place of the input, `image`.
        """
        pairs = zip(self._inputs, expected, strict=True)
        differences = [compare_outputs(_read_outputs(file), self._numbers(self._load(path))) for path, file in pairs]
        image = max(
            range(len(differences)), key=lambda place: (differences[place].relative, differences[place].absolute)
        )
        return {
            "max_absolute": max(difference.absolute for difference in differences),
            "max_relative": differences[image].relative,
            "output": differences[image].output,
            "image": image,
        }

    def verify_batch(self, images: int) -> dict[str, Any]:
        """Compares the outputs for so many images at once, zeros among them, with those for each of them alone.

        Returns:
            `max_relative` (see `compare_outputs`; may be infinite), and the `output` where that is.

        Raises:
            EngineError: the model does not run on so many, or its outputs do not have the batch on axis 0.
        """
        differences = []
        for group in self._groups():
            for batch in _batches([*group, np.zeros_like(group[0])], images):
                alone = [self._rows([tensor]) for tensor in batch]
                expected = {name: np.concatenate([one[name] for one in alone]) for name in alone[0]}
                differences.append(compare_outputs(expected, self._rows(batch)))
        worst = max(differences, key=lambda difference: difference.relative)
        return {"max_relative": worst.relative, "output": worst.output}

    def predict(self, images: list[str], batch: int = 1) -> list[dict[str, Any]]:
        """The result of each picture file, in order, for `read_results`.

        Args:
            images: the files.
            batch: how many the model is given at once, where its batch axis allows; a generated picture fills up.

        Raises:
            PackError: a picture cannot be used.
        """
        threads = self._options.threads
        predictor = LocalPredictor(self._manifest, self._artifact, self._engine, threads=threads)
        results = []
        filling = sample_picture(*TRIAL_SIZES[0])
        for start in range(0, len(images), batch):
            paths = images[start : start + batch]
            given = [Path(path).read_bytes() for path in paths] + [filling] * (batch - len(paths))
            for path, outcome in zip(paths, predictor.predict(given), strict=False):
                if isinstance(outcome, SatchelError):
                    raise failed(f"picture {path} cannot be used", outcome) from outcome
                results.append(asdict(outcome))
        return results

    def time(self, seconds: float, images: int | None = None) -> dict[str, Any]:
        """Runs the inputs in turn for so long, on as many threads as there are to be inferences at once.

        Before that, every shape is run as often as there are threads, and not timed. Threads end with the inference
        they are in.

        Args:
            seconds: how long.
            images: of one inference, what else its batch axis asks for being zeros that do not count; None gives it
                one, or as many as it asks for, which then count.

        Returns:
            `latencies_ms` of all inferences, at least one for each thread, and `images_per_second`.
        """
        batches = [batch for group in self._groups() for batch in _batches(group, images)] if images else []
        tensors = [stack(batch, self._spec) for batch in batches] or [self._load(path) for path in self._inputs]
        shapes = {tensor.shape: tensor for tensor in tensors}
        instances = self._options.instances
        with ThreadPoolExecutor(instances) as pool:
            list(pool.map(self._infer, list(shapes.values()) * instances))
            began = time.perf_counter()
            runs = [pool.submit(self._run, tensors, first, began + seconds) for first in range(instances)]
            latencies = [latency for run in runs for latency in run.result()]
        done = len(latencies) * (images or self._batch)
        return {"latencies_ms": latencies, "images_per_second": round(done / (time.perf_counter() - began), 3)}

    def memory(self) -> float:
        """Peak resident memory of this process so far, 10^6 bytes: VmHWM of Linux, in units of 1024 bytes."""
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith(_PEAK))
        return int(line.split()[1]) * 1024 / 1e6

    def _load(self, path: str) -> Array:
        """The tensor of a file, as often as the batch axis asks for."""
        tensor: Array = np.load(path, allow_pickle=False)
        return stack([tensor] * self._batch, self._spec)

    def _groups(self) -> list[list[Array]]:
        """A sample of the inputs, those of one shape together."""
        shapes: dict[tuple[int, ...], list[Array]] = {}
        for path in self._inputs[:_SAMPLE]:
            tensor: Array = np.load(path, allow_pickle=False)
            shapes.setdefault(tensor.shape, []).append(tensor)
        return list(shapes.values())

    def _infer(self, tensor: Array) -> dict[str, Array]:
        return self._engine.infer({self._spec.name: tensor})

    def _rows(self, tensors: Sequence[Array]) -> dict[str, Array]:
        """The outputs for so many images, without the rows of what fills them up."""
        tensor = stack(tensors, self._spec)
        outputs = self._numbers(tensor)
        check_batch(outputs, len(tensor))
        return {name: value[: len(tensors)] for name, value in outputs.items()}

    def _numbers(self, tensor: Array) -> dict[str, Array]:
        """The outputs, but those of text; bfloat16, which .npz files do not know, as float32."""
        outputs = self._infer(tensor)
        specs = [spec for spec in self._artifact.outputs if spec.dtype != "string"]
        return {spec.name: _plain(outputs[spec.name]) for spec in specs}

    def _run(self, tensors: Sequence[Array], first: int, end: float) -> list[float]:
        latencies = []
        for turn in count(first):
            began = time.perf_counter()
            self._infer(tensors[turn % len(tensors)])
            latencies.append(_since(began))
            if time.perf_counter() >= end:
                break
        return latencies


def read_results(answer: Sequence[dict[str, Any]]) -> list[Result]:
    """The results that `Candidate.predict` answered."""
    return TypeAdapter(list[Result]).validate_python(answer)


def summary(latencies: Sequence[float]) -> dict[str, float]:
    """`p50_ms`, `p90_ms` and `p99_ms` of at least one latency: of all, the smallest that so many percent do not exceed
    (nearest rank)."""
    percents = (50, 90, 99)
    values = np.percentile(latencies, percents, method="inverted_cdf")
    return {f"p{percent}_ms": float(value) for percent, value in zip(percents, values, strict=True)}


def _read_outputs(file: str) -> dict[str, Array]:
    """What `Candidate.outputs` wrote: arrays in the order of `names`."""
    with np.load(file, allow_pickle=False) as archive:
        return {name: archive[f"arr_{place}"] for place, name in enumerate(archive["names"].tolist())}


def _batches(tensors: Sequence[Array], size: int) -> list[list[Array]]:
    """All of them in order, `size` at a time; the last batch is filled up from the beginning."""
    whole = -(-len(tensors) // size) * size
    turns = list(islice(cycle(tensors), whole))
    return [turns[start : start + size] for start in range(0, whole, size)]


def _plain(value: Array) -> Array:
    return value.astype(np.float32) if value.dtype.name == "bfloat16" else value


def _since(began: float) -> float:
    """Milliseconds since `began` (`time.perf_counter()`), to the microsecond."""
    return round((time.perf_counter() - began) * 1e3, 3)
