"""The files of the page: our own, and Swagger UI's from the package that ships them. Each is known by name."""

import hashlib
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path

from inference_core.dependencies import require
from inference_core.errors import NotFoundError

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_OURS = Path(__file__).parent / "static"
_SWAGGER_FILES = frozenset({"swagger-ui-bundle.js", "swagger-ui.css"})


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent."""

    content: bytes
    media_type: str
    etag: str
    """In its quotes; changes with the content."""


def page_asset(name: str) -> Asset:
    """One of our own files.

    Raises:
        NotFoundError: there is no such file.
    """
    if name not in {path.name for path in _OURS.iterdir()}:
        raise NotFoundError("the page has no such file", got=repr(name))
    return _read(_OURS / name)


def swagger_asset(name: str) -> Asset:
    """One of the two files of Swagger UI that show a description.

    Raises:
        NotFoundError: there is no such file.
        MissingDependencyError: the package that ships them is not installed.
    """
    if name not in _SWAGGER_FILES:
        raise NotFoundError("the documentation has no such file", got=repr(name))
    return _read(swagger_folder() / name)


def swagger_folder() -> Path:
    """Where the package keeps Swagger UI. It is looked for, not imported: only its files are wanted.

    Raises:
        MissingDependencyError: it is not installed.
    """
    require("fastapi_offline", extra="serve", purpose="the documentation")
    return Path(str(distribution("fastapi-offline").locate_file("fastapi_offline/static")))


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:32]
    return Asset(content, _TYPES[path.suffix], f'"{digest}"')
