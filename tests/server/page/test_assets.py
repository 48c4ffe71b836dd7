"""The files that the page is made of: known names only, typed, and found without importing anything."""

import hashlib
import subprocess
import sys

import pytest

from inference_core import dependencies
from inference_core.errors import MissingDependencyError, NotFoundError
from inference_core.server.page.assets import page_asset, swagger_asset


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("page.js", "text/javascript; charset=utf-8"),
        ("page.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_an_asset_has_its_type_and_a_tag_of_its_content(name: str, media_type: str) -> None:
    asset = page_asset(name)
    assert asset.media_type == media_type
    assert asset.etag == f'"{hashlib.sha256(asset.content).hexdigest()[:32]}"'


@pytest.mark.parametrize("name", ["", ".", "..", "../routes.py", "none.js", "/etc/passwd"])
def test_no_other_file_is_read(name: str) -> None:
    with pytest.raises(NotFoundError):
        page_asset(name)
    with pytest.raises(NotFoundError):
        swagger_asset(name)


def test_swagger_ui_is_one_that_knows_openapi_3_1() -> None:
    script = swagger_asset("swagger-ui-bundle.js").content
    assert b'PACKAGE_VERSION:"5.' in script
    with pytest.raises(NotFoundError):
        swagger_asset("redoc.standalone.js")  # the package has it, and we do not serve it


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependencies, "find_spec", lambda package: None)
    with pytest.raises(MissingDependencyError, match="fastapi_offline") as caught:
        swagger_asset("swagger-ui.css")
    assert caught.value.remedy == "pip install 'satchel[serve]'"


def test_the_package_is_looked_for_and_not_imported() -> None:
    code = (
        "import sys; from inference_core.server.page.assets import swagger_asset;"
        "swagger_asset('swagger-ui.css'); sys.exit('fastapi_offline' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
