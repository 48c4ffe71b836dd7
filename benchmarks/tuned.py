"""What `satchel pack --tune` picks, beside each library as it comes: forward passes, in one run, taking turns."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from benchmarks.peak import peak
from benchmarks.timing import spread
from inference_core.bundle import open_bundle
from inference_core.cpu import available_cpus
from inference_core.imaging import Preprocessor
from inference_core.packing import Choice, pack_model
from inference_core.packing.apart import Apart
from inference_core.packing.pictures import find_pictures
from inference_core.packing.tuning.report import headline

_SECONDS = 0.5
_MAX_DROP = 0.05  # one picture in twenty
_RESNET50_OPERATIONS = 8.18e9
"""Multiplications and additions of one 224 x 224 picture: 4.09 GMACs by torchvision's table of models."""


class Case(NamedTuple):
    """A model to tune, and the forms the plain libraries take it in."""

    model: str
    recipe: str
    plain: Mapping[str, Path]
    """By the kind of `benchmarks.forward`."""
    rated: bool = False
    """Whether the pictures' truth is the model's: else it is held to the source model's answers."""


def measure(assets: Path, rounds: int) -> None:
    """Tunes each model and prints the pick's latency beside the plain libraries'.

    Args:
        assets: the folder with `models/` and `images/coco_val2017`.
        rounds: turns of each.
    """
    print(f"\nforward passes, {available_cpus()} CPUs, milliseconds: median (p10 to p90), and times the pick's")
    with TemporaryDirectory() as created:
        folder = Path(created)
        for case in _cases(assets / "models", folder):
            _compare(case, assets / "images" / "coco_val2017", folder, rounds)
        _share_of_peak(assets / "images" / "coco_val2017" / "images", folder, rounds)


def _cases(models: Path, folder: Path) -> Iterator[Case]:
    yolox = models / "yolox_nano" / "yolox_nano.onnx"
    yield Case(str(yolox), "yolox_nano", {"onnxruntime": yolox, "openvino": yolox}, rated=True)
    mobilenet = models / "mobilenet_v2" / "mobilenetv2_nchw_logits1000.onnx"
    yield Case(str(mobilenet), "mobilenet_v2", {"onnxruntime": mobilenet, "openvino": mobilenet})
    squeezenet = models / "squeezenet" / "squeezenet_v1.0_torchscript.pt"
    twin = squeezenet.with_name("squeezenet_v1.0.onnx")
    yield Case(str(squeezenet), "squeezenet_v1_0", {"torch": squeezenet, "onnxruntime": twin, "openvino": twin})
    ssd = models / "ssd_mobilenet_v1" / "frozen_inference_graph.pb"
    twin = _plain_onnx(str(ssd), "ssd_mobilenet_v1", folder)
    yield Case(str(ssd), "ssd_mobilenet_v1", {"onnxruntime": twin, "openvino": twin}, rated=True)


def _plain_onnx(model: str, recipe: str, folder: Path) -> Path:
    target = folder / f"{recipe}_onnx"
    pack_model(model, recipe, target, choice=Choice(engines=("onnxruntime",)))
    return target / "model.onnx"


def _compare(case: Case, coco: Path, folder: Path, rounds: int) -> None:
    bundle = folder / case.recipe
    truth = coco / "instances.json" if case.rated else None
    choice = Choice(goal="latency", dataset=truth, images=None if truth else coco / "images", max_drop=_MAX_DROP)
    tuning = pack_model(case.model, case.recipe, bundle, choice=choice).manifest.tuning
    assert tuning is not None
    print(f"\n{case.recipe}: {headline(tuning)}")
    tensor = _tensor(bundle, coco / "images", folder)
    ways = {"pick": ("pick", bundle)} | {kind: (kind, path) for kind, path in case.plain.items()}
    samples = _take_turns(ways, tensor, rounds)
    ours = spread(samples["pick"]).median
    for name, times in samples.items():
        print(f"  {name:14}{spread(times)}   x{spread(times).median / ours:.2f}")


def _tensor(bundle: Path, images: Path, folder: Path) -> Path:
    """The model's input for one photograph."""
    with open_bundle(bundle) as opened:
        picture = find_pictures([images])[0].read_bytes()
        path = folder / f"{opened.manifest.name}.npy"
        np.save(path, Preprocessor(opened.manifest.preprocess).run(picture).tensor, allow_pickle=False)
    return path


def _take_turns(ways: Mapping[str, tuple[str, Path]], tensor: Path, rounds: int) -> dict[str, list[float]]:
    samples: dict[str, list[float]] = {name: [] for name in ways}
    with ExitStack() as stack:
        opened = {name: stack.enter_context(_open(*way, tensor)) for name, way in ways.items()}
        for _ in range(rounds):
            for name, process in opened.items():
                samples[name] += process.call("time", seconds=_SECONDS)
    return samples


def _open(kind: str, model: Path, tensor: Path) -> Apart:
    purpose = f"timing {kind}"
    return Apart("benchmarks.forward:Forward", purpose=purpose, kind=kind, model=str(model), tensor=str(tensor))


def _share_of_peak(images: Path, folder: Path, rounds: int) -> None:
    """ResNet-50 with random weights: what part of the machine's best matrix product the pick of a precision reaches."""
    print("\nresnet50, random weights: share of the best matrix product in that precision")
    for precision in ("fp32", "bf16"):
        bundle = folder / f"resnet50_{precision}"
        choice = Choice(goal="latency", images=images, precisions=(precision,), max_drop=1.0)
        tuning = pack_model("torchvision:resnet50", "resnet50", bundle, weights="random", choice=choice).manifest.tuning
        assert tuning is not None
        samples = _take_turns({"pick": ("pick", bundle)}, _tensor(bundle, images, folder), rounds)
        median = spread(samples["pick"]).median
        best, library = peak(precision)
        reached = _RESNET50_OPERATIONS / median / 1e6
        print(
            f"  {precision}: {tuning.pick.engine} {median:.1f} ms, {reached:.0f} of {best:.0f} GFLOP/s ({library}): "
            f"{reached / best:.0%}"
        )
