"""`satchel pack`."""

from pathlib import Path
from typing import Annotated

import typer

from inference_core.cli.console import command, progress_bar, stdout

_STAGES = 4


@command
def pack(
    model: Annotated[Path, typer.Argument(help="The trained model: an ONNX file or a TorchScript archive.")],
    recipe: Annotated[str, typer.Option(help="A recipe.toml, or the name of one in the zoo (see `satchel recipes`).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Bundle directory, or one file ending in .satchel.")],
    labels: Annotated[
        str | None, typer.Option(help="Label file (.txt, .json) or list; overrides the recipe's.")
    ] = None,
    image: Annotated[list[Path] | None, typer.Option(help="Picture for the trial run; repeatable.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace what is at the output.")] = False,
) -> None:
    """Pack a trained model into a verified bundle.

    Reads the graph, checks the recipe against it, runs the model once on a real or generated picture, and writes the
    bundle in one step: it is whole, or not there.

    \b
        satchel pack yolox_nano.onnx --recipe yolox_nano --image photo.jpg -o models/yolox_nano
    """
    from inference_core.packing import pack_model

    with progress_bar() as bar:
        task = bar.add_task("", total=_STAGES)
        packed = pack_model(
            model,
            recipe,
            output,
            labels=labels,
            images=image or (),
            force=force,
            progress=lambda stage: bar.update(task, description=stage, advance=1),
        )
    manifest, console = packed.manifest, stdout()
    size = sum(record.bytes for record in manifest.files.values())
    console.print(f"{output}: {manifest.name} {manifest.version}, {manifest.task}, {size / 1e6:.2f} MB", soft_wrap=True)
    if not image:
        console.print(f"  trial on {len(packed.results)} generated pictures: ran; give --image to see an answer")
    for path, result in zip(image or (), packed.results, strict=False):
        best = ", ".join(f"{p.label} {p.score:.2f}" for p in result.predictions[:3]) or "nothing found"
        console.print(f"  trial on {path.name}: {best}", soft_wrap=True)
