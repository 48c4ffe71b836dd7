"""TorchScript archives: what running them tells, and bundles packed from them."""

import resource
from pathlib import Path

import pytest

from inference_core.bundle import Recipe, TensorSpec, open_bundle
from inference_core.errors import PackError, SatchelError
from inference_core.packing import pack_model
from inference_core.packing.recipe import read_recipe
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Result
from tests.archives import CLASSIFIER, write_archive
from tests.assets import ASSETS, BEAR, needs_assets
from tests.packing.bench import Bench
from tests.pictures import plain

pytest.importorskip("satchel_torchscript", reason="satchel_torchscript is not built: see scripts/torchscript.sh")

SQUEEZENET = ASSETS / "models" / "squeezenet"
BATCH_OF_ONE = """
def forward(self: __torch__.Net, images: Tensor) -> Tuple[Tensor, Tensor]:
  means = torch.mean(images, [2, 3])
  return (torch.reshape(means, [1, 3]), torch.mean(images, [1]))
"""


@pytest.fixture
def archive(bench: Bench) -> Path:
    """The classifier of the bench as an archive."""
    bench.model = write_archive(bench.folder / "classifier.pt", CLASSIFIER)
    return bench.model


def inspect(path: Path, recipe: Recipe) -> tuple[list[object], list[object]]:
    """The tensors that running the archive tells of."""
    from inference_core.packing.torch.archive import inspect_torchscript

    graph = inspect_torchscript(path, recipe, path.parent)
    return [t["shape"] for t in graph.inputs], [t["shape"] for t in graph.outputs]


def test_a_bundle_holds_what_running_the_archive_told(bench: Bench, archive: Path) -> None:
    manifest = bench.pack().manifest
    [artifact] = manifest.artifacts
    assert (artifact.engine, artifact.precision, artifact.file) == ("torchscript", "fp32", "model.pt")
    assert artifact.inputs == (TensorSpec(name="images", dtype="float32", shape=("batch", 3, 8, 8), layout="NCHW"),)
    assert artifact.outputs == (TensorSpec(name="output", dtype="float32", shape=("batch", 3)),)
    assert manifest.provenance["libtorch"] == "2.13.0"
    with open_bundle(bench.target) as bundle, LocalPredictor.load(bundle) as predictor:
        results = predictor.predict([plain((0, 0, 255)), plain((0, 255, 0))])
    assert [r.predictions[0].label for r in results if isinstance(r, Result)] == ["blue", "green"]


def test_the_same_archive_gives_the_same_bytes(bench: Bench, archive: Path) -> None:
    bench.pack()
    bench.pack(target=bench.folder / "again")
    assert (bench.folder / "again" / "bundle.json").read_bytes() == (bench.target / "bundle.json").read_bytes()


def test_a_batch_of_one_that_is_built_in_stays_fixed(bench: Bench) -> None:
    path = write_archive(bench.folder / "m.pt", BATCH_OF_ONE)
    recipe, _ = read_recipe(str(bench.recipe))
    assert inspect(path, recipe) == ([[1, 3, 8, 8]], [[1, 3], [1, 8, 8]])


def test_axes_that_follow_the_picture_are_dynamic(bench: Bench) -> None:
    bench.change_recipe('{op = "resize", width = 8, height = 8, resample = "nearest", antialias = false}', "")
    bench.recipe.write_text(bench.recipe.read_text().replace("  ,\n", ""))
    path = write_archive(bench.folder / "m.pt", BATCH_OF_ONE)
    recipe, _ = read_recipe(str(bench.recipe))
    inputs, outputs = inspect(path, recipe)
    assert inputs == [[1, 3, "image_axis2", "image_axis3"]]
    assert outputs == [[1, 3], [1, "1_axis1", "1_axis2"]]


def test_an_axis_without_anything_in_any_picture_is_dynamic(bench: Bench) -> None:
    nothing = "def forward(self: __torch__.Net, x: Tensor) -> Tensor:\n  return torch.zeros([1, 0, 4])\n"
    recipe, _ = read_recipe(str(bench.recipe))
    assert inspect(write_archive(bench.folder / "m.pt", nothing), recipe)[1] == [[1, "output_axis1", 4]]


def test_outputs_that_are_only_numbered_can_be_named(bench: Bench) -> None:
    from inference_core.packing.torch.archive import inspect_torchscript

    path = write_archive(bench.folder / "a.pt", BATCH_OF_ONE)
    recipe, _ = read_recipe(str(bench.recipe))
    graph = inspect_torchscript(path, recipe, bench.folder, names=["means", "1"])
    assert graph.outputs == [
        {"name": "means", "native": "0", "dtype": "float32", "shape": [1, 3]},
        {"name": "1", "dtype": "float32", "shape": [1, 8, 8]},
    ]


@pytest.mark.parametrize(
    ("forward", "message", "got"),
    [
        (
            "def forward(self: __torch__.Net, images: Tensor) -> Tensor:\n  return ops.mine.a(images)\n",
            "the model calls operators that are not built in",
            "mine::a",
        ),
        (
            "def forward(self: __torch__.Net, x: Tensor, y: Tensor) -> Tensor:\n  return torch.add(x, y)\n",
            "the model has inputs that no step feeds",
            "x, y",
        ),
        (
            "def forward(self: __torch__.Net, x: Tensor) -> Tensor:\n  return torch.reshape(x, [7])\n",
            "the model cannot be run on float32 [1, 3, 8, 8]: the model raised an error while it ran",
            "shape '[7]' is invalid for input of size 192",
        ),
        (
            "def forward(self: __torch__.Net, x: Tensor) -> List[Tensor]:\n  return annotate(List[Tensor], [])\n",
            "the model has no output that every picture gets",
            "none; none; none",
        ),
    ],
)
def test_an_archive_that_cannot_be_served_is_refused(bench: Bench, forward: str, message: str, got: str) -> None:
    bench.model = write_archive(bench.folder / "m.pt", forward)
    with pytest.raises(PackError) as caught:
        bench.pack()
    assert message in caught.value.message
    assert caught.value.got == got
    assert not bench.target.exists()


def test_weights_alone_are_refused(bench: Bench) -> None:
    archive = write_archive(bench.folder / "model.pt", CLASSIFIER).read_bytes()
    bench.model = bench.folder / "weights.pt"
    bench.model.write_bytes(archive.replace(b"constants.pkl", b"something.pkl"))
    with pytest.raises(SatchelError, match="is a pickle"):
        bench.pack()


@needs_assets
def test_squeezenet_gives_the_same_top_5_as_its_onnx_twin(tmp_path: Path) -> None:
    answers = []
    for name in ("squeezenet_v1.0_torchscript.pt", "squeezenet_v1.0.onnx"):
        packed = pack_model(SQUEEZENET / name, "squeezenet_v1_0", tmp_path / name, images=[BEAR])
        [result] = packed.results
        answers.append([(p.label, round(p.score, 4)) for p in result.predictions])
    assert answers[0] == answers[1]
    label, score = answers[0][0]
    assert label == "brown bear"
    assert score == pytest.approx(0.951, abs=1e-3)


def test_a_disk_that_is_full_does_not_end_our_own_process(bench: Bench, archive: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, most))
    try:
        with pytest.raises(PackError, match="the process for writing the frozen archive ended with signal SIGABRT"):
            inspect(archive, read_recipe(str(bench.recipe))[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
