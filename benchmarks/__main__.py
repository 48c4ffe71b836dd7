"""`python -m benchmarks [BUNDLE] [PICTURE ...]`: latency by stage, HTTP's share, and cold start.

`python -m benchmarks --imaging [PHOTO]`: bytes to tensor, beside other libraries.

`python -m benchmarks --torchscript PYTHON [PHOTO]`: a TorchScript file beside Python torch and onnxruntime; PYTHON is
an interpreter with torch, as scripts/torch_python.sh makes one.

`python -m benchmarks --tuned ASSETS`: what packing picks, beside plain libraries; run by the interpreter that
scripts/packing_python.sh makes.

`python -m benchmarks --serving ASSETS`: `satchel serve` beside others; scripts/peers.sh makes their environments.

`python -m benchmarks --remote ASSETS`: remote mode before a real Triton, beside tritonclient.

`python -m benchmarks --images [TARGET ...]`: size and start of the container images that are here, and their budgets.
"""

import argparse
import os
import platform
from collections.abc import Callable
from pathlib import Path

from benchmarks import images, imaging, latency, remote, serving, startup, torchscript, tuned
from inference_core.cpu import available_cpus

_ROOT = Path(__file__).parents[1]


def _names(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """Reads a comma-separated list of names that are known."""

    def parse(text: str) -> tuple[str, ...]:
        names = tuple(text.split(","))
        if not set(names) <= set(known):
            raise argparse.ArgumentTypeError(f"{text}: choose from {', '.join(known)}")
        return names

    return parse


def main() -> None:
    """Measures one bundle on a few pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("bundle", nargs="?", type=Path, default=_ROOT / "models" / "card_elements")
    parser.add_argument("pictures", nargs="*", type=Path, help="default: the sample cards")
    parser.add_argument("--imaging", nargs="?", type=Path, const=Path(), help="imaging alone, on this photograph")
    parser.add_argument("--torchscript", nargs="+", help="an interpreter with torch, and a photograph")
    parser.add_argument("--tuned", type=Path, help="a folder with models and images to tune on")
    parser.add_argument("--serving", type=Path, help="a folder with models and images to serve")
    parser.add_argument("--remote", type=Path, help="a folder with models and images to ask a Triton about")
    images.offer(parser)
    parser.add_argument("--peers", type=Path, help="the environments of --serving's peers, default: build/peers")
    parser.add_argument("--models", type=_names(serving.MODELS), default=serving.MODELS, help="for --serving")
    parser.add_argument("--only", type=_names(tuple(serving.SECTIONS)), default=(), help="sections of --serving")
    parser.add_argument("--quick", action="store_true", help="few and short rounds, for --serving, --remote, --images")
    parser.add_argument("--model", default="mobilenet_v2", help="torchvision's name, for --torchscript")
    parser.add_argument("--rounds", type=int, default=100)
    chosen = parser.parse_args()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.machine()}, {available_cpus()} CPUs, Python {platform.python_version()}, load average {load}")
    if chosen.images is not None:
        raise SystemExit(images.measure(chosen))
    if chosen.imaging is not None:
        imaging.measure(chosen.imaging if chosen.imaging.name else None, chosen.rounds)
        return
    if chosen.torchscript:
        interpreter, *photograph = chosen.torchscript
        torchscript.measure(interpreter, Path(photograph[0]) if photograph else None, chosen.rounds, chosen.model)
        return
    if chosen.tuned:
        tuned.measure(chosen.tuned, max(5, chosen.rounds // 10))
        return
    if chosen.serving:
        serving.measure(chosen.serving, chosen.peers, chosen.models, chosen.only, chosen.quick)
        return
    if chosen.remote:
        remote.measure(chosen.remote, chosen.peers, chosen.quick)
        return
    pictures = chosen.pictures or sorted((_ROOT / "models" / "samples").glob("*.png"))
    latency.measure(chosen.bundle, pictures, chosen.rounds)
    startup.measure(chosen.bundle, pictures[0], max(5, chosen.rounds // 10))


if __name__ == "__main__":
    main()
