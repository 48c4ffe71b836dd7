"""`satchel check`."""

import os
import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inference_core.cli.console import command
from inference_core.cli.tryout import read_picture
from inference_core.errors import SatchelError, SettingsError
from inference_core.settings import Settings

if TYPE_CHECKING:
    from inference_core.predictor import Outcome

_APP = "function_app"
_PICTURE = (640, 480)


@command
def check(
    image: Annotated[Path | None, typer.Option(help="Picture to ask about; default: a generated one.")] = None,
    function_app: Annotated[
        Path | None,
        typer.Option(help="Directory of the Azure Function to import.", envvar="AzureWebJobsScriptRoot"),
    ] = None,
) -> None:
    """Check a deployment where it is to run: the Function's app, every bundle, and one prediction of each model.

    Settings are those of the environment, as `satchel serve` and the Function read them.

    \b
        satchel check --image card.png
    """
    from inference_core.imaging import sample_picture
    from inference_core.repository.listing import choose

    if function_app is not None:
        for line in _functions(function_app):
            typer.echo(line)
    settings = Settings.from_environment(os.environ)
    picture = sample_picture(*_PICTURE) if image is None else read_picture(image)
    for entry in choose(settings):
        _check_bundle(entry.path, settings, picture)


def _functions(directory: Path) -> list[str]:
    """A line for each function of an app, found as the Functions worker finds them: `function_app` is imported, and the
    app in it asked.

    Raises:
        SettingsError: there is no such module, it cannot be imported, or has no app with functions in it.
    """
    if not (directory / f"{_APP}.py").is_file():
        raise SettingsError(
            f"{directory} holds no Azure Function",
            got=f"no {_APP}.py",
            remedy="name the directory of one with --function-app or AzureWebJobsScriptRoot",
        )
    sys.path.append(str(directory))
    try:
        func, module = import_module("azure.functions"), import_module(_APP)
    except Exception as error:  # whatever an app does while it is imported
        raise SettingsError(
            f"{directory / _APP}.py cannot be imported",
            got=f"{type(error).__name__}: {error}",
            remedy="install what it needs: pip install 'satchel[functions]'",
        ) from error
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionApp)]
    functions = [function for app in apps for function in app.get_functions()]
    if not functions:
        raise SettingsError(f"{directory / _APP}.py defines no functions", expected="a FunctionApp with some")
    return [_describe(function) for function in functions]


def _describe(function: Any) -> str:  # noqa: ANN401  # azure-functions has no type for it
    trigger = function.get_trigger()
    route = getattr(trigger, "route", None)
    return f"function {function.get_function_name()}: {trigger.type}{'' if route is None else f' /{route}'}"


def _check_bundle(path: Path, settings: Settings, picture: bytes) -> None:
    from inference_core.bundle import open_bundle
    from inference_core.placement import is_on_board, open_predictor

    with open_bundle(path, artifacts=is_on_board(settings)) as bundle:
        name = f"{bundle.manifest.name} {bundle.manifest.version}"
        typer.echo(f"bundle {name}: as packed, manifest sha256 {bundle.digest}")
        with closing(open_predictor(bundle, settings, alone=True)) as predictor:
            outcome: Outcome = predictor.predict([picture])[0]
            if isinstance(outcome, SatchelError):
                raise outcome
            where = predictor.describe()
    typer.echo(f"model {name}: {len(outcome.predictions)} found by {where.engine} {where.precision} on {where.device}")
