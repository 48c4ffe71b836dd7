"""The commands that look at bundles: `inspect`, `verify`, `archive`, `unpack`, `schema`, `recipes`, `settings`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from inference_core.bundle import Bundle, Manifest, manifest_schema, open_bundle
from inference_core.bundle.archive import SUFFIX, extract_archive, write_archive
from inference_core.bundle.writer import atomically
from inference_core.cli.console import command, stdout
from inference_core.engines.tensors import describe_shape
from inference_core.errors import BundleError

BundlePath = Annotated[Path, typer.Argument(help=f"A bundle directory or a {SUFFIX} file.")]


@command
def inspect(
    bundle: BundlePath, json: Annotated[bool, typer.Option("--json", help="Print bundle.json.")] = False
) -> None:
    """Show what a bundle holds: tensors, steps, metrics, files.

    \b
        satchel inspect models/card_elements
    """
    with open_bundle(bundle) as opened:
        if json:
            typer.echo(opened.manifest.to_json(), nl=False)
        else:
            _print_bundle(opened)


@command
def verify(bundle: BundlePath) -> None:
    """Check the manifest and the digest of every file. Exit code 0 means the bundle is as it was packed.

    \b
        satchel verify models/card_elements
    """
    with open_bundle(bundle) as opened:
        files = opened.manifest.files
        size = sum(record.bytes for record in files.values())
        typer.echo(f"{bundle}: {len(files)} files, {size} bytes, as packed")
        typer.echo(f"manifest sha256 {opened.digest}")


@command
def archive(
    bundle: Annotated[Path, typer.Argument(help="A bundle directory.")],
    target: Annotated[Path, typer.Argument(help=f"The file to write, ending in {SUFFIX}.")],
) -> None:
    """Write a bundle directory to one file. The same bundle gives the same bytes.

    \b
        satchel archive models/card_elements card_elements.satchel
    """
    if target.suffix != SUFFIX or target.exists():
        raise BundleError(f"cannot write {target}", expected=f"a new path ending in {SUFFIX}", remedy="choose another")
    with open_bundle(bundle) as opened, atomically(target) as built:
        write_archive(opened.directory, built)
    typer.echo(f"{target}: {target.stat().st_size} bytes")


@command
def unpack(
    bundle: Annotated[Path, typer.Argument(help=f"A {SUFFIX} file.")],
    target: Annotated[Path, typer.Argument(help="The directory to make.")],
) -> None:
    """Write a .satchel file out as a bundle directory.

    \b
        satchel unpack card_elements.satchel models/card_elements
    """
    if bundle.suffix != SUFFIX or not bundle.is_file():
        raise BundleError(
            f"{bundle} is not a {SUFFIX} file", expected=f"one, ending in {SUFFIX}", remedy="correct the path"
        )
    if target.exists():
        raise BundleError(f"{target} exists", expected="a new directory", remedy="choose another path")
    with open_bundle(bundle), atomically(target) as built:
        built.mkdir()
        extract_archive(bundle, built)
    typer.echo(str(target))


@command
def schema() -> None:
    """Print the JSON schema of bundle.json, for editors and other tools.

    \b
        satchel schema > bundle.schema.json
    """
    typer.echo(manifest_schema(), nl=False)


@command
def recipes() -> None:
    """List the zoo: recipes and label lists that ship with this version.

    \b
        satchel recipes
    """
    from inference_core.zoo import label_lists, recipe_names, recipe_path

    for name in recipe_names():
        typer.echo(f"recipe  {name:20} {recipe_path(name)}")
    for name in label_lists():
        typer.echo(f"labels  {name}")


@command
def settings() -> None:
    """List every SATCHEL_* variable, its default and its meaning.

    \b
        satchel settings
    """
    from inference_core.settings import settings_table

    typer.echo(settings_table())


def _print_bundle(opened: Bundle) -> None:
    manifest, console = opened.manifest, stdout()
    card = f"{manifest.name} {manifest.version}: {manifest.task}, {manifest.architecture}, {manifest.license}"
    names = ", ".join(label.name for label in manifest.labels[:8])
    more = ", ..." if len(manifest.labels) > 8 else ""
    console.print(f"{card}\n{len(manifest.labels)} labels: {names}{more}", soft_wrap=True)
    for table in (_artifacts(manifest), _steps(manifest), _metrics(manifest), _files(manifest)):
        if table.rows:
            console.print(table)


def _artifacts(manifest: Manifest) -> Table:
    table = Table("engine", "precision", "tensor", "dtype", "shape", title="artifacts", title_justify="left")
    for artifact in manifest.artifacts:
        for arrow, specs in (("in", artifact.inputs), ("out", artifact.outputs)):
            for spec in specs:
                shape = describe_shape(spec.shape)
                table.add_row(artifact.engine, artifact.precision, f"{arrow} {spec.name}", spec.dtype, shape)
    return table


def _steps(manifest: Manifest) -> Table:
    table = Table("step", "parameters", title="steps", title_justify="left")
    for step in (*manifest.preprocess, *manifest.postprocess):
        values = step.model_dump(exclude={"op"}, exclude_none=True)
        table.add_row(step.op, ", ".join(f"{name}={value}" for name, value in values.items()))
    return table


def _metrics(manifest: Manifest) -> Table:
    table = Table("metric", "class", "value", "samples", "dataset", title="metrics", title_justify="left")
    for m in manifest.metrics:
        table.add_row(m.name, m.label or "", f"{m.value:.4g}", str(m.samples or ""), m.dataset)
    return table


def _files(manifest: Manifest) -> Table:
    table = Table("file", "bytes", "sha256", title="files", title_justify="left")
    for name, record in manifest.files.items():
        table.add_row(name, str(record.bytes), record.sha256[:16])
    return table
