"""What every request meets first: no foreign Host, one envelope for whatever goes wrong.

In: requests. Out: refusals, or the handler's answer. Knows nothing of campaigns or faults, and of
pages only where they are.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web

from bridge.errors import StoreError
from bridge.sandbox.answers import Refused, error
from bridge.sandbox.readings import INTERNAL, UNAVAILABLE

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

OWN_CALLS = "/sandbox/"
#: The first step of every path that answers pages, for people, and their files.
PAGES = frozenset({"", "dashboard", "link", "invite", "look"})

log = structlog.get_logger("sandbox")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_page(path: str) -> bool:
    """Whether a path belongs to people: what goes wrong there is told by a page, not in JSON."""
    return path.partition("/")[2].partition("/")[0] in PAGES


@web.middleware
async def no_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse names that a stranger's DNS made up; on pages and own calls also foreign origins."""
    host = request.headers.get("Host", "")
    if not is_loopback(_name(host)):
        raise web.HTTPForbidden(reason="Host is not a loopback address")
    origin = request.headers.get("Origin")
    ours = is_page(request.path) or request.path.startswith(OWN_CALLS)
    if ours and origin not in {None, f"http://{host}"}:
        raise web.HTTPForbidden(reason="Origin is not this sandbox")
    return await handler(request)


@web.middleware
async def one_envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals, unknown routes and failures into the error envelope; pages have their own."""
    if is_page(request.path):
        return await handler(request)
    try:
        return await handler(request)
    except Refused as refused:
        return _challenged(refused.answer.response())
    except web.HTTPException as problem:
        return _enveloped(problem)
    except StoreError as failure:
        log.warning("can't store", action="sandbox_store_failed", error=str(failure))
        return error(UNAVAILABLE.status, UNAVAILABLE.error).response()
    except Exception as failure:
        log.exception("bug", action="sandbox_failed", route=request.path, error=repr(failure))
        return error(INTERNAL.status, INTERNAL.error).response()


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _challenged(response: web.Response) -> web.Response:
    if response.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _enveloped(problem: web.HTTPException) -> web.Response:
    response = error(problem.status, problem.reason).response()
    if "Allow" in problem.headers:
        response.headers["Allow"] = problem.headers["Allow"]
    return response
