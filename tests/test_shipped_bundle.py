"""The bundle that ships: small, whole, and right about the sample cards that lie beside it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from inference_core.bundle import Bundle, open_bundle
from inference_core.packing.slim import slim_bundle
from inference_core.pipeline import LocalPredictor
from inference_core.tasks import Detection, Result
from tests.assets import ASSETS, ROOT, needs_assets
from tests.packages import needs_openvino, needs_tensorflow, needs_torchscript
from tests.voc import average_precision

BUNDLE = ROOT / "models" / "card_elements"
SAMPLES = ROOT / "models" / "samples"
REAL_TEST = "pic2card, 14 test cards"

Box = tuple[int, int, int, int]

# Read off the pictures by eye; text is left out, where a box is a matter of taste.
TRUTH: dict[str, dict[str, list[Box]]] = {
    "booking": {
        "image": [(26, 26, 722, 248)],
        "radiobutton": [(60, 435, 233, 463), (388, 435, 536, 463)],
        "dropdown": [(60, 529, 361, 593), (388, 529, 689, 593), (388, 651, 689, 715)],
        "checkbox": [(60, 744, 267, 772), (60, 794, 313, 822), (60, 843, 329, 871)],
        "button": [(60, 907, 361, 976), (388, 907, 689, 976)],
    },
    "feedback": {
        "image": [(60, 56, 228, 224)],
        "radiobutton": [(60, 296, 218, 324), (388, 296, 533, 324), (60, 345, 193, 373), (388, 345, 592, 373)],
        "checkbox": [(60, 453, 181, 482), (388, 453, 500, 482), (60, 503, 188, 531), (388, 503, 501, 531)],
        "dropdown": [(60, 606, 689, 670)],
        "button": [(60, 872, 361, 941), (388, 872, 689, 941)],
    },
}


@pytest.fixture(scope="module")
def bundle() -> Iterator[Bundle]:
    with open_bundle(BUNDLE) as opened:
        yield opened


def iou(a: Box, b: tuple[float, ...]) -> float:
    width, height = (max(0.0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return width * height / (sum(areas) - width * height)


def missed(name: str, found: list[tuple[str, tuple[float, ...]]]) -> list[tuple[str, Box]]:
    """What is on the card `name` and not among the labels and boxes that were found."""
    return [
        (label, box)
        for label, boxes in TRUTH[name].items()
        for box in boxes
        if not any(label == other and iou(box, place) >= 0.5 for other, place in found)
    ]


def test_it_is_at_most_four_megabytes_for_an_engine(bundle: Bundle) -> None:
    files = bundle.manifest.files
    assert [(a.engine, a.precision, a.file) for a in bundle.manifest.artifacts] == [
        ("onnxruntime", "fp32", "model.onnx"),
        ("openvino", "fp32", "model.onnx"),
        ("torchscript", "fp32", "model.pt"),
        ("tensorflow", "fp32", "model.pb"),
    ]
    assert {*files} == {"model.onnx", "model.pb", "model.pt", "tuning.md"}
    assert all(record.bytes <= 4_000_000 for record in files.values())
    assert [label.name for label in bundle.manifest.labels] == [
        "textbox",
        "radiobutton",
        "checkbox",
        "image",
        "button",
        "dropdown",
    ]


@pytest.mark.parametrize("name", TRUTH)
def test_the_elements_of_the_sample_cards_are_found(bundle: Bundle, name: str) -> None:
    with LocalPredictor.load(bundle) as predictor:
        [result] = predictor.predict([(SAMPLES / f"{name}.png").read_bytes()])
    assert isinstance(result, Result)
    assert missed(name, [(p.label, p.box) for p in result.predictions if isinstance(p, Detection)]) == []


@pytest.mark.parametrize(
    "engine",
    [
        "onnxruntime",
        pytest.param("openvino", marks=needs_openvino),
        pytest.param("torchscript", marks=needs_torchscript),
        pytest.param("tensorflow", marks=needs_tensorflow),
    ],
)
def test_every_artifact_alone_answers_as_the_default(bundle: Bundle, engine: str, tmp_path: Path) -> None:
    with LocalPredictor.load(bundle) as predictor:
        [wanted] = predictor.predict([(SAMPLES / "booking.png").read_bytes()])
    assert isinstance(wanted, Result)
    slim_bundle(bundle, [engine], tmp_path / "slim")
    # Apart: some engines do not bear each other in one process.
    command = [sys.executable, "-m", "inference_core", "predict", "--json"]
    answer = subprocess.run([*command, tmp_path / "slim", SAMPLES / "booking.png"], capture_output=True, check=True)
    found = orjson.loads(answer.stdout)["predictions"]
    assert missed("booking", [(p["label"], p["box"]) for p in found]) == []
    pairs = list(zip(found, orjson.loads(orjson.dumps(wanted))["predictions"], strict=True))
    assert [ours["label"] for ours, _ in pairs] == [theirs["label"] for _, theirs in pairs]
    for ours, theirs in pairs:
        assert ours["score"] == pytest.approx(theirs["score"], abs=1e-3)
        assert ours["box"] == pytest.approx(theirs["box"], abs=0.1)


@needs_assets
@pytest.mark.assets
def test_the_metrics_on_real_cards_are_those_it_states(bundle: Bundle) -> None:
    cards = (ASSETS / "images" / "pic2card" / "data" / "test").glob("*.xml")
    measured = average_precision(bundle, cards)
    stated = {m.label: (m.value, m.samples) for m in bundle.manifest.metrics if m.dataset == REAL_TEST and m.label}
    assert {name: count for name, (_, count) in measured.items()} == {"textbox": 92, "radiobutton": 11}
    for name, (value, count) in measured.items():
        assert stated[name][0] == pytest.approx(value, abs=0.005)
        assert stated[name][1] == count
    [mean] = [m.value for m in bundle.manifest.metrics if m.dataset == REAL_TEST and m.label is None]
    assert mean == pytest.approx(sum(value for value, _ in measured.values()) / len(measured), abs=0.005)
    assert mean >= 0.5
