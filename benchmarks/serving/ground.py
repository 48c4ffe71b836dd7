"""What all sections stand on: where things lie, and how long to measure."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from inference_core.bundle import open_bundle
from inference_core.packing import Choice, pack_model

SOURCES = {
    "mobilenet_v2": "mobilenet_v2/mobilenetv2_nchw_logits1000.onnx",
    "yolox_nano": "yolox_nano/yolox_nano.onnx",
    "squeezenet_v1_0": "squeezenet/squeezenet_v1.0.onnx",
}
"""The models that are served, by their recipe in the zoo."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How often, and how long."""

    rounds: int
    requests: int
    """Of one caller, one after the other, in a round."""
    seconds: float
    """Of many callers, in a round."""
    long: float
    """Seconds of arrivals that wait for nobody."""


FULL = Plan(rounds=5, requests=40, seconds=1.5, long=6.0)
QUICK = Plan(rounds=2, requests=15, seconds=0.8, long=2.0)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where things lie."""

    assets: Path
    peers: Path
    folder: Path
    """For bundles, logs and results."""
    models: tuple[str, ...]
    plan: Plan

    def source(self, name: str) -> Path:
        """The ONNX file of a model."""
        return self.assets / "models" / SOURCES[name]

    def plain(self, name: str) -> Path:
        """A bundle as `satchel pack` makes it of a recipe, packed anew in every run."""
        target = self.folder / "plain" / name
        if not target.exists():
            pack_model(self.source(name), name, target)
        return target

    def tuned(self, name: str) -> Path:
        """The same with `--tune throughput`; kept for later runs, since measuring takes a while."""
        target = self.folder / "tuned" / name
        if not target.exists():
            coco = self.assets / "images" / "coco_val2017"
            truth = coco / "instances.json" if name == "yolox_nano" else None
            images = None if truth else coco / "images"
            pack_model(self.source(name), name, target, choice=Choice(goal="throughput", dataset=truth, images=images))
        return target


def pick(bundle: Path) -> str:
    """What a bundle runs on, in words."""
    with open_bundle(bundle) as opened:
        artifact = opened.artifact()
    return f"{artifact.engine} {artifact.precision}"


def make_peers(folder: Path, *names: str) -> None:
    """The environments of the peers, or of those that are named, where they are not there yet."""
    script = Path(__file__).parents[2] / "scripts" / "peers.sh"
    subprocess.run(["bash", str(script), str(folder), *names], check=True, stdout=subprocess.DEVNULL)  # noqa: S607
