"""Templates become answers: one environment for all rooms with pages, one set of headers.

In: a template's name and values. Out: HTML that only this site's own files can style or script.
Knows nothing of what the pages are about.
"""

import json
from collections.abc import Mapping
from functools import cache
from types import CodeType, MappingProxyType
from typing import Final

import jinja2
from aiohttp import web
from jinja2.bccache import Bucket

from bridge.look.assets import addresses
from bridge.look.filters import FILTERS

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

#: For every answer with a page, and for redirects between pages: addresses may hold session keys,
#: so no other site is told of them. (`no-referrer` would have forms sent with `Origin: null`.)
SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
)

#: No page is kept in the browser's storage (secrets are shown once), nothing is evaluated, and a
#: form that came back with its errors (422) is put in its place like any other fragment.
_HTMX: Final = json.dumps(
    {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "allowScriptTags": False,
        "selfRequestsOnly": True,
        "historyCacheSize": 0,
        "refreshOnHistoryMiss": True,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "422", "swap": True},
            {"code": "[45]..", "swap": False, "error": True},
        ],
    }
)


class _Compiled(jinja2.BytecodeCache):
    """Each template is compiled once in a process, however many environments read it."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


@cache
def _compiled() -> _Compiled:
    return _Compiled()


def environment(*rooms: str | jinja2.BaseLoader, static: str = "/look") -> jinja2.Environment:
    """Return the environment of rooms with pages; look's own templates are under `look/`.

    A room is a package with a `templates` folder, or any loader; the first that has a template
    wins, and none can replace one of look's. A name that a template uses and nobody gave is an
    error. `static` is where `static_routes` serves.
    """
    made = jinja2.Environment(
        loader=jinja2.ChoiceLoader([_loader("bridge.look"), *map(_loader, rooms)]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=_compiled(),
    )
    made.filters.update(FILTERS)
    made.globals.update(static=addresses(static), htmx_config=_HTMX)
    return made


def render(
    environment: jinja2.Environment, template: str, /, status: int = 200, **values: object
) -> web.Response:
    """Answer with a page, or with a part of one where the template is a fragment.

    Raises:
        jinja2.TemplateError: the template is missing, or uses a name that `values` lacks.
    """
    page = environment.get_template(template).render(values)
    return web.Response(
        # Half a surrogate pair in a stranger's name must not cost the whole page.
        body=page.encode("utf-8", "replace"),
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers=SECURITY_HEADERS,
    )


def see_other(address: str) -> web.Response:
    """Send the browser on to another page of this site, as after every form.

    Raises:
        ValueError: the address is not one of this site's.
    """
    if not address.startswith("/") or address.startswith(("//", "/\\")):
        raise ValueError("a redirect stays on this site: its address begins with one slash")
    return web.Response(status=303, headers={**SECURITY_HEADERS, "Location": address})


def _loader(room: str | jinja2.BaseLoader) -> jinja2.BaseLoader:
    return jinja2.PackageLoader(room) if isinstance(room, str) else room
