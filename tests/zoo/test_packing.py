"""Real models packed for every engine they can be converted for: the same answers everywhere, and what tuning finds."""

from pathlib import Path

import pytest

from inference_core.bundle import open_bundle
from inference_core.bundle.tuning import Row, Tuning
from inference_core.imaging import sample_picture
from inference_core.packing import Choice, pack_model
from inference_core.packing.apart import run_apart
from inference_core.packing.tuning import tune
from inference_core.packing.tuning.agreement import first_disagreement
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Result
from inference_core.zoo import recipe_path
from tests.assets import ASSETS, BEAR, COCO, needs_assets
from tests.packages import needs_nncf, needs_openvino, needs_torch, needs_torchscript, needs_vnni
from tests.zoo.conftest import model_file

pytestmark = [needs_openvino, pytest.mark.slow]

PHOTOS = [BEAR, *sorted((COCO / "images").glob("*.jpg"))[1:4], ASSETS / "images" / "photos" / "parrot.jpg"]


DETECTOR = "fasterrcnn_mobilenet_v3_large_320_fpn"


def predict(bundle: Path, engine: str, pictures: list[Path]) -> list[Result]:
    with open_bundle(bundle) as opened, LocalPredictor.load(opened, engine=engine) as predictor:
        outcomes = predictor.predict([path.read_bytes() for path in pictures])
    return [outcome for outcome in outcomes if isinstance(outcome, Result)]


def best(bundle: Path, engine: str) -> list[list[tuple[str, float]]]:
    """The five best classes of each photograph."""
    return [[(p.label, p.score) for p in result.predictions] for result in predict(bundle, engine, PHOTOS)]


@needs_assets
@pytest.mark.assets
@pytest.mark.parametrize(
    ("model", "recipe", "engines"),
    [
        (model_file("squeezenet_v1_0"), "squeezenet_v1_0", ("onnxruntime", "openvino")),
        pytest.param(
            model_file("squeezenet_v1_0").with_name("squeezenet_v1.0_torchscript.pt"),
            "squeezenet_v1_0",
            ("torchscript", "onnxruntime", "openvino"),
            marks=[needs_torch, needs_torchscript],
        ),
        (model_file("mobilenet_v2"), "mobilenet_v2", ("onnxruntime", "openvino")),
    ],
    ids=["squeezenet", "squeezenet archive", "mobilenet"],
)
def test_every_engine_gives_the_same_five_best(
    tmp_path: Path, model: Path, recipe: str, engines: tuple[str, ...]
) -> None:
    choice = Choice(engines=engines)
    manifest = pack_model(model, recipe, tmp_path / "bundle", images=[BEAR], choice=choice).manifest
    assert tuple(artifact.engine for artifact in manifest.artifacts) == engines
    first, *others = (best(tmp_path / "bundle", engine) for engine in engines)
    assert (len(first), first[0][0][0]) == (len(PHOTOS), "brown bear")
    for other in others:
        for wanted, given in zip(first, other, strict=True):
            assert [label for label, _ in given] == [label for label, _ in wanted]
            assert [score for _, score in given] == pytest.approx([score for _, score in wanted], abs=1e-4)


@pytest.fixture(scope="module")
def yolox(tmp_path_factory: pytest.TempPathFactory) -> Tuning:
    """Every precision of the CPU engines, rated by ground truth and timed for no longer than it takes."""
    choice = Choice(
        engines=("onnxruntime", "openvino"),
        precisions=("fp32", "bf16", "int8"),
        goal="latency",
        dataset=COCO / "instances.json",
        max_drop=0.05,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tune, "_SCREENING_SECONDS", 0.2)
        patch.setattr(tune, "_ROUND_SECONDS", 0.1)
        patch.setattr(tune, "available_cpus", lambda: 1)
        target = tmp_path_factory.mktemp("yolox") / "bundle"
        manifest = pack_model(model_file("yolox_nano"), "yolox_nano", target, images=[BEAR], choice=choice).manifest
    assert manifest.tuning is not None
    assert [artifact.engine for artifact in manifest.artifacts] == [manifest.tuning.pick.engine]
    print(f"\n{(target / 'tuning.md').read_text()}")
    return manifest.tuning


def rows(tuning: Tuning) -> dict[str, Row]:
    return {f"{row.engine}:{row.precision}": row for row in tuning.rows}


@needs_assets
@needs_nncf
@pytest.mark.assets
@needs_vnni
def test_yolox_is_tried_in_every_precision(yolox: Tuning) -> None:
    assert list(rows(yolox)) == [
        *("onnxruntime:fp32", "onnxruntime:int8", "openvino:fp32", "openvino:bf16", "openvino:int8"),
    ]
    assert (yolox.metric, yolox.images, yolox.dataset) == ("AP@.5", 20, "coco_val2017")
    assert yolox.source_score > 0.35
    assert {row.outcome for row in yolox.rows} == {"fits", "picked"}


@needs_assets
@needs_nncf
@pytest.mark.assets
@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("onnxruntime:fp32", 0.005),
        ("openvino:fp32", 0.005),
        ("openvino:bf16", 0.01),
        pytest.param("onnxruntime:int8", 0.04, marks=needs_vnni),
        pytest.param("openvino:int8", 0.04, marks=needs_vnni),
    ],
)
def test_yolox_stays_as_precise(yolox: Tuning, name: str, most: float) -> None:
    """fp32 and bf16 may be neither better nor worse than the source model."""
    row = rows(yolox)[name]
    assert row.score is not None
    assert yolox.source_score - row.score < most
    if row.precision != "int8":
        assert row.score - yolox.source_score < most


@needs_assets
@needs_nncf
@pytest.mark.assets
def test_int8_takes_a_fraction_of_the_room(yolox: Tuning) -> None:
    sizes = {name: row.bytes or 0 for name, row in rows(yolox).items()}
    assert sizes["onnxruntime:int8"] < 0.5 * sizes["onnxruntime:fp32"]
    assert sizes["openvino:int8"] < 0.65 * sizes["openvino:fp32"]


@needs_torch
@needs_torchscript
def test_a_torchvision_detector_is_converted_and_answers_the_same(tmp_path: Path) -> None:
    """Its weights are random, but its scores far apart, so that there is something to compare."""
    weights, recipe = tmp_path / "weights.pth", tmp_path / "recipe.toml"
    run_apart("tests.zoo.torchvision_weights:write", purpose="writing weights", name=DETECTOR, path=str(weights))
    text = recipe_path("fasterrcnn_resnet50_fpn_v2").read_text()
    for old, new in {"= 800": "= 320", "= 1333": "= 640"}.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    recipe.write_text(text)
    engines = ("torchscript", "onnxruntime")
    pictures = [tmp_path / "wide.png", tmp_path / "high.png"]
    for path, size in zip(pictures, ((640, 480), (375, 500)), strict=True):
        path.write_bytes(sample_picture(*size))
    manifest = pack_model(
        *(f"torchvision:{DETECTOR}", str(recipe), tmp_path / "bundle"),
        weights=str(weights),
        images=pictures,
        choice=Choice(engines=engines),
    ).manifest
    assert tuple(artifact.engine for artifact in manifest.artifacts) == engines
    assert {artifact.output("labels").shape for artifact in manifest.artifacts} == {(1, "detections")}
    ours, theirs = (predict(tmp_path / "bundle", engine, pictures) for engine in engines)
    assert first_disagreement(ours, theirs, manifest) is None
    assert all(20 < len(result.predictions) < 100 for result in ours)
