"""Load: requests to a server at a pace, timed one by one, from one process that takes little time itself.

    from inference_core.bench.load import HttpTarget, event_loop, opened, request_bytes, run_closed

    request = request_bytes("http://127.0.0.1:8080/models/resnet50/predict", picture)

    async def measure():
        async with opened(HttpTarget("http://127.0.0.1:8080", [request])) as target:
            return await run_closed(target, 16, requests=1000, warm_up=32)

    with event_loop() as runner:
        report = runner.run(measure())

Any object with the three methods of `Target` can be measured.
"""

from inference_core.bench.load.arrivals import Arrivals, Constant, Poisson
from inference_core.bench.load.grpc_target import GrpcTarget
from inference_core.bench.load.http_target import HttpTarget, request_bytes
from inference_core.bench.load.loops import run_closed, run_open
from inference_core.bench.load.report import Report, Sample
from inference_core.bench.load.rounds import compare, opened
from inference_core.bench.load.runner import event_loop
from inference_core.bench.load.target import Reply, Target

__all__ = [
    "Arrivals",
    "Constant",
    "GrpcTarget",
    "HttpTarget",
    "Poisson",
    "Reply",
    "Report",
    "Sample",
    "Target",
    "compare",
    "event_loop",
    "opened",
    "request_bytes",
    "run_closed",
    "run_open",
]
