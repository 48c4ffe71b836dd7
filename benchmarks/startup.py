"""What a cold start costs: fresh processes, each phase by itself."""

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.timing import spread

_IMPORT = "import inference_core"
_DATA_PLANE = "from inference_core import LocalPredictor, open_bundle"
_LOAD = _DATA_PLANE + "; p = LocalPredictor.load(open_bundle(sys.argv[1])); p.warm_up()"
_FIRST = _LOAD + "; p.predict([open(sys.argv[2], 'rb').read()])"


def measure(path: Path, picture: Path, rounds: int) -> None:
    """Prints how long a process takes up to each phase, interpreter included."""
    phases = {
        "interpreter alone": "",
        "+ import inference_core": _IMPORT,
        "+ the data plane's imports": _DATA_PLANE,
        "+ verify, load and warm up": _LOAD,
        "+ first prediction": _FIRST,
    }
    samples: dict[str, list[float]] = {name: [] for name in phases}
    for _ in range(rounds):
        for name, code in phases.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import sys; {code}", str(path), str(picture)], check=True)
            samples[name].append((time.perf_counter() - began) * 1e3)
    print(f"\nprocess start with {path.name}, milliseconds: median (p10 to p90)")
    for name, times in samples.items():
        print(f"    {name:28} {spread(times)}")
