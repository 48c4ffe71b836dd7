"""What these tests share. Where the native module they drive is not built they are skipped, each with the reason."""

from importlib.util import find_spec

import pytest


@pytest.fixture(autouse=True)
def _native(request: pytest.FixtureRequest) -> None:
    package = getattr(request.module, "PACKAGE", "satchel_imaging")
    if find_spec(package) is None:
        pytest.skip(f"{package} is not built: see scripts/{package.removeprefix('satchel_')}.sh")
