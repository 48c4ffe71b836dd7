"""A container, driven by the `docker` command, and asked over HTTP as any client asks it."""

import json
import subprocess
import time
from dataclasses import dataclass
from typing import Any

import httpx

from tests.ports import free_port

HARDENED = (
    *("--read-only", "--tmpfs=/tmp:mode=1777", "--cap-drop=ALL", "--security-opt=no-new-privileges"),
    *("--memory=1g", "--pids-limit=256", "--network=host"),
)


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


def docker(*arguments: str, check: bool = True, timeout: float = 120) -> Done:
    """Runs the command; fails with what it printed unless `check` is off."""
    done = subprocess.run(
        ["docker", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert not check or done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return Done(done.returncode, done.stdout.strip(), done.stderr.strip())


def run(image: str, *options: str, command: tuple[str, ...] = (), **settings: object) -> "Container":
    """Starts a container in this machine's network. `settings` are variables, in lower case, without their prefix."""
    port = free_port()
    chosen = {"port": port, "host": "127.0.0.1", **settings}
    variables = [f"--env=SATCHEL_{name.upper()}={value}" for name, value in chosen.items()]
    made = docker("run", "--detach", *HARDENED, *variables, *options, image, *command)
    return Container(made.out, port)


@dataclass(frozen=True)
class Container:
    """One that was started."""

    id: str
    port: int

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def inspect(self) -> dict[str, Any]:
        """What the engine knows of it."""
        [facts] = json.loads(docker("inspect", self.id).out)
        return dict(facts)

    def logs(self) -> str:
        """What it wrote."""
        done = docker("logs", self.id)
        return done.out + done.err

    def execute(self, *command: str, check: bool = True) -> Done:
        """Runs a command in it."""
        return docker("exec", self.id, *command, check=check)

    def wait_ready(self, seconds: float = 60) -> None:
        """Until it answers that it is ready; fails with its log when it ended, or does not get there."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if httpx.get(f"{self.url}/health/ready", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                assert self.inspect()["State"]["Status"] in ("running", "restarting"), self.logs()
            time.sleep(0.05)
        raise AssertionError(f"not ready after {seconds} s:\n{self.logs()}")

    def wait_health(self, seconds: float = 60) -> str:
        """What the image's own health check comes to."""
        end = time.monotonic() + seconds
        status = "starting"
        while status == "starting" and time.monotonic() < end:
            status = self.inspect()["State"]["Health"]["Status"]
            time.sleep(0.2)
        return status

    def predict(self, picture: bytes) -> dict[str, Any]:
        """The answer of the shipped model."""
        answer = httpx.post(
            f"{self.url}/models/card_elements/predict",
            content=picture,
            headers={"Content-Type": "image/png"},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def remove(self) -> None:
        """Ends it at once and forgets it."""
        docker("rm", "--force", "--volumes", self.id, check=False)
