"""Optional packages."""

import sys

import pytest

from inference_core.dependencies import require
from inference_core.errors import MissingDependencyError


def test_a_missing_package_is_named_with_the_command_that_installs_it() -> None:
    with pytest.raises(MissingDependencyError) as caught:
        require("no_such_package_xyz", extra="tf", purpose="engine tensorflow")
    assert str(caught.value) == (
        "engine tensorflow needs the package no_such_package_xyz, which is not installed\n"
        "  remedy: pip install 'satchel[tf]'"
    )


def test_a_present_package_is_found_without_being_imported() -> None:
    assert "wave" not in sys.modules
    require("wave", extra="none", purpose="this test")
    assert "wave" not in sys.modules
