"""Model x picture x server: latency for one caller, requests a second for sixteen, beside what the machine could do."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter, sleep

from benchmarks.serving.agreement import differences
from benchmarks.serving.candidates import peers, satchel
from benchmarks.serving.figures import Figure, Table, number, over
from benchmarks.serving.floors import Floor, FloorMeter
from benchmarks.serving.ground import Ground, pick
from benchmarks.serving.loading import ask_in_turn, crowd
from benchmarks.serving.pictures import Picture, pictures
from benchmarks.serving.server import Candidate, Server, running
from inference_core.bench.load import Report
from inference_core.cpu import available_cpus

CALLERS = 16
_IDLE = 3.0  # seconds
_COLUMNS = (
    *("server", "workers x threads", "p50 ms", "x floor", "p99 ms", f"requests/s at {CALLERS}", "of ideal", "failed"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A server on one model and picture, a report for each round."""

    alone: list[Report] = field(default_factory=list)
    crowded: list[Report] = field(default_factory=list)


def matrix(ground: Ground) -> list[Table]:
    """The tables: agreement and idling first, then one for each model and picture."""
    shown = pictures(ground.assets)
    with ExitStack() as stack:
        servers = [stack.enter_context(running(c, ground.folder / "logs")) for c in _candidates(ground)]
        for server in servers:
            server.wait(ground.models, shown[0])
        tables = [_idling(servers), _agreement(servers, ground.models, shown)]
        meters = {model: FloorMeter(ground.source(model)) for model in ground.models}
        floors = {(model, picture.name): Floor() for model in ground.models for picture in shown}
        cells = {(*key, server.name): Cell() for key in floors for server in servers}
        for turn in range(ground.plan.rounds):
            print(f"matrix, round {turn + 1} of {ground.plan.rounds}", file=sys.stderr)
            for model in ground.models:
                for picture in shown:
                    meters[model].measure(picture, ground.plan.requests, floors[model, picture.name])
                    for server in servers[:: 1 if turn % 2 == 0 else -1]:
                        _measure(server, model, picture, ground, cells[model, picture.name, server.name])
    for (model, size), floor in floors.items():
        table = Table(f"{model}, {size}: {_about(floor)}", _COLUMNS)
        for server in servers:
            _add(table, server.candidate, cells[model, size, server.name], floor)
        tables.append(table)
    return tables


def _candidates(ground: Ground) -> list[Candidate]:
    plain = [ground.plain(model) for model in ground.models]
    tuned = [ground.tuned(model) for model in ground.models]
    return [
        satchel("Satchel", plain[0].parent, "as it comes"),
        satchel("Satchel tuned", tuned[0].parent, ", ".join(sorted({pick(bundle) for bundle in tuned}))),
        *peers(ground),
    ]


def _measure(server: Server, model: str, picture: Picture, ground: Ground, cell: Cell) -> None:
    target = server.target(model, [picture])
    cell.alone.append(ask_in_turn(target, ground.plan.requests))
    cell.crowded.append(crowd(target, CALLERS, ground.plan.seconds))


def _add(table: Table, candidate: Candidate, cell: Cell, floor: Floor) -> None:
    p50 = over([report.percentile(50) * 1e3 for report in cell.alone])
    p99 = over([report.percentile(99) * 1e3 for report in cell.alone])
    rate = over([report.throughput for report in cell.crowded])
    ratio = p50.median / median(floor.latencies)
    share = rate.median / _ideal(floor, cell.crowded)
    failed = sum(report.failed for report in (*cell.alone, *cell.crowded))
    table.add(
        (candidate.name, candidate.layout, p50, number(ratio), p99, rate, f"{share:.0%}", failed),
        server=candidate.name,
        layout=candidate.layout,
        p50_ms=p50,
        times_floor=ratio,
        p99_ms=p99,
        requests_per_second=rate,
        share_of_ideal=share,
        failed=failed,
    )


def _ideal(floor: Floor, reports: Sequence[Report]) -> float:
    """Requests a second if all cores did nothing but decode, infer and, here, ask."""
    asking = sum(report.cpu for report in reports) / sum(len(report.samples) for report in reports)
    return available_cpus() / (floor.work / 1e3 + asking)


def _about(floor: Floor) -> str:
    decode, infer = number(median(floor.decode)), number(median(floor.infer))
    return f"floor {decode} + {infer} ms, {number(floor.work)} ms on one thread"


def _idling(servers: Sequence[Server]) -> Table:
    """What servers take while nobody asks them."""
    began, before = perf_counter(), [server.cpu() for server in servers]
    sleep(_IDLE)
    table = Table("idle, all started", ("server", "CPU"))
    for server, used in zip(servers, before, strict=True):
        share = (server.cpu() - used) / (perf_counter() - began)
        table.add((server.name, f"{share:.1%} of a core"), server=server.name, share_of_a_core=share)
    return table


def _agreement(servers: Sequence[Server], models: Sequence[str], shown: Sequence[Picture]) -> Table:
    """How each differs from the first."""
    table = Table(f"answers, compared with {servers[0].name}'s", ("model", "picture", "server", "differences"))
    for model in models:
        for picture in shown:
            expected = servers[0].ask(model, picture)
            for server in servers[1:]:
                found = differences(expected, server.ask(model, picture))
                words = "; ".join(found) or "none"
                table.add((model, picture.name, server.name, words), model=model, server=server.name, found=found)
    return table


def spread(reports: Sequence[Report], share: float) -> Figure:
    """A percentile of each round, milliseconds."""
    return over([report.percentile(share) * 1e3 for report in reports])
