"""From settings to a predictor."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from inference_core.bundle import Bundle, open_bundle
from inference_core.errors import MissingDependencyError, SettingsError
from inference_core.observer import Silent
from inference_core.remote.connection import Failure, RemoteModel
from inference_core.remote.opening import open_remote
from inference_core.remote.plan import Plan
from inference_core.remote.predictors import RemoteImages, RemoteTensors
from inference_core.settings import Settings
from tests.pictures import plain
from tests.remote.endpoints import FakeConnection, failing


class Spoken(FakeConnection):
    """What stands for the module of a protocol."""

    made: list["Spoken"] = []  # noqa: RUF012
    refused: str | None = None

    def __init__(self, plan: Plan, url: str) -> None:
        if url == self.refused:
            raise MissingDependencyError("grpc is not installed")
        super().__init__(url)
        self.plan = plan
        self.made.append(self)


@pytest.fixture
def spoken(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Spoken]]:
    module = ModuleType("inference_core.remote.tfs_grpc")
    module.TfsGrpcConnection = Spoken  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    yield Spoken
    Spoken.made.clear()
    Spoken.refused = None


@pytest.fixture
def bundle(tiny_models: Path) -> Iterator[Bundle]:
    with open_bundle(tiny_models / "tiny_classifier") as opened:
        yield opened


def test_the_protocol_chooses_the_connection_of_each_endpoint(spoken: type[Spoken], bundle: Bundle) -> None:
    settings = Settings(
        remote_url=("grpc://a:1", "grpc://b:1/", "grpc://a:1"), remote_protocol="tfs-grpc", remote_concurrency=3
    )
    predictor = open_remote(bundle, bundle.artifact(), settings, Silent())
    assert type(predictor) is RemoteTensors
    assert predictor.artifact is bundle.artifact()
    assert [each.url for each in spoken.made] == ["grpc://a:1", "grpc://b:1"]
    assert [each.probes for each in spoken.made] == [0, 0], "nothing is asked yet"
    assert predictor.predict([plain((255, 0, 0))])[0].predictions[0].label == "red"  # type: ignore[union-attr]
    description = predictor.describe()
    assert (description.engine, description.threads, description.instances) == ("tfs-grpc", 1, 3)
    predictor.close()
    assert [each.closed for each in spoken.made] == [True, True]


def test_pictures_travel_where_the_split_says_so(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("inference_core.remote.oip_http")
    module.OipHttpConnection = Spoken  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    settings = Settings(remote_url=("http://a:1",), remote_split="image")
    predictor = open_remote(bundle, bundle.artifact(), settings, Silent())
    assert type(predictor) is RemoteImages
    predictor.close()
    Spoken.made.clear()


def test_one_that_cannot_be_opened_closes_those_before(spoken: type[Spoken], bundle: Bundle) -> None:
    spoken.refused = "grpc://b:1"
    settings = Settings(remote_url=("grpc://a:1", "grpc://b:1"), remote_protocol="tfs-grpc")
    with pytest.raises(MissingDependencyError):
        open_remote(bundle, bundle.artifact(), settings, Silent())
    assert [each.closed for each in spoken.made] == [True]


def test_settings_that_do_not_go_together_open_nothing(bundle: Bundle) -> None:
    with pytest.raises(SettingsError, match="no endpoint is named"):
        open_remote(bundle, bundle.artifact(), Settings(), Silent())


@pytest.mark.parametrize("secret", [{"remote_token": "s3cret"}, {"remote_header": "X-API-Key: s3cret"}])
def test_no_error_repeats_a_secret(spoken: type[Spoken], bundle: Bundle, secret: dict[str, str]) -> None:
    settings = Settings(remote_url=("grpcs://a:1",), remote_protocol="tfs-grpc", **secret)  # type: ignore[arg-type]
    predictor = open_remote(bundle, bundle.artifact(), settings, Silent())
    [connection] = spoken.made
    connection.fails = failing(Failure.DENIED, "invalid key s3cret")
    [outcome] = predictor.predict([plain((255, 0, 0))])
    assert "invalid key ***" in str(outcome)
    assert "s3cret" not in str(outcome)
    predictor.close()


def test_models_without_declared_tensors_are_taken(spoken: type[Spoken], bundle: Bundle) -> None:
    settings = Settings(remote_url=("grpc://a:1",), remote_protocol="tfs-grpc")
    predictor = open_remote(bundle, bundle.artifact(), settings, Silent())
    spoken.made[0].model = RemoteModel((), ())
    predictor.warm_up()
    predictor.check_ready()
    predictor.close()
