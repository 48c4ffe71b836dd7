"""Docker's own client, as a command."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

PROXIES = ("http_proxy", "https_proxy", "no_proxy")
"""Arguments that every build knows and no image keeps."""


def command(*arguments: str) -> list[str]:
    """What starts the client."""
    found = shutil.which("docker")
    if found is None:
        raise SystemExit("docker is not on PATH")
    return [found, *arguments]


def ask(*arguments: str) -> str:
    """What the client answers; ends the benchmark when it fails."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"docker {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


def has(image: str) -> bool:
    """Is it here? The engine has to answer, so that one that is down is not taken for one without images."""
    return bool(ask("image", "ls", "--quiet", image).strip())


def build(dockerfile: Path, image: str) -> None:
    """From a Dockerfile that copies nothing; what the build says goes to stderr."""
    arguments = ["build", "--network=host", "--tag", image]
    for name in PROXIES:
        if name in os.environ:
            arguments += ["--build-arg", name]
    with dockerfile.open("rb") as text:
        subprocess.run(command(*arguments, "-"), stdin=text, stdout=2, check=True)


def engine() -> str:
    """Version and storage, in words."""
    version = ask("version", "--format", "{{.Server.Version}}").strip()
    storage = ask("info", "--format", "{{.Driver}}, {{.NCPU}} CPUs").strip()
    return f"Docker {version}, {storage}"


def processes(container: str) -> Sequence[tuple[int, str]]:
    """Resident bytes and command line of each process in a container, by the host's `ps`."""
    return read_processes(ask("top", container, "-eo", "pid,rss,args"))


def read_processes(text: str) -> Sequence[tuple[int, str]]:
    """What `docker top` prints: a line of titles, then a line for each process, with kilobytes of 1024."""
    lines = [line.split(maxsplit=2) for line in text.splitlines()[1:]]
    return [(int(kilobytes) * 1024, command_line) for _, kilobytes, command_line in lines]
