"""What the tests of packing share."""

from pathlib import Path

import pytest

from tests.packing.bench import Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
