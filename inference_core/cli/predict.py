"""`satchel predict`."""

import os
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import orjson
import typer

from inference_core.cli.console import FAILED, command, progress_bar, report
from inference_core.drawing import draw_result
from inference_core.errors import BadRequestError, InvalidParameterError, SatchelError
from inference_core.placement import open_predictor
from inference_core.predictor import Outcome, Predictor
from inference_core.settings import Settings
from inference_core.tasks import Result


@command
def predict(
    bundle: Annotated[Path, typer.Argument(help="A bundle directory or a .satchel file.")],
    images: Annotated[list[Path], typer.Argument(help="JPEG, PNG, WebP or BMP files.")],
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, in the order of the images.")] = False,
    draw: Annotated[Path | None, typer.Option(help="Annotated picture to write; a directory for several.")] = None,
    engine: Annotated[
        str | None, typer.Option(help="Engine to use, or engine:precision; default: the bundle's first.")
    ] = None,
) -> None:
    """Predict on pictures.

    A picture that cannot be read is reported and the others go on; the exit code is then 1.

    \b
        satchel predict models/card_elements card.png --draw out.png
    """
    from inference_core.bundle import open_bundle

    failed, drawings = False, _drawings(draw, images)
    settings = replace(Settings.from_environment(os.environ), goal="latency")  # one picture after another
    with (
        open_bundle(bundle, artifacts=settings.mode == "embedded") as opened,
        closing(open_predictor(opened, settings, engine=engine, alone=True)) as predictor,
        progress_bar() as bar,
    ):
        task = bar.add_task("predicting", total=len(images))
        for path, drawing in zip(images, drawings, strict=True):
            outcome = _predict_file(predictor, path)
            if isinstance(outcome, SatchelError):
                failed = True
                report(outcome, about=str(path))
            else:
                _print_result(path, outcome, json)
                if drawing is not None:
                    drawing.parent.mkdir(parents=True, exist_ok=True)
                    drawing.write_bytes(draw_result(path.read_bytes(), predictor.manifest, outcome))
            bar.update(task, advance=1)
    if failed:
        raise typer.Exit(FAILED)


def _drawings(draw: Path | None, images: list[Path]) -> list[Path | None]:
    """Where the drawing of each picture goes."""
    if draw is None or (len(images) == 1 and not draw.is_dir()):
        return [draw] * len(images)
    targets = [draw / f"{path.stem}.png" for path in images]
    if len(set(targets)) < len(set(images)):
        raise InvalidParameterError(
            "two pictures would be drawn to one file",
            got=str(next(target for target in targets if targets.count(target) > 1)),
            expected="pictures with different names",
            remedy="rename one, or draw them one by one",
        )
    return [*targets]


def _predict_file(predictor: Predictor, path: Path) -> Outcome:
    try:
        data = path.read_bytes()
    except OSError as error:
        return BadRequestError("the file cannot be read", got=error.strerror, remedy="correct the path")
    return predictor.predict([data])[0]


def _print_result(path: Path, result: Result, json: bool) -> None:
    if json:
        name = os.fsencode(path).decode(errors="replace")  # a file's name need not be UTF-8, JSON is
        typer.echo(orjson.dumps({"file": name} | orjson.loads(orjson.dumps(result))).decode())
        return
    t = result.timings_ms
    spent = (
        f"decode {t.decode:.1f}, preprocess {t.preprocess:.1f}, infer {t.infer:.1f}, postprocess {t.postprocess:.1f} ms"
    )
    typer.echo(f"{path}: {result.image.width} x {result.image.height}, {len(result.predictions)} found ({spent})")
    for p in result.predictions:
        box = getattr(p, "box", None)
        place = f"  [{', '.join(f'{v:.0f}' for v in box)}]" if box else ""
        typer.echo(f"  {p.score:.3f}  {p.label}{place}")
