"""The Open Inference Protocol beside the REST route, and gRPC beside HTTP."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from benchmarks.serving.candidates import satchel
from benchmarks.serving.figures import Table, over
from benchmarks.serving.ground import Ground
from benchmarks.serving.loading import ask_in_turn, at_once, crowd
from benchmarks.serving.matrix import CALLERS, spread
from benchmarks.serving.pictures import pictures
from benchmarks.serving.server import free_port, running
from inference_core.bench.load import GrpcTarget, HttpTarget, Report, Target, request_bytes
from inference_core.bench.load.open_inference import METHOD
from inference_core.bench.load.protocols import Protocol, Question, target_of
from inference_core.bundle import TensorSpec, open_bundle

_TOGETHER = 100
_PROTON = "squeezenet_v1_0"
_COLUMNS = ("model", "what", "by", "p50 ms", "p99 ms", f"requests/s at {CALLERS}", "failed")


def protocols(ground: Ground) -> list[Table]:
    """The picture and the raw tensor, each over HTTP and over gRPC."""
    table = Table("protocols, one caller and sixteen", _COLUMNS)
    for model in ground.models:
        with _question(ground, model) as question:
            targets = {("picture", str(protocol)): target_of(protocol, question) for protocol in Protocol}
            targets |= {("raw tensor", name): target for name, target in _tensors(ground, question).items()}
            alone: dict[tuple[str, str], list[Report]] = {key: [] for key in targets}
            crowded: dict[tuple[str, str], list[Report]] = {key: [] for key in targets}
            for _ in range(ground.plan.rounds):
                for key, target in targets.items():
                    alone[key].append(ask_in_turn(target, ground.plan.requests))
                    crowded[key].append(crowd(target, CALLERS, ground.plan.seconds))
        for what, by in targets:
            _add(table, (model, what, by), alone[what, by], crowded[what, by])
    return [table]


def proton(ground: Ground) -> list[Table]:
    """A hundred requests at once to SqueezeNet, as Proton's own test has it."""
    columns = ("by", f"all {_TOGETHER} answered within ms", "p50 ms", "p99 ms", "failed")
    table = Table(f"{_TOGETHER} requests at once, {_PROTON}", columns)
    with _question(ground, _PROTON) as question:
        targets = {str(protocol): target_of(protocol, question) for protocol in (Protocol.REST, Protocol.GRPC)}
        reports: dict[str, list[Report]] = {name: [] for name in targets}
        for _ in range(ground.plan.rounds + 1):
            for name, target in targets.items():
                reports[name].append(at_once(target, _TOGETHER))
    for name, (_, *rounds) in reports.items():  # the first does not count
        wall = over([report.wall * 1e3 for report in rounds])
        p50, p99, failed = spread(rounds, 50), spread(rounds, 99), sum(report.failed for report in rounds)
        table.add((name, wall, p50, p99, failed), by=name, wall_ms=wall, p50_ms=p50, p99_ms=p99, failed=failed)
    return [table]


@contextmanager
def _question(ground: Ground, model: str) -> Iterator[Question]:
    """A server with this one model and both doors, and what to ask it."""
    port = free_port()
    [picture, *_] = pictures(ground.assets)
    candidate = satchel("Satchel with gRPC", ground.plain(model), "as it comes", grpc_port=str(port))
    with running(candidate, ground.folder / "logs") as server:
        server.wait([model], picture)
        yield Question(server.url, model, [picture.data], grpc_address=f"127.0.0.1:{port}")


def _tensors(ground: Ground, question: Question) -> Mapping[str, Target]:
    """Asks about noise in the shape of the model's input."""
    with open_bundle(ground.plain(question.model)) as bundle:
        [spec] = bundle.artifact().inputs
    shape = [side if isinstance(side, int) else 1 for side in spec.shape]
    data = np.random.default_rng(0).random(shape, np.float32).tobytes()
    url = question.path("/v2/models/{}/infer")
    body, headers = _http_tensor(spec, shape, data)
    assert question.grpc_address is not None
    message = _grpc_tensor(question.model, spec, shape, data)
    return {
        str(Protocol.OIP_HTTP): HttpTarget(question.url, [request_bytes(url, body, headers=headers)]),
        str(Protocol.GRPC): GrpcTarget(question.grpc_address, METHOD, [message]),
    }


def _http_tensor(spec: TensorSpec, shape: list[int], data: bytes) -> tuple[bytes, dict[str, str]]:
    tensor = {"name": spec.name, "shape": shape, "datatype": "FP32", "parameters": {"binary_data_size": len(data)}}
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    return head + data, {"Inference-Header-Content-Length": str(len(head))}


def _grpc_tensor(model: str, spec: TensorSpec, shape: list[int], data: bytes) -> bytes:
    from tritonclient.grpc import service_pb2

    request = service_pb2.ModelInferRequest(model_name=model, raw_input_contents=[data])
    request.inputs.add(name=spec.name, datatype="FP32", shape=shape)
    message: bytes = request.SerializeToString()
    return message


def _add(table: Table, names: tuple[str, str, str], alone: list[Report], crowded: list[Report]) -> None:
    model, what, by = names
    p50, p99 = spread(alone, 50), spread(alone, 99)
    rate = over([report.throughput for report in crowded])
    failed = sum(report.failed for report in (*alone, *crowded))
    table.add(
        (*names, p50, p99, rate, failed),
        model=model,
        what=what,
        by=by,
        p50_ms=p50,
        p99_ms=p99,
        requests_per_second=rate,
        failed=failed,
    )
