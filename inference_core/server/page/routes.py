"""The routes of the page and of the documentation. They say nothing about the models, so that they need no key."""

from fastapi import APIRouter, Request, Response

from inference_core.server.page.assets import Asset, page_asset, swagger_asset, swagger_folder

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_ASSET_HEADERS = {
    "Cache-Control": "no-cache",  # kept, but asked for again: the tag says whether it changed
    "X-Content-Type-Options": "nosniff",
}
_PAGE_HEADERS = _ASSET_HEADERS | {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}

router = APIRouter(include_in_schema=False)


@router.get("/")
def page(request: Request) -> Response:
    """The page for trying a model."""
    return _send(request, page_asset("index.html"), _PAGE_HEADERS)


@router.get("/docs")
def docs(request: Request) -> Response:
    """The API's description, shown by Swagger UI."""
    swagger_folder()  # says here, rather than on an empty page, that the package is missing
    return _send(request, page_asset("docs.html"), _PAGE_HEADERS)


@router.get("/assets/{name}")
def asset(request: Request, name: str) -> Response:
    """A file of either page."""
    return _send(request, page_asset(name), _ASSET_HEADERS)


@router.get("/assets/swagger/{name}")
def swagger(request: Request, name: str) -> Response:
    """A file of Swagger UI."""
    return _send(request, swagger_asset(name), _ASSET_HEADERS)


def _send(request: Request, found: Asset, headers: dict[str, str]) -> Response:
    """The file, or word that the browser has it already."""
    headers = headers | {"ETag": found.etag}
    known = request.headers.get("If-None-Match", "")
    if found.etag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(found.content, headers=headers, media_type=found.media_type)
