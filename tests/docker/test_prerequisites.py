"""docker/install-prerequisites.sh: what it finds, refuses and would do, on hosts made of a file and a few commands."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docker.compose import FOLDER

SCRIPT = FOLDER / "install-prerequisites.sh"
TOOLS = ("bash", "cat", "env", "grep", "head", "id", "sed", "sort", "tr")
UBUNTU = 'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\n'
DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\n'
FEDORA = 'PRETTY_NAME="Fedora Linux 42"\nID=fedora\n'
DOCKER = """
case "$*" in
--version) echo "Docker version ENGINE, build 411e817" ;;
"compose version --short") echo COMPOSE ;;
"buildx version") echo "github.com/docker/buildx v0.13.1 0.13.1" ;;
info*) echo 'RUNTIMES' ;;
*) exit 1 ;;
esac
"""
WITHOUT = '{"runc":{}}'
WITH = '{"nvidia":{},"runc":{}}'

Host = Callable[..., subprocess.CompletedProcess[str]]


def docker(engine: str = "26.1.5", compose: str = "2.26.1", runtimes: str = WITHOUT) -> str:
    return DOCKER.replace("ENGINE", engine).replace("COMPOSE", compose).replace("RUNTIMES", runtimes)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    """Runs the script where there are only these commands, beside what every system has."""

    def run(*arguments: str, release: str = UBUNTU, **commands: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "bin"
        folder.mkdir()
        for tool in TOOLS:
            (folder / tool).symlink_to(str(shutil.which(tool)))
        scripts = {"dpkg": "echo amd64", "dpkg-query": "exit 1", "systemctl": "exit 1", **commands}
        for name, text in scripts.items():
            (folder / name.replace("_", "-")).write_text(f"#!{shutil.which('bash')}\n{text}\n")
            (folder / name.replace("_", "-")).chmod(0o755)
        (tmp_path / "os-release").write_text(release)
        variables = {"PATH": str(folder), "OS_RELEASE": str(tmp_path / "os-release")}
        command = [str(folder / "bash"), str(SCRIPT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=variables)

    return run


def commands(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What would be run, whoever runs it."""
    assert done.returncode == 0, done.stderr
    lines = [line.removeprefix("sudo ") for line in done.stdout.splitlines()]
    return [line for line in lines if line.split(" ")[0] not in {"ok", "missing", "note", "too"}]


@pytest.mark.parametrize(
    ("release", "system", "codename"), [(UBUNTU, "ubuntu", "noble"), (DEBIAN, "debian", "bookworm")]
)
def test_a_bare_host_gets_docker_out_of_its_own_repository(
    host: Host, release: str, system: str, codename: str
) -> None:
    assert commands(host("--dry-run", release=release)) == [
        "apt-get update",
        "env DEBIAN_FRONTEND=noninteractive apt-get install --yes ca-certificates curl",
        "install -m 0755 -d /etc/apt/keyrings",
        f"curl --fail --silent --show-error --location https://download.docker.com/linux/{system}/gpg"
        " --output /etc/apt/keyrings/docker.asc",
        "chmod a+r /etc/apt/keyrings/docker.asc",
        "tee /etc/apt/sources.list.d/docker.sources <<END",
        "Types: deb",
        f"URIs: https://download.docker.com/linux/{system}",
        f"Suites: {codename}",
        "Components: stable",
        "Architectures: amd64",
        "Signed-By: /etc/apt/keyrings/docker.asc",
        "END",
        "apt-get update",
        "env DEBIAN_FRONTEND=noninteractive apt-get install --yes docker-ce docker-ce-cli containerd.io"
        " docker-buildx-plugin docker-compose-plugin",
        "systemctl enable --now docker",
    ]


def test_a_host_with_docker_gets_the_toolkit_only(host: Host) -> None:
    found = commands(host("--gpu", "--dry-run", docker=docker(), nvidia_smi="echo 575.51.03"))
    assert "URIs: https://nvidia.github.io/libnvidia-container/stable/deb/amd64" in found
    assert "Suites: /" in found
    assert found[-4:] == [
        "apt-get update",
        "env DEBIAN_FRONTEND=noninteractive apt-get install --yes nvidia-container-toolkit",
        "nvidia-ctk runtime configure --runtime=docker",
        "systemctl restart docker",
    ]
    assert "docker" not in "".join(found[:-2])


def test_a_toolkit_that_the_engine_does_not_know_is_made_known(host: Host) -> None:
    nvidia = {"nvidia_smi": "echo 575.51.03", "nvidia_ctk": "echo NVIDIA Container Toolkit CLI version 1.17.8"}
    found = commands(host("--gpu", "--dry-run", docker=docker(), **nvidia))
    assert found[-2:] == ["nvidia-ctk runtime configure --runtime=docker", "systemctl restart docker"]
    assert not any("install --yes nvidia" in line for line in found)


def test_a_host_that_has_all_is_left_alone(host: Host) -> None:
    nvidia = {"nvidia_smi": "echo 575.51.03", "nvidia_ctk": "echo NVIDIA Container Toolkit CLI version 1.17.8"}
    assert commands(host("--gpu", docker=docker(runtimes=WITH), **nvidia)) == ["All that is needed is there."]


def test_check_says_what_is_missing_and_does_nothing(host: Host) -> None:
    done = host("--check", "--gpu", docker=docker("24.0.7", "2.23.3"))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "ok       ubuntu noble, amd64",
        "too old  engine 24.0.7, of which 25.0 is wanted",
        "too old  compose 2.23.3, of which 2.24 is wanted",
        "ok       buildx 0.13.1",
        "missing  driver",
        "missing  toolkit",
    ]
    assert done.stderr == ""


def test_an_engine_that_does_not_answer_is_only_mentioned(host: Host) -> None:
    done = host("--check", docker=docker().replace("info*)", "info*) exit 1;;\nnever)"))
    assert done.returncode == 0
    assert "note     the engine does not answer" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "options", "sentence"),
    [
        ((), {"release": FEDORA}, "on Ubuntu and Debian only, and this is Fedora Linux 42"),
        ((), {"release": "ID=debian\n"}, "names no VERSION_CODENAME"),
        ((), {"dpkg": "echo riscv64"}, "amd64 and arm64, and this is riscv64"),
        (("--gpu",), {"docker": docker()}, "no NVIDIA driver"),
        ((), {"dpkg_query": "[[ ${!#} == docker.io ]] && echo installed"}, "sudo apt-get remove docker.io"),
        (("--now",), {}, "unknown argument --now"),
    ],
)
def test_what_it_cannot_do_is_said_in_one_sentence(
    host: Host, arguments: tuple[str, ...], options: dict[str, str], sentence: str
) -> None:
    done = host(*arguments, **options)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_file_that_is_not_there_is_another_system() -> None:
    done = subprocess.run(
        [str(SCRIPT)], capture_output=True, text=True, check=False, env={**os.environ, "OS_RELEASE": "/nowhere"}
    )
    assert (done.returncode, done.stderr) == (1, "There is no /nowhere: this installs on Ubuntu and Debian only.\n")


def test_help_is_the_head_of_the_script(host: Host) -> None:
    text = host("--help").stdout
    assert text.startswith("Makes an Ubuntu or Debian host ready")
    assert "--dry-run" in text
