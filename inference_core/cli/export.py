"""`satchel export`."""

from pathlib import Path
from typing import Annotated

import typer

from inference_core.bundle import open_bundle
from inference_core.cli.bundles import BundlePath
from inference_core.cli.console import command, stdout
from inference_core.export.choice import Backend, Choice, Server, Split


@command
def export(
    bundle: BundlePath,
    directory: Annotated[Path, typer.Argument(help="Where to write, beside models that are there.")],
    to: Annotated[Server, typer.Option(help="The server to export for.")],
    split: Annotated[
        Split, typer.Option(help="What it is sent: the model's tensors, or pictures, for which Satchel runs in it.")
    ] = Split.TENSORS,
    engine: Annotated[str | None, typer.Option(help="The artifact: its engine, or engine:precision.")] = None,
    backend: Annotated[
        Backend | None,
        typer.Option(help="What runs it in Triton; python runs ONNX where there is no backend onnxruntime."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export of the model.")] = False,
) -> None:
    """Write a bundle's model as another server wants it, and say how Satchel then asks that server.

    \b
        satchel export models/yolox_nano triton_models --to triton
        satchel export models/mobilenet_v2_tf tfs_models --to tfs
    """
    from inference_core.export.exporting import export_bundle

    with open_bundle(bundle) as opened:
        choice = Choice.of(opened, to, split=split, engine=engine, backend=backend)
        exported = export_bundle(choice, directory, force=force)
    console = stdout()
    console.print(f"{exported.path}: {choice.artifact_name}, sha256 {choice.sha256}", soft_wrap=True)
    console.print(f"start: {exported.start}", soft_wrap=True)
    for name, value in exported.settings.items():
        console.print(f"{name}={value}", soft_wrap=True)
