"""Processes of their own: what goes in, what comes back, and what is left of them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference_core.errors import EngineError, PackError
from inference_core.packing.apart import Apart, run_apart
from tests.assets import ROOT


def run(name: str, **options: Any) -> Any:
    return run_apart(f"tests.packing.jobs:{name}", purpose="the test", **options)


def wait_for(found: Callable[[], bool], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while not found() and time.monotonic() < end:
        time.sleep(0.02)
    return found()


def is_running(number: int) -> bool:
    """Whether there is such a process that is no zombie."""
    status = Path(f"/proc/{number}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children() -> set[int]:
    return {int(number) for number in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


@pytest.mark.parametrize(
    "value",
    [None, True, 1.5, "grüße \u2603 \U0001f600\n", {"ünï": [1, "x\u0000y"]}, "x" * 300_000, [float("inf")]],
    ids=["none", "bool", "float", "unicode", "nested", "more than a pipe holds", "infinite"],
)
def test_json_goes_in_and_comes_back(value: Any) -> None:
    assert run("echo", value=value) == value


def test_arguments_cannot_be_seen_from_outside() -> None:
    with Apart("tests.packing.jobs:echo", purpose="the test", value="a secret") as process:
        line = Path(f"/proc/{process._process.pid}/cmdline").read_text()
    assert process.value == "a secret"
    assert "secret" not in line and "serve" in line


def test_the_process_is_another_one_in_a_group_of_its_own() -> None:
    seen = run("command_line")
    assert seen["pid"] != os.getpid()
    assert seen["group"] == seen["pid"]
    assert not is_running(seen["pid"])


def test_an_object_keeps_its_state_between_calls() -> None:
    with Apart("tests.packing.jobs:Counter", purpose="the test", start=5) as counter:
        assert counter.value is None
        assert [counter.call("add", number=2), counter.call("add", number=3)] == [7, 10]


def test_variables_of_the_environment_are_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERE", "from here")
    assert run("environment", variable="HERE") == "from here"
    assert run("environment", variable="HERE", environment={"HERE": "instead"}) == "instead"
    assert os.environ["HERE"] == "from here"


def test_modules_of_the_working_directory_are_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')\n")
    monkeypatch.chdir(tmp_path)
    assert run("echo", value=1) == 1


def test_an_error_of_the_tree_comes_back_whole() -> None:
    with pytest.raises(EngineError) as caught:
        run("fail")
    error = caught.value
    assert type(error) is EngineError
    assert (error.message, error.got) == ("the engine is out of order", "smoke")
    assert (error.expected, error.remedy) == ("none", "open a window")


def test_an_object_lives_on_after_an_error() -> None:
    with Apart("tests.packing.jobs:Counter", purpose="the test", start=1) as counter:
        with pytest.raises(EngineError, match="out of order"):
            counter.call("fail")
        with pytest.raises(PackError) as caught:
            counter.call("thing")
        assert caught.value.got == "TypeError: Object of type object is not JSON serializable"
        assert counter.call("add", number=1) == 2


def test_another_error_is_told_with_what_it_wrote_last() -> None:
    with pytest.raises(PackError) as caught:
        run("stumble")
    assert caught.value.message == "the test failed"
    assert caught.value.got == "ZeroDivisionError: by nought"
    assert caught.value.remedy is not None
    lines = caught.value.remedy.splitlines()
    assert len(lines) == 6 and lines[-1] == "ZeroDivisionError: by nought"


@pytest.mark.parametrize("target", ["tests.packing.nothing:echo", "tests.packing.jobs:nothing"])
def test_a_target_that_is_not_there_is_told(target: str) -> None:
    with pytest.raises(PackError, match="the test failed") as caught:
        run_apart(target, purpose="the test")
    assert caught.value.got is not None and "nothing" in caught.value.got


def test_a_crash_is_told_with_its_signal() -> None:
    with pytest.raises(PackError) as caught:
        run("give_up", message="terminate called\n")
    assert caught.value.message == "the process for the test ended with signal SIGABRT"
    assert caught.value.got is not None and caught.value.got.startswith("terminate called")


def test_an_exit_is_told_with_its_code() -> None:
    with pytest.raises(PackError) as caught:
        run("leave", code=3)
    assert (caught.value.message, caught.value.got) == ("the process for the test ended with exit code 3", None)


def test_only_the_last_lines_of_much_output_are_told() -> None:
    with pytest.raises(PackError) as caught:
        run("give_up", message="\n".join(str(number) for number in range(40_000)) + "\n")
    assert caught.value.got == "39995\n39996\n39997\n39998\n39999"


def test_a_process_that_has_ended_is_told_again_at_the_next_call() -> None:
    with Apart("tests.packing.jobs:Counter", purpose="the test", start=1) as counter:
        os.kill(counter._process.pid, signal.SIGKILL)
        for _ in range(2):
            with pytest.raises(PackError, match="the process for the test ended with signal SIGKILL"):
                counter.call("add", number=1)


def test_output_does_not_get_into_answers() -> None:
    assert run("chatter") == "from the answer"


def test_a_job_has_no_input_and_neither_has_what_it_starts() -> None:
    assert run("read_input") == ""


def test_what_is_no_json_is_kept_there() -> None:
    assert run("not_json") is None


def test_nothing_is_left_after_closing() -> None:
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    before = children()
    process = Apart("tests.packing.jobs:Counter", purpose="the test", start=1)
    [number] = children() - before
    process.close()
    process.close()
    assert children() == before and not Path(f"/proc/{number}").exists()
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_nothing_is_left_after_a_failure(tmp_path: Path) -> None:
    before = children()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(PackError, match="SIGABRT"):
        run("start_sleeper", file=str(tmp_path / "sleeper"))
    sleeper = int((tmp_path / "sleeper").read_text())
    assert wait_for(lambda: not is_running(sleeper))
    assert children() == before
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_the_process_ends_with_its_parent_whatever_it_is_doing(tmp_path: Path) -> None:
    file = tmp_path / "number"
    code = "import sys; from inference_core.packing.apart import run_apart\n"
    code += "run_apart('tests.packing.jobs:work', purpose='the test', file=sys.argv[1])"
    parent = subprocess.Popen([sys.executable, "-c", code, str(file)], cwd=ROOT)
    assert wait_for(lambda: file.is_file() and file.read_text() != "")
    worker = int(file.read_text())
    assert is_running(worker)
    parent.kill()
    parent.wait()
    assert wait_for(lambda: not is_running(worker), 5)


def test_its_temporary_files_go_with_it(tmp_path: Path) -> None:
    with Apart("tests.packing.jobs:Litter", purpose="the test") as process:
        litter = Path(process.call("drop"))
        assert litter.is_file()
    assert not litter.parent.exists()


def test_a_job_that_cannot_even_write_why_it_failed_tells_it() -> None:
    with pytest.raises(PackError) as caught:
        run("stumble_in_silence")
    assert caught.value.message == "the test failed"
    assert caught.value.got == "OSError: [Errno 28] No space left on device"
    assert caught.value.remedy is None
