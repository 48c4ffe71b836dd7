"""`satchel pack` and `satchel slim`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from inference_core.bundle.tuning import Goal, Tuning
from inference_core.cli.console import command, progress_bar, stdout
from inference_core.errors import PackError

if TYPE_CHECKING:
    from inference_core.packing import Packed


@command
def pack(  # noqa: PLR0913, PLR0917  # an argument for each option
    model: Annotated[
        str,
        typer.Argument(
            help="An ONNX, TorchScript, torch.export, frozen graph or TFLite file, a SavedModel, a model folder with "
            "config.json, torchvision:NAME or module:factory."
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Bundle directory, or one file ending in .satchel.")],
    recipe: Annotated[
        str | None,
        typer.Option(help="A recipe.toml, or one of the zoo (`satchel recipes`); a model folder needs none."),
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="Label file (.txt, .json, .pbtxt) or list; overrides the recipe's.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="The state_dict for torchvision:NAME or module:factory; `random` for none.")
    ] = None,
    image: Annotated[list[Path] | None, typer.Option(help="Picture for the trial run; repeatable.")] = None,
    images: Annotated[Path | None, typer.Option(help="Directory of pictures to compare and calibrate on.")] = None,
    dataset: Annotated[
        Path | None, typer.Option(help="The same with truth: a COCO .json, or a directory with one folder per class.")
    ] = None,
    calibration: Annotated[Path | None, typer.Option(help="Other pictures to calibrate int8 with.")] = None,
    tune: Annotated[Goal | None, typer.Option(help="Measure every variant and keep the best.")] = None,
    engines: Annotated[str | None, typer.Option(help="Engines to pack for, separated by commas.")] = None,
    precisions: Annotated[str | None, typer.Option(help="Of fp32, bf16, fp16, int8, separated by commas.")] = None,
    max_drop: Annotated[
        float, typer.Option(min=0, max=1, help="How far the metric may lie below the source model's.")
    ] = 0.005,
    budget_mb: Annotated[float | None, typer.Option(min=0, help="Most that the pick's files may take, MB.")] = None,
    keep: Annotated[
        str | None, typer.Option(help="With --tune: engines, or engine:precision, to keep beside the pick.")
    ] = None,
    target_cpu: Annotated[
        str | None, typer.Option(help="Instruction sets to note instead of all this CPU has; serving elsewhere warns.")
    ] = None,
    simplify: Annotated[bool, typer.Option("--simplify", help="Fold the constants of an ONNX model first.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is at the output.")] = False,
) -> None:
    """Pack a trained model into a verified bundle.

    Reads the model, checks the recipe against it and runs it on real or generated pictures. With --engines or
    --precisions it is converted, and each conversion compared with the model itself; with --tune they are measured as
    well, and the best is kept. The bundle is written in one step: it is whole, or not there.

    \b
        satchel pack yolox_nano.onnx --recipe yolox_nano --image photo.jpg -o models/yolox_nano
        satchel pack yolox_nano.onnx --recipe yolox_nano --dataset instances.json --tune latency -o models/yolox_nano
    """
    from inference_core.packing import Choice, pack_model

    choice = Choice(
        engines=_listed(engines),
        precisions=_listed(precisions),
        goal=tune,
        keep=_listed(keep),
        max_drop=max_drop,
        budget_mb=budget_mb,
        images=images,
        dataset=dataset,
        calibration=calibration,
        simplify=simplify,
        instruction_sets=_listed(target_cpu),
    )
    with progress_bar() as bar:
        task = bar.add_task("", total=None)
        packed = pack_model(
            model,
            recipe,
            output,
            labels=labels,
            weights=weights,
            images=image or (),
            choice=choice,
            force=force,
            progress=lambda stage: bar.update(task, description=stage),
        )
    _print(packed, output, image or [])


@command
def slim(
    bundle: Annotated[Path, typer.Argument(help="A bundle directory or a .satchel file.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Bundle directory, or one file ending in .satchel.")],
    keep: Annotated[
        str | None, typer.Option(help="Engines, or engine:precision, to keep, separated by commas.")
    ] = None,
    without_files: Annotated[
        bool, typer.Option("--without-files", help="Leave the models' files out: a directory for remote mode.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is at the output.")] = False,
) -> None:
    """Write a copy of a bundle with fewer artifacts, or with all of them described and none of their files.

    \b
        satchel slim models/yolox_nano --keep onnxruntime -o slim/yolox_nano
        satchel slim models/yolox_nano --without-files -o thin/yolox_nano
    """
    from inference_core.bundle import open_bundle
    from inference_core.packing.slim import slim_bundle, thin_bundle

    if without_files == (keep is not None):
        raise typer.BadParameter("give one of the two", param_hint="--keep, --without-files")
    with open_bundle(bundle) as opened:
        if without_files:
            thin_bundle(opened, output, force=force)
            stdout().print(f"{output}: for remote mode, without the models' files", soft_wrap=True)
            return
        manifest = slim_bundle(opened, _listed(keep), output, force=force)
    size = sum(record.bytes for record in manifest.files.values())
    artifacts = ", ".join(f"{artifact.engine}:{artifact.precision}" for artifact in manifest.artifacts)
    stdout().print(f"{output}: {artifacts}, {size / 1e6:.2f} MB", soft_wrap=True)


def _listed(text: str | None) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",")) if text is not None else ()
    if "" in names:
        raise PackError("a list holds an empty name", got=repr(text), expected="names separated by commas")
    return names


def _print(packed: "Packed", output: Path, pictures: list[Path]) -> None:
    manifest, console = packed.manifest, stdout()
    size = sum(record.bytes for record in manifest.files.values())
    console.print(f"{output}: {manifest.name} {manifest.version}, {manifest.task}, {size / 1e6:.2f} MB", soft_wrap=True)
    if not pictures:
        console.print(f"  trial on {len(packed.results)} generated pictures: ran; give --image to see an answer")
    for path, result in zip(pictures, packed.results, strict=False):
        best = ", ".join(f"{p.label} {p.score:.2f}" for p in result.predictions[:3]) or "nothing found"
        console.print(f"  trial on {path.name}: {best}", soft_wrap=True)
    if manifest.tuning is not None:
        print_tuning(manifest.tuning)


def print_tuning(tuning: Tuning) -> None:
    """The table of what was tried, on the terminal."""
    from inference_core.packing.tuning.report import BRIEF, headline, table

    console, shown = stdout(), Table(*BRIEF, box=None, pad_edge=False)
    for cells in table(tuning, BRIEF):
        shown.add_row(*cells)
    console.print(shown)
    for row in tuning.rows:
        if row.reason:
            console.print(f"{row.engine} {row.precision}: {row.reason}", soft_wrap=True)
    console.print(headline(tuning), soft_wrap=True)
