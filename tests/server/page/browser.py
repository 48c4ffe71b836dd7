"""Chromium, driven over the DevTools protocol through a pair of pipes: no driver, no port, nothing to install with it.

The protocol is JSON messages, each ended by a zero byte, on the browser's file descriptors 3 and 4.
"""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
WITHIN = 30.0
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
)

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium: apt-get install chromium")


class Chromium:
    """A running browser. Each of its tabs is as a new private window: it shares nothing with the others."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading = reading
        self._writing = writing
        self._received = b""
        self._number = 0

    @contextmanager
    def tab(self) -> Iterator["Browser"]:
        """An empty tab, closed on the way out; one at a time."""
        unheard: list[dict[str, Any]] = []
        context = self.command("Target.createBrowserContext", unheard)["browserContextId"]
        target = self.command("Target.createTarget", unheard, url="about:blank", browserContextId=context)["targetId"]
        session = self.command("Target.attachToTarget", unheard, targetId=target, flatten=True)["sessionId"]
        try:
            yield Browser(self, session)
        finally:
            self.command("Target.disposeBrowserContext", unheard, browserContextId=context)

    def command(
        self, method: str, events: list[dict[str, Any]], session: str | None = None, **parameters: Any
    ) -> dict[str, Any]:
        """The result of a command of the protocol; what happens meanwhile in the same session goes to `events`."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                result: dict[str, Any] = answer["result"]
                return result
            if "method" in answer and answer.get("sessionId") == session:
                events.append(answer)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._reading], [], [], WITHIN)
            assert ready, "the browser does not answer"
            chunk = os.read(self._reading, 1 << 20)
            assert chunk, "the browser has ended"
            self._received += chunk
        message, _, self._received = self._received.partition(b"\0")
        received: dict[str, Any] = json.loads(message)
        return received


class Browser:
    """A tab. `events` holds what has happened in it, in order."""

    def __init__(self, chromium: Chromium, session: str) -> None:
        self._chromium = chromium
        self._session = session
        self.events: list[dict[str, Any]] = []
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.command(f"{domain}.enable")

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command of the protocol."""
        return self._chromium.command(method, self.events, self._session, **parameters)

    def open(self, url: str, *, width: int = 1280, height: int = 900, phone: bool = False, dark: bool = False) -> None:
        """Shows `url` in a window of this size."""
        scale = 2 if phone else 1
        self.command(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=phone
        )
        self.command("Emulation.setTouchEmulationEnabled", enabled=phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])
        self.command("Page.navigate", url=url)
        self.wait("document.readyState === 'complete'")

    def evaluate(self, expression: str) -> Any:
        """The value of JavaScript; a promise is awaited, an exception fails the test."""
        answer = self.command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Until `expression` is true."""
        limit = time.monotonic() + WITHIN
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < limit, (
                f"{expression} did not come true: {self.evaluate('document.body.innerText')}"
            )
            time.sleep(0.05)

    def give_file(self, selector: str, file: Path) -> None:
        """Chooses `file` in a file input, as a person would."""
        root = self.command("DOM.getDocument")["root"]["nodeId"]
        node = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.command("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def screenshot(self, file: Path) -> None:
        """The whole page as PNG."""
        taken = self.command("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))

    def complaints(self) -> list[str]:
        """What a console would show: errors, warnings and exceptions."""
        found = []
        for event in self.events:
            details = event.get("params", {})
            match event["method"]:
                case "Runtime.exceptionThrown":
                    found.append(json.dumps(details["exceptionDetails"]))
                case "Log.entryAdded" if details["entry"]["level"] in ("error", "warning"):
                    found.append(f"{details['entry']['text']} {details['entry'].get('url', '')}")
                case "Runtime.consoleAPICalled" if details["type"] in ("error", "warning", "assert"):
                    found.append(json.dumps(details["args"]))
        return found

    def requested(self) -> list[str]:
        """The addresses that were asked for, in order."""
        asked = [event["params"] for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [details["request"]["url"] for details in asked]


@contextmanager
def browsing(profile: Path) -> Iterator[Chromium]:
    """A browser with an empty profile in `profile`, ended on the way out."""
    assert CHROMIUM is not None
    theirs, ours = _pipes()
    mute = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    actions = [(os.POSIX_SPAWN_DUP2, theirs[0], 3), (os.POSIX_SPAWN_DUP2, theirs[1], 4), *mute]
    command = [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    process = os.posix_spawn(CHROMIUM, command, os.environ, file_actions=actions, setpgroup=0)
    for end in theirs:
        os.close(end)
    try:
        yield Chromium(*ours)
    finally:
        for end in ours:
            os.close(end)
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _pipes() -> tuple[tuple[int, int], tuple[int, int]]:
    """The browser's ends (reading, writing) and ours, all clear of the descriptors that the browser will use."""
    (commands, to_browser), (from_browser, answers) = os.pipe(), os.pipe()
    ends = commands, answers, from_browser, to_browser
    clear = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return (clear[0], clear[1]), (clear[2], clear[3])
