"""What these tests share. Where the native module is not built they are skipped, each with the reason."""

from importlib.util import find_spec

import pytest


@pytest.fixture(autouse=True)
def _native() -> None:
    if find_spec("satchel_imaging") is None:
        pytest.skip("satchel_imaging is not built: see scripts/imaging.sh")
