"""What docker/compose.yaml and docker/stack.yaml say, with the variables filled in as Docker fills them in."""

import os
import re
import shutil
import subprocess
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from inference_core.settings import Settings
from tests.assets import ROOT

FOLDER = ROOT / "docker"
DOCKERFILE = (FOLDER / "Dockerfile").read_text()
TARGETS = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
UNITS = {"m": 1, "g": 1024}

Service = dict[str, Any]

_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::([-?+])((?:[^{}]|\{[^{}]*\})*))?\}")


def filled(text: str, variables: dict[str, str]) -> str:
    """`text` with `${NAME}`, `${NAME:-else}`, `${NAME:+then}` and `${NAME:?why}` in it replaced, and `$$` made `$`."""

    def value(found: re.Match[str]) -> str:
        name, sign, word = found.groups()
        if name is None:
            return "$"
        given = variables.get(name, "")
        match sign:
            case "-":
                return given or filled(word, variables)
            case "+":
                return filled(word, variables) if given else ""
            case "?":
                assert given, f"{name}: {word}"
        return given

    return _VARIABLE.sub(value, text)


@cache
def _document(name: str) -> Any:
    return YAML(typ="safe").load(FOLDER / name)


def _filled(value: Any, variables: dict[str, str]) -> Any:
    match value:
        case dict():
            return {key: _filled(each, variables) for key, each in value.items()}
        case list():
            return [_filled(each, variables) for each in value]
        case str():
            return filled(value, variables)
    return value


def document(name: str, **variables: str) -> Any:
    """The whole file."""
    return _filled(_document(name), variables)


def services(name: str, **variables: str) -> dict[str, Service]:
    """Of every profile."""
    return dict(document(name, **variables)["services"])


def is_ours(service: Service) -> bool:
    return "satchel:" in str(service["image"])


def settings(service: Service, **passed: str) -> Settings:
    """As the server reads them, or refuses to. Variables without a value are those of the shell, if it has them."""
    variables = {key: passed.get(key) if value is None else str(value) for key, value in service["environment"].items()}
    return Settings.from_environment({key: value for key, value in variables.items() if value is not None})


def mebibytes(quantity: str) -> int:
    return int(quantity[:-1]) * UNITS[quantity[-1]]


def _docker_knows(*words: str) -> bool:
    if shutil.which("docker") is None:
        return False
    return subprocess.run(["docker", *words], capture_output=True, check=False).returncode == 0  # noqa: S607


needs_compose = pytest.mark.skipif(not _docker_knows("compose", "version"), reason="docker compose is not installed")
needs_stack = pytest.mark.skipif(not _docker_knows("stack", "config", "--help"), reason="docker is not installed")


def docker(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """What the command answers; it asks no engine for these."""
    return subprocess.run(
        ["docker", *words],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **variables},
        timeout=60,
    )
