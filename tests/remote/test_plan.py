"""How a service is asked: the environment over the bundle over the default, and what does not go together."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from inference_core.bundle import Remote
from inference_core.errors import SettingsError
from inference_core.remote.plan import Credentials, Plan
from inference_core.settings import Settings

URL = "http://a:8000"


def plan(remote: Remote | None = None, **settings: Any) -> Plan:
    manifest: Any = SimpleNamespace(name="yolox", remote=remote)
    return Plan.of(
        Settings(**{"remote_url": (URL,)} | {f"remote_{name}": value for name, value in settings.items()}), manifest
    )


def test_nothing_said_means_tensors_by_rest_to_a_model_of_the_same_name() -> None:
    assert plan() == Plan(
        urls=(URL,),
        protocol="oip-http",
        split="tensors",
        model="yolox",
        version=None,
        signature="serving_default",
        concurrency=16,
        connect=1.0,
        read=10.0,
        retries=2,
        credentials=Credentials(),
    )


def test_the_bundle_says_how_and_the_environment_comes_first() -> None:
    remote = Remote(protocol="oip-grpc", split="image", model="there", version="3", signature="f")
    said = plan(remote, url=("grpc://a:1",))
    assert (said.protocol, said.split, said.model, said.version, said.signature) == (
        *("oip-grpc", "image", "there", "3", "f"),
    )
    said = plan(remote, protocol="oip-http", split="tensors", model="{name}_x", version="4")
    assert (said.protocol, said.split, said.model, said.version) == ("oip-http", "tensors", "yolox_x", "4")


def test_endpoints_lose_their_last_slash_and_keep_their_path() -> None:
    assert plan(url=("https://a/", "http://b/under/it/")).urls == ("https://a", "http://b/under/it")


def test_whoever_asks_is_shown_and_never_printed() -> None:
    shown = plan(header="X-Api-Key:  open sesame ", ca=Path("ca.pem"), token="t0k3n")
    assert shown.credentials == Credentials(("X-Api-Key", "open sesame"), "t0k3n", None, Path("ca.pem"))
    assert "sesame" not in repr(shown)
    assert "t0k3n" not in repr(shown)


@pytest.mark.parametrize(
    ("settings", "message", "expected"),
    [
        ({"url": ()}, "no endpoint is named for the remote service", "SATCHEL_REMOTE_URL, such as http://triton:8000"),
        (
            {"protocol": "oip-grpc"},
            "SATCHEL_REMOTE_URL does not go with the protocol",
            "grpc:// or grpcs:// for oip-grpc",
        ),
        (
            {"url": (URL, "grpc://b:1")},
            "SATCHEL_REMOTE_URL does not go with the protocol",
            "http:// or https:// for oip-http",
        ),
        (
            {"protocol": "tfs-http", "split": "image"},
            "tfs-http carries no encoded pictures",
            "tensors, or one of oip-http, oip-grpc",
        ),
        (
            {"token": "t", "identity": "api://x/.default"},
            "SATCHEL_REMOTE_TOKEN and SATCHEL_REMOTE_IDENTITY are both set",
            "one bearer token",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(settings: dict[str, Any], message: str, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        plan(**settings)
    assert (caught.value.message, caught.value.expected) == (message, expected)
