"""Real servers on real models. REMOTE_SERVERS names the folder that `scripts/peers.sh` made; TENSORFLOW_PYTHON names an
interpreter with TensorFlow."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from inference_core.bundle import open_bundle
from inference_core.export.choice import Backend, Choice, Server, Split
from inference_core.export.exporting import export_bundle
from tests.assets import ASSETS
from tests.remote.real import servers
from tests.remote.real.bundles import CONVERTED, ONNX, SAVED_MODELS, Packed, pack, pack_saved_model
from tests.remote.real.servers import Address


@pytest.fixture(scope="session")
def peers() -> Path:
    """The folder of the environments that servers run in."""
    if "REMOTE_SERVERS" not in os.environ:
        pytest.skip("REMOTE_SERVERS names no folder with real servers: make test-remote")
    if not ASSETS.is_dir():
        pytest.skip("the real models and photographs are not beside this checkout")
    return Path(os.environ["REMOTE_SERVERS"]).absolute()


@pytest.fixture(scope="session")
def tensorflow_python(peers: Path) -> str:
    """An interpreter with TensorFlow."""
    if "TENSORFLOW_PYTHON" not in os.environ:
        pytest.skip("TENSORFLOW_PYTHON names no interpreter with TensorFlow: make test-remote")
    return os.environ["TENSORFLOW_PYTHON"]


@pytest.fixture(scope="session")
def bundles(peers: Path, tensorflow_python: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Packed]:
    """Every model, packed; those that onnxruntime runs in one directory."""
    folder, alone = tmp_path_factory.mktemp("bundles"), tmp_path_factory.mktemp("saved_models")
    packed = {name: pack(name, folder) for name in ONNX}
    for name in SAVED_MODELS:
        packed[name] = pack_saved_model(name, folder if name == CONVERTED else alone, tensorflow_python)
    return packed


def export_all(bundles: dict[str, Packed], folder: Path, server: Server, split: Split) -> Path:
    """All of them that are ONNX models, for `server`."""
    backend = Backend.PYTHON if server is Server.TRITON else None
    for name in (*ONNX, CONVERTED):
        with open_bundle(bundles[name].path) as bundle:
            choice = Choice.of(bundle, server, split=split, engine="onnxruntime", backend=backend)
            export_bundle(choice, folder / "models")
    return folder / "models"


@pytest.fixture(scope="session")
def triton(bundles: dict[str, Packed], peers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """Triton, with models that take tensors."""
    folder = tmp_path_factory.mktemp("triton")
    with servers.triton(peers, export_all(bundles, folder, Server.TRITON, Split.TENSORS), folder) as address:
        yield address


@pytest.fixture(scope="session")
def triton_images(
    bundles: dict[str, Packed], peers: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Address]:
    """Triton, with models that take pictures."""
    folder = tmp_path_factory.mktemp("triton_images")
    with servers.triton(peers, export_all(bundles, folder, Server.TRITON, Split.IMAGE), folder) as address:
        yield address


@pytest.fixture(scope="session")
def mlserver(bundles: dict[str, Packed], peers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """MLServer, with models that take tensors."""
    folder = tmp_path_factory.mktemp("mlserver")
    with servers.mlserver(peers, export_all(bundles, folder, Server.MLSERVER, Split.TENSORS), folder) as address:
        yield address


@pytest.fixture(scope="session")
def mlserver_images(
    bundles: dict[str, Packed], peers: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Address]:
    """MLServer, with models that take pictures."""
    folder = tmp_path_factory.mktemp("mlserver_images")
    with servers.mlserver(peers, export_all(bundles, folder, Server.MLSERVER, Split.IMAGE), folder) as address:
        yield address


@pytest.fixture(scope="session")
def satchel(bundles: dict[str, Packed], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """Another Satchel, which takes both."""
    models = bundles[CONVERTED].path.parent
    with servers.satchel(models, tmp_path_factory.mktemp("satchel")) as address:
        yield address


@pytest.fixture(scope="session")
def tensorflow(
    bundles: dict[str, Packed], tensorflow_python: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Address]]:
    """TensorFlow with the SavedModels, a server for each."""
    folder = tmp_path_factory.mktemp("tfs")
    with ExitStack() as stack:
        addresses = {}
        for name in SAVED_MODELS:
            with open_bundle(bundles[name].path) as bundle:
                exported = export_bundle(Choice.of(bundle, Server.TFS), folder / "models")
            server = servers.tensorflow(tensorflow_python, name, exported.path, folder)
            addresses[name] = stack.enter_context(server)
        yield addresses
