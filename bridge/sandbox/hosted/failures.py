"""What goes wrong on a page is told by a page: what happened and what to do, never a traceback.

In: refusals and failures of pages. Out: pages. Knows nothing of what was wanted.
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
from bridge.sandbox.answers import Refused
from bridge.sandbox.guard import is_page
from bridge.sandbox.readings import INTERNAL, UNAVAILABLE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

DASHBOARD: Final = "/dashboard/campaigns"
_TO_DO: Final[Mapping[int, str]] = MappingProxyType(
    {
        400: "Go back and correct what was asked for.",
        403: "Open the page again in this window and try once more. A form is good only for the"
        " browser that it was shown in, and only on this sandbox's own address.",
        404: "Check the address. What it names may have been on another sandbox, or in a"
        " database that is gone.",
        405: "This address is used by a form; open the page that has it.",
        413: "What was sent is too long. Send less.",
        415: "Send it with the form of the page.",
        429: "Wait a moment, then try again.",
        500: "This is a bug of the sandbox; its log on the terminal says more.",
        503: "Nothing was stored. Free some space on the disk and try again.",
    }
)

log = structlog.get_logger("sandbox")


def as_pages(pages: jinja2.Environment) -> Middleware:
    """Return the layer that turns whatever a page raises into a page."""

    @web.middleware
    async def layer(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_page(request.path):
            return await handler(request)
        try:
            return await handler(request)
        except Refused as refused:
            return failure(pages, request, refused.answer.status, str(refused))
        except web.HTTPException as problem:
            return _told(pages, request, problem)
        except StoreError as problem:
            log.warning("can't store", action="sandbox_store_failed", error=str(problem))
            return failure(pages, request, UNAVAILABLE.status, UNAVAILABLE.error)
        except Exception as problem:  # noqa: BLE001 - the edge: whatever it is, a page says so
            # Without the values of variables: pages hold keys and secrets.
            trace = "".join(format_exception(problem))
            log.error("bug", action="sandbox_failed", route=request.path, trace=trace)
            return failure(pages, request, INTERNAL.status, INTERNAL.error)

    return layer


def failure(
    pages: jinja2.Environment, request: web.Request, status: int, text: str
) -> web.Response:
    """Answer with the page of a failure."""
    owner = request.path.startswith("/dashboard")
    to_do = _TO_DO.get(status, _TO_DO[400])
    return render(
        pages,
        "hosted/failure.html",
        status=status,
        code=status,
        text=text,
        to_do=to_do,
        back=DASHBOARD if owner else None,
    )


def _told(
    pages: jinja2.Environment, request: web.Request, problem: web.HTTPException
) -> web.Response:
    text = "There is nothing here" if problem.status == 404 else problem.reason
    response = failure(pages, request, problem.status, text)
    if "Allow" in problem.headers:
        response.headers["Allow"] = problem.headers["Allow"]
    return response
