"""The files that pages refer to: one style sheet, one script, one icon.

In: requests for them. Out: the files, kept by browsers until they change. Knows nothing of pages.

htmx.min.js is htmx 2.0.11, unchanged, under the Zero-Clause BSD licence beside it.
"""

import hashlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from aiohttp import ETag, web

from bridge.record import record

HTMX_VERSION: Final = "2.0.11"

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "look.css": "text/css",
        "htmx.min.js": "text/javascript",
        "icon.svg": "image/svg+xml",
    }
)
#: An address with its version never changes what it answers.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_FIRST: Final = "no-cache"


@record
class _Asset:
    content: bytes
    type: str
    version: str


def static_routes(prefix: str = "/look") -> list[web.RouteDef]:
    """Return the routes of the files; `prefix` is what `environment` was told as `static`."""
    assets = _assets()

    async def serve(request: web.Request) -> web.Response:
        asset = assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound(text="There is no such file.\n")
        return _answer(request, asset)

    return [web.get(f"{prefix.rstrip('/')}/{{name}}", serve)]


def addresses(prefix: str = "/look") -> Callable[[str], str]:
    """Return a function from a file's name to its address, which changes with its content.

    Raises:
        KeyError: (the function) there is no such file.
    """
    versions = {name: asset.version for name, asset in _assets().items()}
    start = prefix.rstrip("/")

    def address(name: str) -> str:
        return f"{start}/{name}?v={versions[name]}"

    return address


def _assets() -> dict[str, _Asset]:
    folder = files("bridge.look") / "static"
    return {name: _read((folder / name).read_bytes(), kind) for name, kind in _TYPES.items()}


def _read(content: bytes, kind: str) -> _Asset:
    return _Asset(content, kind, hashlib.sha256(content).hexdigest()[:16])


def _answer(request: web.Request, asset: _Asset) -> web.Response:
    known = request.if_none_match or ()
    headers = {
        "Cache-Control": _FOR_EVER if request.query.get("v") == asset.version else _ASK_FIRST,
        "X-Content-Type-Options": "nosniff",
    }
    if any(tag.value in {asset.version, "*"} for tag in known):
        response = web.Response(status=304, headers=headers)
    else:
        response = web.Response(
            body=asset.content, content_type=asset.type, charset="utf-8", headers=headers
        )
    response.etag = ETag(asset.version)
    return response
