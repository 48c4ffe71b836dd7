"""`satchel load`."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import Annotated

import typer

from inference_core.bench.load import Report, Target, compare, event_loop, run_closed, run_open
from inference_core.bench.load.arrivals import Arrivals, Constant, Poisson
from inference_core.bench.load.http_target import HttpTarget, request_bytes
from inference_core.bench.load.loops import TIMEOUT
from inference_core.bench.load.protocols import Protocol, Question, target_of
from inference_core.bench.load.runner import event_loop_name
from inference_core.bench.load.summary import log_lines, summarise, table
from inference_core.cli.console import FAILED, command
from inference_core.errors import InvalidParameterError

_REQUESTS = 100


class Spread(StrEnum):
    """How arrivals are spread over time."""

    POISSON = "poisson"
    CONSTANT = "constant"


class Format(StrEnum):
    """How reports are printed."""

    TABLE = "table"
    JSON = "json"


@command
def load(  # noqa: PLR0913, PLR0917  # an argument for each option
    url: Annotated[str, typer.Argument(help="Of the server: http://HOST:PORT.")],
    model: Annotated[str | None, typer.Option(help="The model to ask.")] = None,
    image: Annotated[list[Path] | None, typer.Option(help="Picture to send; several take turns.")] = None,
    protocol: Annotated[list[Protocol] | None, typer.Option(help="How to ask; several are compared. [rest]")] = None,
    grpc_address: Annotated[str | None, typer.Option(help="HOST:PORT of the same server for grpc.")] = None,
    requests: Annotated[
        int | None, typer.Option(min=1, help=f"How many, a round. [{_REQUESTS}, without --duration]")
    ] = None,
    duration: Annotated[float | None, typer.Option(min=0.01, help="Seconds of sending, a round.")] = None,
    concurrency: Annotated[int, typer.Option(min=1, help="Callers, each waiting for its answers.")] = 16,
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Requests a second that wait for nobody, instead of callers.")
    ] = None,
    arrivals: Annotated[Spread, typer.Option(help="How --rate is spread over time.")] = Spread.POISSON,
    outstanding: Annotated[
        int | None, typer.Option(min=1, help="With --rate: most under way at once. [no limit]")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of poisson arrivals.")] = 0,
    warm_up: Annotated[int, typer.Option(min=0, help="Requests beforehand, each round, that do not count.")] = 16,
    rounds: Annotated[int, typer.Option(min=1, help="How often; what is compared takes turns.")] = 1,
    timeout: Annotated[float, typer.Option(min=0.001, help="Seconds that a request has.")] = TIMEOUT,
    key: Annotated[str | None, typer.Option(help="Key that opens the API.", envvar="SATCHEL_KEY")] = None,
    url_path: Annotated[
        str | None, typer.Option(help="Any other route to send to: of another server, say. Takes part in comparisons.")
    ] = None,
    method: Annotated[str, typer.Option(help="For --url-path.")] = "POST",
    content_type: Annotated[str, typer.Option(help="For --url-path.")] = "application/octet-stream",
    body: Annotated[Path | None, typer.Option(help="For --url-path: file to send instead of the pictures.")] = None,
    log: Annotated[Path | None, typer.Option(help="File for a line of JSON about each request.")] = None,
    format: Annotated[Format, typer.Option(help="Of the report.")] = Format.TABLE,
    max_error_rate: Annotated[float, typer.Option(min=0, max=1, help="More than that fails the command.")] = 0.0,
) -> None:
    """Send requests to a server, and say how it did.

    Latency counts from when a request should have been sent. The generator's own CPU time is printed, since it competes
    with a server on the same machine.

    \b
        satchel load http://127.0.0.1:8080 --model resnet50 --image dog.jpg
        satchel load http://127.0.0.1:8080 --model resnet50 --image dog.jpg --rate 50 --duration 30
        satchel load http://127.0.0.1:8080 --model resnet50 --image dog.jpg --protocol rest --protocol oip-http
    """
    pictures = [path.read_bytes() for path in image or ()]
    targets: dict[str, Target] = {}
    if protocol or url_path is None:
        question = _question(url, model, pictures, key, grpc_address)
        targets |= {str(name): target_of(name, question) for name in protocol or [Protocol.REST]}
    if url_path is not None:
        targets[url_path] = _other(url.rstrip("/") + url_path, method, content_type, pictures, body)
    if requests is None and duration is None:
        requests = _REQUESTS

    def arrival(number: int) -> Arrivals:
        return Constant() if arrivals is Spread.CONSTANT else Poisson(seed + number)

    async def run(target: Target, number: int) -> Report:
        if rate is None:
            return await run_closed(
                target, concurrency, requests=requests, seconds=duration, warm_up=warm_up, timeout=timeout
            )
        seconds = min(inf if requests is None else requests / rate, inf if duration is None else duration)
        return await run_open(
            target,
            rate,
            seconds,
            arrival(number),
            outstanding=outstanding,
            warm_up=warm_up,
            timeout=timeout,
        )

    with event_loop() as runner:
        reports = runner.run(compare(targets, run, rounds))
    if log is not None:
        log.write_text("".join(line for name, parts in reports.items() for line in log_lines(name, parts)))
    whole = {name: Report.of(parts) for name, parts in reports.items()}
    _print(whole, reports, format)
    if any(report.error_rate > max_error_rate for report in whole.values()):
        raise typer.Exit(FAILED)


def _question(
    url: str, model: str | None, pictures: Sequence[bytes], key: str | None, grpc_address: str | None
) -> Question:
    if model is None or not pictures:
        raise InvalidParameterError("no model, or no picture, to ask about", remedy="add --model NAME --image FILE")
    return Question(url, model, pictures, key, grpc_address)


def _other(url: str, method: str, content_type: str, pictures: Sequence[bytes], body: Path | None) -> Target:
    """Any route of any server."""
    bodies = [body.read_bytes()] if body is not None else pictures or [b""]
    headers = {"Content-Type": content_type}
    return HttpTarget(url, [request_bytes(url, content, method=method, headers=headers) for content in bodies])


def _print(whole: Mapping[str, Report], rounds: Mapping[str, Sequence[Report]], form: Format) -> None:
    if form is Format.JSON:
        targets = {
            name: summarise(report) | {"rounds": [summarise(part) for part in rounds[name]]}
            for name, report in whole.items()
        }
        typer.echo(json.dumps({"event_loop": event_loop_name(), "targets": targets}))
        return
    typer.echo(f"sent from one process on {event_loop_name()}", err=True)
    typer.echo(table(whole))
    for name, report in whole.items():
        causes = {sample.outcome: sample.error for sample in report.samples if sample.error}
        for outcome, error in causes.items():
            typer.echo(f"{name}: {outcome}: {error}", err=True)
