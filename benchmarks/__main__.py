"""`python -m benchmarks [BUNDLE] [PICTURE ...]`: latency by stage, HTTP's share, and cold start.

`python -m benchmarks --imaging [PHOTO]`: bytes to tensor, beside other libraries.

`python -m benchmarks --torchscript PYTHON [PHOTO]`: a TorchScript file beside Python torch and onnxruntime; PYTHON is
an interpreter with torch, as scripts/torch_python.sh makes one.

`python -m benchmarks --tuned ASSETS`: what packing picks, beside plain libraries; run by the interpreter that
scripts/packing_python.sh makes.
"""

import argparse
import os
import platform
from pathlib import Path

from benchmarks import imaging, latency, startup, torchscript, tuned
from inference_core.cpu import available_cpus

_ROOT = Path(__file__).parents[1]


def main() -> None:
    """Measures one bundle on a few pictures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("bundle", nargs="?", type=Path, default=_ROOT / "models" / "card_elements")
    parser.add_argument("pictures", nargs="*", type=Path, help="default: the sample cards")
    parser.add_argument("--imaging", nargs="?", type=Path, const=Path(), help="imaging alone, on this photograph")
    parser.add_argument("--torchscript", nargs="+", help="an interpreter with torch, and a photograph")
    parser.add_argument("--tuned", type=Path, help="a folder with models and images to tune on")
    parser.add_argument("--model", default="mobilenet_v2", help="torchvision's name, for --torchscript")
    parser.add_argument("--rounds", type=int, default=100)
    chosen = parser.parse_args()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{platform.machine()}, {available_cpus()} CPUs, Python {platform.python_version()}, load average {load}")
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
    pictures = chosen.pictures or sorted((_ROOT / "models" / "samples").glob("*.png"))
    latency.measure(chosen.bundle, pictures, chosen.rounds)
    startup.measure(chosen.bundle, pictures[0], max(5, chosen.rounds // 10))


if __name__ == "__main__":
    main()
