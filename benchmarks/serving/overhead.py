"""What HTTP and the queue cost beyond the predictor itself, beside a server that does nothing."""

import time
from statistics import median

from benchmarks.serving.candidates import echo, satchel
from benchmarks.serving.figures import Table, over
from benchmarks.serving.ground import Ground
from benchmarks.serving.loading import ask_in_turn
from benchmarks.serving.pictures import Picture, bodies
from benchmarks.serving.server import Server, running
from inference_core.bundle import open_bundle
from inference_core.placement import open_predictor
from inference_core.predictor import Predictor
from inference_core.settings import Settings

_COLUMNS = ("model", "body", "predictor ms", "Satchel over HTTP ms", "overhead ms", "bare echo ms")
_WARM_UP = 3


def overhead(ground: Ground) -> list[Table]:
    """Medians for one caller; predictor, server and echo take turns on the same pictures."""
    table = Table("HTTP's overhead, p50 of one caller", _COLUMNS)
    sent, logs = bodies(ground.assets), ground.folder / "logs"
    for model in ground.models:
        path = ground.plain(model)
        with (
            open_bundle(path) as bundle,
            running(satchel("Satchel alone", path, "as it comes"), logs) as server,
            running(echo(), logs) as bare,
        ):
            server.wait([model], sent[0])
            bare.wait([model], sent[0])
            predictor = open_predictor(bundle, Settings(models=path), alone=True)
            predictor.warm_up()
            for body in sent:
                _add(table, model, body, _turns(predictor, server, bare, model, body, ground))
            predictor.close()
    return [table]


def _turns(
    predictor: Predictor, server: Server, bare: Server, model: str, body: Picture, ground: Ground
) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of the predictor, the server and the echo, the median of each round."""
    requests = ground.plan.requests
    times: tuple[list[float], list[float], list[float]] = ([], [], [])
    for _ in range(ground.plan.rounds * 2):
        times[0].append(_predict(predictor, body, requests))
        for samples, asked in zip(times[1:], (server, bare), strict=True):
            samples.append(ask_in_turn(asked.target(model, [body]), requests).percentile(50) * 1e3)
    return times


def _predict(predictor: Predictor, body: Picture, requests: int) -> float:
    samples = []
    for turn in range(_WARM_UP + requests):
        began = time.perf_counter()
        predictor.predict([body.data])
        if turn >= _WARM_UP:
            samples.append((time.perf_counter() - began) * 1e3)
    return median(samples)


def _add(table: Table, model: str, body: Picture, times: tuple[list[float], list[float], list[float]]) -> None:
    own, served, bare = map(over, times)
    cost = over([after - before for before, after in zip(times[0], times[1], strict=True)])
    size = f"{len(body.data) / 1000:.0f} KB"
    table.add(
        (model, size, own, served, cost, bare),
        model=model,
        bytes=len(body.data),
        predictor_ms=own,
        server_ms=served,
        overhead_ms=cost,
        echo_ms=bare,
    )
