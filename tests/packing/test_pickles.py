"""Pickles are refused for what they are, whatever they are called and however old."""

import pickle
import zipfile
from pathlib import Path

import pytest

from inference_core.errors import PackError
from inference_core.packing.formats import inspect_model
from inference_core.packing.recipe import read_recipe
from tests.packing.bench import Bench


class Harmful:
    """Says so when it is read."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('the pickle was read')",)


def refusal(bench: Bench, path: Path) -> PackError:
    with pytest.raises(PackError) as caught:
        inspect_model(path, read_recipe(str(bench.recipe))[0], bench.folder)
    return caught.value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("value", [Harmful(), {"weight": [0.5]}], ids=["object", "dict"])
def test_every_protocol_is_known(bench: Bench, protocol: int, value: object) -> None:
    path = bench.folder / "model.onnx"
    path.write_bytes(pickle.dumps(value, protocol))
    error = refusal(bench, path)
    assert error.message == f"{path} is a pickle, which can run any code when it is read"
    assert error.remedy is not None and "torch.jit.save" in error.remedy and "--weights" in error.remedy


def test_what_torch_save_wrote_is_one(bench: Bench) -> None:
    path = bench.folder / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps(Harmful(), 2))
        archive.writestr("model/version", "3")
        archive.writestr("model/data/0", bytes(4))
    assert "is a pickle" in refusal(bench, path).message


@pytest.mark.parametrize("content", [b"hello, this is text\n", b"", b"(dp0\n", b"B\xff\xff\xff\x7fx"])
def test_other_files_are_none(bench: Bench, content: bytes) -> None:
    path = bench.folder / "model.pb"
    path.write_bytes(content)
    assert "is not a usable ONNX model" in refusal(bench, path).message


def test_a_directory_without_a_model_is_told(bench: Bench) -> None:
    error = refusal(bench, bench.folder)
    assert (error.message, error.got) == (f"there is no model {bench.folder}", "a directory without a model")
