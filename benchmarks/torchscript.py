"""One TorchScript file three ways: this runtime, Python torch, and onnxruntime on its ONNX twin, in one run.

Each way is a process of its own, since libtorch cannot be loaded twice; they take turns.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from benchmarks.timing import spread
from inference_core.cpu import available_cpus
from inference_core.packing import pack_model

_CONTENDER = Path(__file__).with_name("contender.py")
_INSTALLED = Path(__file__).with_name("installed.py")
_MODELS = Path(__file__).with_name("torch_models.py")
_QUIET = 0.05
"""Seconds after which the threads of the one before no longer spin."""
_SIZES = ((640, 480), (1280, 720), (1920, 1080))
_FORWARD = (224, 224)
_RECIPE = """
name = "{name}"
task = "classification"
architecture = "{name}"
license = "BSD-3-Clause"
labels = "imagenet_1000"
preprocess = [
  {{op = "decode"}}, {{op = "resize_short", length = 256}}, {{op = "crop", width = 224, height = 224}},
  {{op = "tensor", scale = 0.00392156862745098, mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225]}},
]
postprocess = [{{op = "softmax"}}, {{op = "top", k = 5}}]
"""


class Way(NamedTuple):
    """How to start one contender."""

    interpreter: str
    kind: str
    model: Path

    def start(self, picture: Path, threads: int) -> "subprocess.Popen[str]":
        """A process that answers once and waits for tasks."""
        command = [self.interpreter, str(_CONTENDER), self.kind, str(self.model), str(picture), str(threads)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def measure(torch_python: str, photograph: Path | None, rounds: int, name: str = "mobilenet_v2") -> None:
    """Prints latency, start, memory, size and throughput for one architecture of torchvision with random weights."""
    with tempfile.TemporaryDirectory() as created:
        folder = Path(created)
        subprocess.run([torch_python, str(_MODELS), created, name], check=True)
        ways = _ways(folder, name, torch_python)
        pictures = _pictures(folder, photograph)
        print(f"\n{name}, {available_cpus()} intra-op threads, JPEG to five classes, milliseconds: median (p10 to p90)")
        _latency(ways, pictures, rounds)
        _start(ways, pictures[_SIZES[0]], max(5, rounds // 10))
        _sizes(torch_python)
        _throughput(ways, pictures[_SIZES[0]], rounds)


def _ways(folder: Path, name: str, torch_python: str) -> dict[str, Way]:
    recipe = folder / "recipe.toml"
    recipe.write_text(_RECIPE.format(name=name))
    for kind in ("pt", "onnx"):
        pack_model(folder / f"{name}.{kind}", str(recipe), folder / kind)
    return {
        "satchel, TorchScript": Way(sys.executable, "satchel", folder / "pt"),
        "Python torch, eager": Way(torch_python, "torch", folder / f"{name}.pt"),
        "satchel, onnxruntime": Way(sys.executable, "satchel", folder / "onnx"),
        "native modules alone": Way(sys.executable, "native", folder / "pt"),
    }


def _pictures(folder: Path, photograph: Path | None) -> dict[tuple[int, int], Path]:
    original = Image.open(photograph) if photograph else Image.effect_mandelbrot((1920, 1080), (-2, -1, 1, 1), 99)
    pictures = {}
    for size in (*_SIZES, _FORWARD):
        pictures[size] = folder / f"{size[0]}.jpg"
        original.convert("RGB").resize(size, Image.Resampling.BICUBIC).save(pictures[size], quality=90)
    return pictures


def _ask(process: "subprocess.Popen[str]", **task: object) -> list[float]:
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps({"forward": False, "callers": 1} | task) + "\n")
    process.stdin.flush()
    samples: list[float] = json.loads(process.stdout.readline())
    return samples


def _open(ways: dict[str, Way], picture: Path, threads: int) -> dict[str, "subprocess.Popen[str]"]:
    processes = {name: way.start(picture, threads) for name, way in ways.items()}
    for process in processes.values():
        assert process.stdout is not None
        process.stdout.readline()
    return processes


def _close(processes: dict[str, "subprocess.Popen[str]"]) -> None:
    for process in processes.values():
        process.communicate()


def _latency(ways: dict[str, Way], pictures: dict[tuple[int, int], Path], rounds: int) -> None:
    processes = _open(ways, pictures[_SIZES[0]], available_cpus())
    for size, picture in pictures.items():
        alone = size == _FORWARD
        samples: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(rounds + 1):
            for name, process in processes.items():
                time.sleep(_QUIET)
                times = _ask(process, picture=str(picture), forward=alone, rounds=5)
                samples[name] += times if turn else []
        print("  forward pass alone" if alone else f"  {size[0]} x {size[1]}")
        _show(samples)
    _close(processes)


def _show(samples: dict[str, list[float]]) -> None:
    ours = spread(samples["satchel, TorchScript"]).median
    for name, times in samples.items():
        print(f"    {name:24} {spread(times)}   x{spread(times).median / ours:.2f}")


def _start(ways: dict[str, Way], picture: Path, rounds: int) -> None:
    samples: dict[str, list[float]] = {name: [] for name in ways}
    peaks: dict[str, list[int]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            process = way.start(picture, available_cpus())
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            if turn:
                samples[name].append((time.perf_counter() - began) * 1e3)
                peaks[name].append(ready["peak"])
            process.communicate()
    print("  process start to first answer, warm-up included")
    _show(samples)
    for name, values in peaks.items():
        print(f"    {name:24} peak resident memory {sorted(values)[len(values) // 2] / 1e6:.0f} MB")


def _sizes(torch_python: str) -> None:
    print("  installed files, with what they require")
    for name, (interpreter, packages) in {
        "satchel, TorchScript": (sys.executable, ("satchel-torchscript", "satchel-imaging")),
        "Python torch, eager": (torch_python, ("torch", "numpy", "pillow")),
        "satchel, onnxruntime": (sys.executable, ("onnxruntime", "satchel-imaging")),
    }.items():
        command = [interpreter, str(_INSTALLED), *packages]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        print(f"    {name:24} {int(done.stdout) / 1e6:.0f} MB")


def _throughput(ways: dict[str, Way], picture: Path, rounds: int) -> None:
    print("  requests per second, one intra-op thread: one caller, eight callers")
    processes = _open(ways, picture, 1)
    for name, process in processes.items():
        rates = []
        for callers in (1, 8):
            times = [_ask(process, picture=str(picture), callers=callers, rounds=rounds) for _ in range(5)]
            rates.append(1e3 / sorted(sum(t) / len(t) for t in times)[2])
        print(f"    {name:24} {rates[0]:8.1f} {rates[1]:8.1f}   x{rates[1] / rates[0]:.2f}")
    _close(processes)
