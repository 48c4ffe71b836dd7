"""Remote answers are the embedded ones: over each protocol, from each real server."""

import pytest

from inference_core.bundle import open_bundle
from inference_core.observer import Silent
from inference_core.remote.opening import open_remote
from inference_core.settings import Settings
from tests.remote.real.bundles import CONVERTED, ONNX, PHOTOS, SAVED_MODELS, Facts, Packed, facts
from tests.remote.real.servers import Address

# The first test packs, which takes its time with TensorFlow.
pytestmark = [pytest.mark.assets, pytest.mark.slow, pytest.mark.timeout(900)]

MODELS = [*ONNX, CONVERTED]
KNOWN = {
    "yolox_nano": ["bear", "person", "bird"],
    "mobilenet_v2": ["brown bear", "ski", "macaw"],
    "ssd_mobilenet_v1": ["bear", "person", "bird"],
    "mobilenet_v2_tf": ["brown bear", "ski", "macaw"],
}
"""The surest label for each photo: what is to be seen there."""


def ask(packed: Packed, engine: str, url: str, protocol: str, split: str) -> list[Facts]:
    """What the service finds in the photos, asked for one by one and for all of them at once: the same."""
    settings = Settings(
        mode="remote", remote_url=(url,), remote_protocol=protocol, remote_split=split, remote_read_ms=60_000
    )
    photos = [photo.read_bytes() for photo in PHOTOS]
    with open_bundle(packed.path) as bundle:
        predictor = open_remote(bundle, bundle.artifact(engine), settings, Silent())
        try:
            predictor.warm_up()
            predictor.check_ready()
            single = [facts(predictor.predict([photo]))[0] for photo in photos]
            assert_same(facts(predictor.predict(photos)), single)
        finally:
            predictor.close()
    return single


def assert_same(found: list[Facts], expected: list[Facts]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert {key: one[key] for key in one if key != "predictions"} == {
            key: other[key] for key in other if key != "predictions"
        }
        for key in ("label", "class_id"):
            assert [item[key] for item in one["predictions"]] == [item[key] for item in other["predictions"]]
        for ours, theirs in zip(one["predictions"], other["predictions"], strict=True):
            assert ours.keys() == theirs.keys()
            assert ours["score"] == pytest.approx(theirs["score"], abs=1e-4)
            assert ours.get("box") == pytest.approx(theirs.get("box"), abs=1e-3)


def check(name: str, packed: Packed, engine: str, url: str, protocol: str, split: str = "tensors") -> None:
    found = ask(packed, engine, url, protocol, split)
    assert_same(found, packed.found[engine])
    assert [result["predictions"][0]["label"] for result in found] == KNOWN[name]


@pytest.mark.parametrize("protocol", ["oip-http", "oip-grpc"])
@pytest.mark.parametrize("server", ["triton", "mlserver", "satchel"])
@pytest.mark.parametrize("name", MODELS)
def test_tensors(
    bundles: dict[str, Packed], request: pytest.FixtureRequest, name: str, server: str, protocol: str
) -> None:
    address: Address = request.getfixturevalue(server)
    check(name, bundles[name], "onnxruntime", address.url(protocol), protocol)


@pytest.mark.parametrize("protocol", ["oip-http", "oip-grpc"])
@pytest.mark.parametrize("server", ["triton_images", "mlserver_images", "satchel"])
@pytest.mark.parametrize("name", MODELS)
def test_pictures(
    bundles: dict[str, Packed], request: pytest.FixtureRequest, name: str, server: str, protocol: str
) -> None:
    address: Address = request.getfixturevalue(server)
    check(name, bundles[name], "onnxruntime", address.url(protocol), protocol, split="image")


@pytest.mark.parametrize("protocol", ["tfs-http", "tfs-grpc"])
@pytest.mark.parametrize("name", SAVED_MODELS)
def test_tensorflow(bundles: dict[str, Packed], tensorflow: dict[str, Address], name: str, protocol: str) -> None:
    check(name, bundles[name], "tensorflow", tensorflow[name].url(protocol), protocol)
