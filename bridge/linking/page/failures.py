"""What goes wrong on the page is told by a page: what happened and what to do.

In: refusals and failures. Out: pages. Never a traceback, never more than the player needs.
"""

from collections.abc import Awaitable, Callable, Mapping
from traceback import format_exception
from types import MappingProxyType
from typing import Final

import jinja2
import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from bridge.errors import StoreError
from bridge.look.page import render

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TO_DO: Final[Mapping[int, str]] = MappingProxyType(
    {
        403: "Open the page again in this window, with cookies allowed, and try once more.",
        404: "Check the address that the game showed.",
        405: "Open the page and use its form.",
        413: "What was sent is too long.",
        415: "Use the form of the page.",
        429: "Wait a minute, then try again.",
        500: "Try again. If it stays like this, tell the people who run the server.",
        503: "The game server can't keep anything just now. Try again in a minute.",
    }
)
_KEPT: Final = ("Allow", "Retry-After")

log = structlog.get_logger("linking")


def as_pages(pages: jinja2.Environment) -> Middleware:
    """Return the layer that turns whatever the page raises into a page."""

    @web.middleware
    async def layer(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as problem:
            return _told(pages, problem)
        except StoreError as problem:
            log.warning("can't store", action="link_page_store_failed", error=str(problem))
            return _page(pages, 503, "That could not be kept")
        except Exception as problem:  # noqa: BLE001 - the edge: whatever it is, a page says so
            # Without the values of variables: they hold codes and addresses.
            trace = "".join(format_exception(problem))
            log.error("bug", action="link_page_failed", trace=trace)
            return _page(pages, 500, "Something went wrong")

    return layer


def _told(pages: jinja2.Environment, problem: web.HTTPException) -> web.Response:
    text = "There is nothing here" if problem.status == 404 else problem.reason
    response = _page(pages, problem.status, text)
    for name in _KEPT:
        if name in problem.headers:
            response.headers[name] = problem.headers[name]
    return response


def _page(pages: jinja2.Environment, status: int, text: str) -> web.Response:
    to_do = _TO_DO.get(status, "Go back and correct what was sent.")
    return render(pages, "link/failure.html", status=status, text=text, to_do=to_do, code=status)
