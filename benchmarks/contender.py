"""One way to answer, in a process of its own: `python contender.py KIND MODEL PICTURE THREADS`.

After its first answer it prints its peak memory. Then it reads lines of JSON, each a task, and prints a line with the
milliseconds of each call. It imports nothing but what its kind needs, so that start and memory are its own.
"""

import io
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

_MEAN = (0.485, 0.456, 0.406)
_STD = (0.229, 0.224, 0.225)
# What a manifest leaves out where it is null, and the native modules want said.
_UNSAID: dict[str, dict[str, None]] = {
    "resize_short": {"limit": None},
    "tensor": {"input": None},
    "softmax": {"output": None},
}

Predict = Callable[[bytes], Any]
Forward = Callable[[], Any]


def open_torch(model: str, threads: int) -> tuple[Predict, Forward]:
    """What most services do: `torch.jit.load`, Pillow, and the preprocessing of torchvision's weights."""
    import warnings

    import numpy as np
    import torch
    from PIL import Image

    warnings.simplefilter("ignore")
    torch.set_num_threads(threads)
    net = torch.jit.load(model).eval()
    mean, std = np.array(_MEAN, np.float32), np.array(_STD, np.float32)

    def prepare(data: bytes) -> torch.Tensor:
        image = Image.open(io.BytesIO(data)).convert("RGB")
        scale = 256 / min(image.size)
        width, height = (int(side * scale) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BILINEAR)
        left, top = (width - 224) // 2, (height - 224) // 2
        pixels = np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32) / 255
        return torch.from_numpy(((pixels - mean) / std).transpose(2, 0, 1)[None].copy())

    def predict(data: bytes) -> list[tuple[int, float]]:
        with torch.inference_mode():
            best = torch.softmax(net(prepare(data))[0], 0).topk(5)
        return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))

    image = torch.rand(1, 3, 224, 224)

    def forward() -> torch.Tensor:
        with torch.inference_mode():
            return net(image)

    return predict, forward


def open_satchel(model: str, threads: int) -> tuple[Predict, Forward]:
    """A bundle of ours."""
    import numpy as np

    from inference_core import LocalPredictor, open_bundle
    from inference_core.engines import EngineOptions

    predictor = LocalPredictor.load(open_bundle(Path(model)), options=EngineOptions(threads=threads, spin=True))
    predictor.warm_up()
    [spec] = predictor.artifact.inputs
    feed = {spec.name: np.random.default_rng(0).random((1, 3, 224, 224), dtype=np.float32)}
    return (lambda data: predictor.predict([data])), (lambda: predictor.engine.infer(feed))


def open_native(model: str, threads: int) -> tuple[Predict, Forward]:
    """The native modules by themselves, on the steps and the archive of a bundle."""
    import numpy as np
    import satchel_imaging
    import satchel_torchscript

    folder = Path(model)
    manifest = json.loads((folder / "bundle.json").read_text())
    before, after = (
        [_UNSAID.get(step["op"], {}) | step for step in manifest[chain]] for chain in ("preprocess", "postprocess")
    )
    pipeline = satchel_imaging.Pipeline(before, max_pixels=50_000_000, threads=threads)
    post = satchel_imaging.Postprocessor(after, ["output"])
    net = satchel_torchscript.Module(folder / "model.pt", threads=threads)
    image = np.random.default_rng(0).random((1, 3, 224, 224), dtype=np.float32)
    net.prepare([image])

    def predict(data: bytes) -> object:
        prepared = pipeline.run(data)
        output = net.run([prepared.tensor])["output"][0]
        return post.run({"output": output}, 224, 224, prepared.geometry).index

    return predict, lambda: net.run([image])


def peak_memory() -> int:
    """The largest resident size so far, in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("the kernel does not tell the peak of this process's memory")


def timed(call: Callable[[], Any], rounds: int) -> list[float]:
    """Milliseconds of each of `rounds` calls."""
    samples = []
    for _ in range(rounds):
        began = time.perf_counter()
        call()
        samples.append((time.perf_counter() - began) * 1e3)
    return samples


def concurrently(call: Callable[[], Any], callers: int, rounds: int) -> list[float]:
    """Milliseconds per call of `callers` threads that make `rounds` calls each, as one figure."""
    began = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        for done in [pool.submit(timed, call, rounds) for _ in range(callers)]:
            done.result()
    return [(time.perf_counter() - began) * 1e3 / (callers * rounds)]


def main(kind: str, model: str, picture: str, threads: int) -> None:
    """Answers once, then works off the tasks on standard input."""
    predict, forward = _OPENERS[kind](model, threads)
    predict(Path(picture).read_bytes())
    print(json.dumps({"peak": peak_memory()}), flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        data = Path(task["picture"]).read_bytes()
        call = forward if task["forward"] else partial(predict, data)
        callers = task["callers"]
        call()  # wakes threads and caches that the others' turns sent to sleep
        samples = concurrently(call, callers, task["rounds"]) if callers > 1 else timed(call, task["rounds"])
        print(json.dumps(samples), flush=True)


_OPENERS = {"torch": open_torch, "satchel": open_satchel, "native": open_native}

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
