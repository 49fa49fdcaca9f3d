"""What every request meets first: no foreign Host, one envelope for whatever goes wrong.

In: requests. Out: refusals, or the handler's answer. Knows nothing of campaigns or faults.
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

log = structlog.get_logger("sandbox")


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@web.middleware
async def no_strangers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse names that a stranger's DNS made up, and pages of other origins on the own calls."""
    host = request.headers.get("Host", "")
    if not is_loopback(_name(host)):
        return error(403, "Host is not a loopback address").response()
    origin = request.headers.get("Origin")
    if request.path.startswith(OWN_CALLS) and origin not in {None, f"http://{host}"}:
        return error(403, "Origin is not this sandbox").response()
    return await handler(request)


@web.middleware
async def one_envelope(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals, unknown routes and failures into the error envelope."""
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
