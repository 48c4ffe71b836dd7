"""A server under mixed load for a while: answers everything, and its memory stays flat.

`SOAK_SECONDS` says for how long, 20 where it is not set.
"""

import os
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from pathlib import Path
from statistics import median

import numpy as np
import pytest
from PIL import Image

from tests.server.process import Server, serving

MODELS = Path(__file__).parents[2] / "models"
PREDICT = "/models/card_elements/predict"
SECONDS = float(os.environ.get("SOAK_SECONDS", "20"))
CLIENTS = 4
SIZES = ((64, 64), (200, 320), (640, 480), (1920, 1080), (3000, 2000))
GROWTH = 0.05
GROWTH_BYTES = 20e6


def encoded(width: int, height: int, kind: str) -> bytes:
    """A picture with large shapes and some noise, the same for the same arguments."""
    noise = np.random.default_rng(width).integers(0, 20, (height, width, 3), dtype=np.uint8)
    rows, columns = np.mgrid[:height, :width]
    shapes = np.stack([rows // 32 % 7 * 32, columns // 48 % 7 * 32, (rows + columns) // 64 % 7 * 32], axis=-1)
    file = BytesIO()
    Image.fromarray(shapes.astype(np.uint8) + noise).save(file, kind)
    return file.getvalue()


def pictures() -> list[tuple[bytes, int]]:
    """Sound ones and damaged ones, with the status that they are answered with."""
    sound = [encoded(width, height, kind) for kind in ("JPEG", "PNG") for width, height in SIZES]
    jpeg, png = sound[2], sound[2 + len(SIZES)]
    middle = len(png) // 2
    damaged = [
        (jpeg[:100], 422),
        (png[: len(png) - 2000], 422),
        (png[:middle] + bytes(64) + png[middle + 64 :], 422),
        (jpeg[:2] + jpeg[60:], 415),
        (b"neither of them", 415),
    ]
    return [(picture, 200) for picture in sound] + damaged


@dataclass
class Load:
    """Clients that ask in turn for every picture, each from another place of the list, until they are told to end."""

    server: Server
    bodies: Sequence[bytes]
    answers: Counter[tuple[int, int]] = field(default_factory=Counter)
    """How often the picture at a place was answered with a status."""
    failures: list[Exception] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self, first: int) -> None:
        for turn in count(first):
            if self.ended.is_set():
                break
            place = turn % len(self.bodies)
            try:
                status, _ = self.server.ask("POST", PREDICT, self.bodies[place])
            except Exception as error:  # told to the test, which is in another thread
                self.failures.append(error)
                break
            self.answers[place, status] += 1


def resident(process: int) -> int:
    """VmRSS of a process, bytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) * 1024


def measured(load: Load) -> list[int]:
    """Resident memory of the server, ten times a second, while the clients ask."""
    clients = [threading.Thread(target=load.run, args=[3 * number]) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    samples: list[int] = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and not load.failures:
        samples.append(resident(load.server.process.pid))
        time.sleep(0.1)
    load.ended.set()
    for client in clients:
        client.join()
    return samples


def growth(samples: list[int]) -> tuple[float, float]:
    """Medians of the first and of the last quarter of what follows the warm-up, a third of all."""
    flat = samples[len(samples) // 3 :]
    quarter = len(flat) // 4
    return median(flat[:quarter]), median(flat[-quarter:])


def test_growth_is_told_from_a_plateau() -> None:
    assert growth([*range(100, 200, 5), *[200] * 40]) == (200, 200)
    assert growth([*range(60)]) == (24.5, 54.5)


@pytest.mark.slow
def test_memory_stays_flat_under_mixed_load() -> None:
    bodies, expected = zip(*pictures(), strict=True)
    with serving(MODELS) as server:
        load = Load(server, bodies)
        samples = measured(load)
        assert load.failures == []
        assert server.ask("POST", PREDICT, bodies[0])[0] == 200
    assert set(load.answers) == set(enumerate(expected))
    start, end = growth(samples)
    told = f"{start / 1e6:.0f} to {end / 1e6:.0f} MB over {load.answers.total()} answers"
    print(told)
    assert end - start < max(GROWTH * start, GROWTH_BYTES), told
