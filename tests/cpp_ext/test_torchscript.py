"""The native TorchScript runtime: what it answers, what it refuses, and that it leaves the caller's memory alone."""

import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.archives import CLASSIFIER, CONVOLUTION, write_archive
from tests.assets import ASSETS, needs_assets

PACKAGE = "satchel_torchscript"
SQUEEZENET = ASSETS / "models" / "squeezenet" / "squeezenet_v1.0_torchscript.pt"


def module(path: Path, **options: Any) -> Any:
    """The archive, opened."""
    import satchel_torchscript

    return satchel_torchscript.Module(path, **options)


def refusal(function: Any, *arguments: Any) -> tuple[str, str, str, str]:
    """Code, message, got and expected of the error that a call raises."""
    import satchel_torchscript

    with pytest.raises(satchel_torchscript.TorchscriptError) as caught:
        function(*arguments)
    error = caught.value
    return error.code, str(error), error.got, error.expected


def pixels(*shape: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The same values every time."""
    return np.random.default_rng(sum(shape)).random(shape, dtype=np.float32)


def test_outputs_keep_the_batch_and_are_right(tmp_path: Path) -> None:
    classify = module(write_archive(tmp_path / "m.pt", CLASSIFIER))
    images = pixels(5, 3, 8, 8)
    assert classify.inputs == ("images",)
    assert list(classify.run([images])) == ["output"]
    np.testing.assert_allclose(classify.run([images])["output"], 10 * images.mean((2, 3)), rtol=1e-5)


NESTED = """
def forward(self: __torch__.Net, x: Tensor, y: Tensor) -> Tuple[Dict[str, Tensor], List[Tensor], Tuple[Tensor, float]]:
  total = torch.add(x, y)
  return ({"sum": total, "gap": torch.sub(x, y)}, [torch.mul(x, 2), torch.gt(x, y)], (torch.to(total, 15), 2.5))
"""


def test_nested_outputs_are_named_by_their_path(tmp_path: Path) -> None:
    x, y = np.array([1, 5], np.float32), np.array([2, 3], np.float32)
    outputs = module(write_archive(tmp_path / "m.pt", NESTED)).run([x, y])
    assert {name: (value.dtype.name, value.tolist()) for name, value in outputs.items()} == {
        "0.sum": ("float32", [3, 8]),
        "0.gap": ("float32", [-1, 2]),
        "1.0": ("float32", [2, 10]),
        "1.1": ("bool", [False, True]),
        "2.0": ("float32", [3, 8]),  # bfloat16, widened
        "2.1": ("float64", 2.5),
    }


IN_PLACE = """
def forward(self: __torch__.Net, x: Tensor) -> Tuple[Tensor, Tensor]:
  y = torch.add_(x, 1)
  return (y, torch.view(x, [-1]))
"""
FORWARD = "def forward(self: __torch__.Net, x: Tensor) -> "
ECHO = """
def forward(self: __torch__.Net, x: Tensor) -> Tuple[Tensor, Tensor]:
  return (x, torch.select(x, 0, 1))
"""


def test_forward_may_write_in_place_without_reaching_the_callers_array(tmp_path: Path) -> None:
    add = module(write_archive(tmp_path / "m.pt", IN_PLACE))
    x = pixels(2, 3)
    before = x.copy()
    add.prepare([x])
    for _ in range(2):
        outputs = add.run([x])
        np.testing.assert_array_equal(x, before)
        np.testing.assert_array_equal(outputs["0"], before + 1)


def test_outputs_never_share_memory_with_an_input(tmp_path: Path) -> None:
    echo = module(write_archive(tmp_path / "m.pt", ECHO))
    x = pixels(2, 3)
    outputs = echo.run([x])
    outputs["0"][:] = 7
    np.testing.assert_array_equal(x, pixels(2, 3))
    np.testing.assert_array_equal(outputs["1"], x[1])


@pytest.mark.parametrize("answer", ["x", "torch.view(x, [-1])", "torch.select(x, 0, 1)"])
def test_a_lone_output_does_not_share_memory_with_the_input(tmp_path: Path, answer: str) -> None:
    echo = module(write_archive(tmp_path / "m.pt", FORWARD + f"Tensor:\n  return {answer}\n"))
    x = pixels(2, 3)
    assert not np.shares_memory(echo.run([x])["output"], x)
    echo.prepare([x])
    assert not np.shares_memory(echo.run([x])["output"], x)


def test_a_view_that_stands_for_negative_values_holds_them(tmp_path: Path) -> None:
    code = FORWARD + "Tensor:\n  return torch.imag(torch.conj(torch.view_as_complex(x)))\n"
    output = module(write_archive(tmp_path / "m.pt", code)).run([np.array([[3, 5]], np.float32)])["output"]
    assert output.tolist() == [-5]


@pytest.mark.parametrize(
    ("answer", "message", "got"),
    [
        (
            'Dict[str, Dict[str, Tensor]]:\n  return {"a.b": {"c": x}, "a": {"b.c": x}}\n',
            "two outputs of the model have one name",
            "a.b.c",
        ),
        (
            "Tuple[Tensor, Dict[float, Tensor]]:\n  return (x, {0.5: x})\n",
            "output 1 of the model is no tensor that can be passed on",
            "a dict with keys of type Double",
        ),
        (
            "Optional[Tensor]:\n  return None\n",
            "the answer of the model is no tensor that can be passed on",
            "None",
        ),
        (
            'Dict[str, Optional[Tensor]]:\n  return {"\\377": None}\n',
            "output \ufffd of the model is no tensor that can be passed on",
            "None",
        ),
        (
            f"Tensor:\n  return torch.reshape(x, {[1] * 65})\n",
            "an output has more axes than NumPy takes",
            "65",
        ),
    ],
)
def test_an_answer_that_cannot_be_passed_on_is_refused(tmp_path: Path, answer: str, message: str, got: str) -> None:
    run = module(write_archive(tmp_path / "m.pt", FORWARD + answer)).run
    assert refusal(run, [np.ones(1, np.float32)])[:3] == ("failed", message, got)


def test_a_prepared_graph_is_fused_and_gives_the_plain_answer(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "m.pt", CONVOLUTION)
    x, plain = pixels(1, 3, 16, 16), module(path, fuse=False)
    fused = module(path)
    report = fused.prepare([x])
    assert (report.fused_kernels, report.refusal) == (2, "")
    assert 0 < report.difference < 1e-5  # not the same sums: the fused kernels did run
    assert plain.prepare([x]) == (0, 0.0, "")
    np.testing.assert_allclose(fused.run([x])["output"], plain.run([x])["output"], rtol=1e-5)
    other = pixels(2, 3, 9, 7)  # a shape that was never prepared
    np.testing.assert_allclose(fused.run([other])["output"], plain.run([other])["output"], rtol=1e-5)


RANDOM = """
def forward(self: __torch__.Net, x: Tensor) -> Tensor:
  return torch.relu(torch.add(x, torch.rand_like(x)))
"""


def test_fusion_is_given_up_where_answers_differ(tmp_path: Path) -> None:
    report = module(write_archive(tmp_path / "m.pt", RANDOM)).prepare([pixels(4, 4)])
    assert (report.fused_kernels, report.refusal) == (0, "answers differ")


def test_bfloat16_rounds_inputs_and_gives_float32(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "m.pt", CLASSIFIER)
    if "avx512_bf16" not in Path("/proc/cpuinfo").read_text():
        assert refusal(lambda: module(path, bfloat16=True))[0] == "no_device"
        return
    images = pixels(2, 3, 8, 8)
    rounded = module(path, bfloat16=True).run([images])["output"]
    assert rounded.dtype == np.float32
    assert not (rounded.view(np.uint32) & 0xFFFF).any()  # no more than bfloat16's bits
    np.testing.assert_allclose(rounded, 10 * images.mean((2, 3)), rtol=2**-7)


def test_a_saved_module_loads_frozen_and_answers_alike(tmp_path: Path) -> None:
    first = module(write_archive(tmp_path / "m.pt", CONVOLUTION))
    first.save(tmp_path / "frozen.pt")
    again = module(tmp_path / "frozen.pt")
    image = pixels(1, 3, 16, 16)
    assert again.inputs == first.inputs
    np.testing.assert_array_equal(again.run([image])["output"], first.run([image])["output"])
    assert again.prepare([image]).fused_kernels == 2
    assert refusal(first.save, tmp_path / "nowhere" / "m.pt")[0] == "failed"


def test_eight_threads_get_their_own_answers(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "m.pt", CONVOLUTION)
    run = module(path)
    images = [pixels(1, 3, 16 + i % 3, 16) for i in range(64)]
    run.prepare([images[0]])
    expected = [run.run([image])["output"] for image in images]
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda image: run.run([image])["output"], images))
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_arrays_that_forward_does_not_take_are_refused(tmp_path: Path) -> None:
    run = module(write_archive(tmp_path / "m.pt", CLASSIFIER)).run
    image = pixels(1, 3, 8, 8)
    assert refusal(run, []) == ("bad_input", "forward takes another number of inputs", "0", "1")
    assert refusal(run, [image, image])[2:] == ("2", "1")
    kinds = "floats, integers or booleans in native byte order"
    for wrong in (image.astype(">f4"), np.array(["text"]), image.astype(complex)):
        assert refusal(run, [wrong]) == (
            "bad_input",
            "an input has a type that libtorch does not take",
            str(wrong.dtype),
            kinds,
        )
    code, message, got, _ = refusal(run, [np.float32(3)])
    assert (code, message) == ("failed", "the model raised an error while it ran")
    assert got.startswith("Dimension out of range")


def test_arrays_with_gaps_are_copied(tmp_path: Path) -> None:
    run = module(write_archive(tmp_path / "m.pt", CLASSIFIER)).run
    wide = pixels(2, 3, 16, 8)
    gaps = wide[::-1, :, ::2]
    np.testing.assert_array_equal(run([gaps])["output"], run([gaps.copy()])["output"])


RAISES = """
def forward(self: __torch__.Net, x: Tensor) -> Tensor:
  if torch.gt(torch.len(x), 2):
    ops.prim.RaiseException("too many rows", "builtins.ValueError")
  else:
    pass
  return x
"""


def test_an_error_of_the_model_is_told_in_its_words(tmp_path: Path) -> None:
    run = module(write_archive(tmp_path / "m.pt", RAISES)).run
    assert run([pixels(2, 2)])["output"].shape == (2, 2)
    assert refusal(run, [pixels(3, 2)]) == (
        "failed",
        "the model raised an error while it ran",
        "too many rows",
        "",
    )


@pytest.mark.parametrize(
    ("forward", "expected"),
    [
        (
            "def forward(self: __torch__.Net, x: Tensor) -> Tensor:\n  return ops.mine.b(ops.mine.a(x))\n",
            ("missing_operator", "the model calls operators that are not built in", "mine::a, mine::b"),
        ),
        (
            "def forward(self: __torch__.Net, x: Tensor, n: int) -> Tensor:\n  return torch.mul(x, n)\n",
            ("bad_archive", "forward takes something other than tensors", "n: int"),
        ),
        (
            "def forward(self: __torch__.Net) -> int:\n  return 1\n",
            ("bad_archive", "forward takes no tensor", "no arguments"),
        ),
        (
            "def other(self: __torch__.Net, x: Tensor) -> Tensor:\n  return x\n",
            ("bad_archive", "libtorch cannot load the archive", "Method 'forward' is not defined."),
        ),
        (
            "def forward(self: __torch__.Net, x: Tensor) -> Tensor:\n  return torch.no_such_thing(x)\n",
            ("bad_archive", "libtorch cannot load the archive", "Unknown builtin op: aten::no_such_thing."),
        ),
    ],
)
def test_an_archive_that_cannot_be_served_is_refused_with_the_reason(
    tmp_path: Path, forward: str, expected: tuple[str, str, str]
) -> None:
    assert refusal(module, write_archive(tmp_path / "m.pt", forward))[:3] == expected


def test_a_function_of_a_module_called_ops_is_no_operator(tmp_path: Path) -> None:
    code = FORWARD + "Tensor:\n  return __torch__.lib.ops.boxes.double(x, )\n"
    path = write_archive(tmp_path / "m.pt", code)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(
            "net/code/__torch__/lib/ops/boxes.py", "def double(x: Tensor) -> Tensor:\n  return torch.add(x, x)\n"
        )
    x = np.arange(3, dtype=np.float32)
    assert module(path).run([x])["output"].tolist() == [0, 2, 4]


def test_the_name_of_a_missing_operator_may_be_of_any_length(tmp_path: Path) -> None:
    name = "a" * 200_000
    code = FORWARD + f"Tensor:\n  return ops.mine.{name}(x)\n"
    assert refusal(module, write_archive(tmp_path / "m.pt", code))[2] == f"mine::{name}"


COUNTS = """
def forward(self: __torch__.Net, x: Tensor) -> Tensor:
  n = torch.add(self.n, 1)
  self.n = n
  return torch.add(x, n)
"""


def test_a_forward_that_changes_its_module_is_refused(tmp_path: Path) -> None:
    code, message, got, _ = refusal(module, write_archive(tmp_path / "m.pt", COUNTS, counter=True))
    assert (code, got) == ("bad_archive", "self.n")
    assert message == "forward changes the module, so that answers would depend on those before"


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    assert refusal(module, path)[0] == "bad_archive"
    for content in (b"", b"PK", b"not a zip at all" * 99):
        path.write_bytes(content)
        assert refusal(module, path)[:2] == ("bad_archive", "the file is not a TorchScript archive")


def test_a_damaged_archive_is_refused_or_runs(tmp_path: Path) -> None:
    import satchel_torchscript

    whole = write_archive(tmp_path / "whole.pt", CONVOLUTION).read_bytes()
    path, random, codes = tmp_path / "m.pt", np.random.default_rng(7), set()
    cuts = [whole[:length] for length in range(0, len(whole), 7)]
    flips = [np.frombuffer(whole, np.uint8).copy() for _ in range(150)]
    for flipped in flips:
        flipped[random.integers(0, len(whole), 3)] = random.integers(0, 256, 3)
    for content in (*cuts, *(flipped.tobytes() for flipped in flips)):
        path.write_bytes(content)
        try:
            module(path).run([pixels(1, 3, 8, 8)])
        except satchel_torchscript.TorchscriptError as error:
            codes.add(error.code)
            assert all(" " <= letter <= "~" for letter in error.got)
    assert codes <= {"bad_archive", "missing_operator", "failed"}
    assert "bad_archive" in codes


def test_devices_that_are_not_there_are_refused(tmp_path: Path) -> None:
    path = write_archive(tmp_path / "m.pt", CLASSIFIER)
    for device in ("cuda", "cuda:1", "meta", "nonsense"):
        assert refusal(lambda device=device: module(path, device=device))[0] == "no_device"


def child(code: str) -> subprocess.CompletedProcess[str]:
    """Runs `code` in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_python_torch_is_kept_out_in_either_order(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("")  # stands for Python torch, which this environment does not have
    path = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
    first = child(f"{path}import torch, satchel_torchscript")
    assert first.stderr.splitlines()[-1] == (
        "ImportError: satchel_torchscript cannot be imported beside torch: two copies of libtorch in one process "
        "abort it: run the other one in a process of its own"
    )
    second = child(f"{path}import satchel_torchscript, torch")
    assert second.stderr.splitlines()[-1].startswith("ImportError: torch cannot be imported beside satchel_torchscript")
    asked = child(
        f"{path}import satchel_torchscript\nfrom importlib.util import find_spec\n"
        "print(find_spec('torch').name, find_spec('torch_is_not_there'))"
    )
    assert asked.stdout == "torch None\n"


def test_this_environment_has_no_python_torch() -> None:
    assert find_spec("torch") is None


def test_libraries_come_from_the_package_under_their_own_names_and_openmp_once() -> None:
    import satchel_torchscript

    folder = Path(satchel_torchscript.__file__).parent
    [core] = folder.glob("_core*.so")
    lines = subprocess.run(["ldd", core], capture_output=True, text=True, check=True).stdout.splitlines()  # noqa: S607
    found = {name: Path(path.split(" (")[0]) for name, _, path in (line.strip().partition(" => ") for line in lines)}
    assert not any("not found" in line for line in lines)
    for name in ("libtorch_cpu.so", "libc10.so", "libgomp.so.1"):
        assert found[name].resolve() == folder / "libtorch" / name
    assert [name for name in found if "omp" in name] == ["libgomp.so.1"]
    assert not any("python" in name for name in found)


@needs_assets
def test_squeezenet_loads_frozen_and_fuses_its_convolutions() -> None:
    run = module(SQUEEZENET, threads=2)
    image = pixels(1, 3, 227, 227) * 255 - 117
    plain = run.run([image])["output"]
    report = run.prepare([image])
    assert report.refusal == ""
    assert report.fused_kernels > 20
    fused = run.run([image])["output"]
    np.testing.assert_allclose(fused, plain, rtol=1e-3, atol=1e-6)
    assert fused.sum() == pytest.approx(1, abs=1e-5)


@needs_assets
def test_squeezenet_in_bfloat16_is_near_float32() -> None:
    if "avx512_bf16" not in Path("/proc/cpuinfo").read_text():
        pytest.skip("this processor has no instructions for bfloat16")
    image = pixels(1, 3, 227, 227) * 255 - 117
    exact, rounded = module(SQUEEZENET), module(SQUEEZENET, bfloat16=True)
    rounded.prepare([image])
    [expected], [got] = exact.run([image])["output"], rounded.run([image])["output"]
    assert got.dtype == np.float32
    assert 0 < abs(got - expected).max() < 0.1 * expected.max()
