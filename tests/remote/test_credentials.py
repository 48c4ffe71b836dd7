"""What each call shows of who asks."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from inference_core.errors import MissingDependencyError
from inference_core.remote import credentials
from inference_core.remote.connection import CallError, Failure
from inference_core.remote.credentials import CallHeaders
from inference_core.remote.http import HttpSender
from inference_core.remote.plan import Credentials
from tests.remote.endpoints import plan

SCOPE = "api://satchel/.default"


class Token(NamedTuple):
    """As azure-core has it."""

    token: str
    expires_on: int


class FakeIdentity:
    """Azure's service: a token for each call, which holds for `lasts` seconds."""

    def __init__(self) -> None:
        self.lasts = 3600
        self.scopes: list[str] = []
        self.fails: Exception | None = None
        self.credentials = 0
        self.client_id: str | None = None
        self.entered = threading.Event()
        self.goes = threading.Event()
        self.goes.set()

    def make(self, *, client_id: str | None) -> "FakeIdentity":
        self.credentials += 1
        self.client_id = client_id
        return self

    def get_token(self, *scopes: str) -> Token:
        self.entered.set()
        assert self.goes.wait(5)
        if self.fails is not None:
            raise self.fails
        self.scopes += scopes
        return Token(f"token-{len(self.scopes)}", int(time.time()) + self.lasts)


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> FakeIdentity:
    """In the place of azure.identity, whether that is installed or not."""
    fake, module = FakeIdentity(), ModuleType("azure.identity")
    setattr(module, "ManagedIdentityCredential", fake.make)  # noqa: B010
    monkeypatch.setitem(sys.modules, "azure.identity", module)
    monkeypatch.setattr(credentials, "require", lambda *arguments, **named: None)
    return fake


def test_nobody_shows_nothing() -> None:
    assert CallHeaders(Credentials()).current() == {}


def test_a_header_and_a_token_go_side_by_side() -> None:
    headers = CallHeaders(Credentials(header=("X-API-Key", "k"), token="t")).current()
    assert headers == {"X-API-Key": "k", "Authorization": "Bearer t"}


def test_a_managed_identity_gets_a_token_for_its_scope_and_keeps_it(azure: FakeIdentity) -> None:
    headers = CallHeaders(Credentials(header=("X-Env", "test"), identity=SCOPE))
    assert azure.scopes == []
    for _ in range(3):
        assert headers.current() == {"X-Env": "test", "Authorization": "Bearer token-1"}
    assert azure.scopes == [SCOPE]
    assert azure.credentials == 1


@pytest.mark.parametrize("client_id", [None, "0e6f"])
def test_one_of_several_identities_is_chosen_as_azure_has_it(
    azure: FakeIdentity, monkeypatch: pytest.MonkeyPatch, client_id: str | None
) -> None:
    monkeypatch.delenv("AZURE_CLIENT_ID", raising=False)
    if client_id is not None:
        monkeypatch.setenv("AZURE_CLIENT_ID", client_id)
    CallHeaders(Credentials(identity=SCOPE)).current()
    assert azure.client_id == client_id


def test_a_token_is_renewed_five_minutes_before_it_expires(
    azure: FakeIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = CallHeaders(Credentials(identity=SCOPE))
    now = time.time()
    got = [headers.current()["Authorization"]]
    for later in (3295, 3305):
        monkeypatch.setattr("inference_core.remote.credentials.time.time", lambda later=later: now + later)
        got.append(headers.current()["Authorization"])
    assert got == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_callers_side_by_side_get_the_token_of_one_request(azure: FakeIdentity) -> None:
    azure.goes.clear()
    headers = CallHeaders(Credentials(identity=SCOPE))
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(headers.current) for _ in range(8)]
        assert azure.entered.wait(5)
        azure.goes.set()
        assert {call.result()["Authorization"] for call in calls} == {"Bearer token-1"}


def test_a_failure_is_a_denial_that_tells_no_secret_and_is_not_remembered(azure: FakeIdentity) -> None:
    headers = CallHeaders(Credentials(identity=SCOPE))
    azure.fails = RuntimeError("the answer was access_token=secret")
    with pytest.raises(CallError) as caught:
        headers.current()
    assert caught.value.kind is Failure.DENIED
    assert caught.value.said == "the managed identity got no token: RuntimeError"
    azure.fails = None
    assert headers.current() == {"Authorization": "Bearer token-1"}


def test_a_missing_package_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference_core.dependencies.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError) as caught:
        CallHeaders(Credentials(identity=SCOPE))
    assert caught.value.remedy == "pip install 'satchel[identity]'"


def test_azures_own_package_takes_what_it_is_given() -> None:
    pytest.importorskip("azure.identity")
    assert "X" not in CallHeaders(Credentials(identity=SCOPE))._fixed  # it asks for no token yet


@pytest.mark.parametrize("secret", [{"header": ("X-Key", "hidden")}, {"token": "hidden"}])
def test_nothing_that_is_printed_has_a_secret(secret: dict[str, Any]) -> None:
    given = Credentials(**secret)
    for each in (given, plan(credentials=given), CallHeaders(given), HttpSender(plan(credentials=given), "http://a")):
        assert "hidden" not in repr(each)
