"""`satchel key`: what it prints opens the API."""

import hashlib
import re
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from inference_core.cli.keys import key
from inference_core.errors import UnauthorizedError
from inference_core.server.security import KeyRing
from inference_core.settings import Settings

Made = tuple[str, str]


@pytest.fixture
def make() -> Callable[[], Made]:
    """Runs the command; the key and the digest."""
    app = typer.Typer()
    app.command()(key)

    def run() -> Made:
        result = CliRunner().invoke(app)
        assert result.exit_code == 0
        found = re.fullmatch(r"key     (\S+)\ndigest  ([0-9a-f]{64})\n", result.output)
        assert found, result.output
        return found[1], found[2]

    return run


def test_the_digest_is_what_the_setting_takes(make: Callable[[], Made]) -> None:
    made, digest = make()
    settings = Settings.from_environment({"SATCHEL_API_KEYS": digest})
    KeyRing(settings.api_keys).check(made)
    with pytest.raises(UnauthorizedError):
        KeyRing(settings.api_keys).check(digest)


def test_a_key_is_long_new_and_fits_a_header(make: Callable[[], Made]) -> None:
    (first, digest), (second, _) = make(), make()
    assert first != second
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", first)  # 256 bits
    assert digest == hashlib.sha256(first.encode()).hexdigest()
