"""What a caller is told when something is refused: problem documents (RFC 9457).

In: an error. Out: the document, its status, the response. Knows nothing of what was tried.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

from aiohttp import web
from pydantic import JsonValue

from bridge.errors import (
    BridgeError,
    CapReached,
    CodeRefused,
    CommandError,
    DecisionRefused,
    EntryNotFound,
    LinkNotFound,
    LinkRefused,
    MessageRejected,
    MessageTooLarge,
    NoRule,
    NotAllowed,
    NotAuthenticated,
    NotJson,
    Overloaded,
    RulesChanged,
    SettingsError,
    SourceUnknown,
    StoreFull,
    StoreUnavailable,
    TranslationError,
    UnsupportedBody,
)

#: Each problem's `type` is this and the error's code.
TYPE = "urn:campaign-bridge:problem:"
CONTENT_TYPE = "application/problem+json"

#: An error takes the status of its nearest class here; all others are 500.
STATUS: Mapping[type[BridgeError], int] = MappingProxyType(
    {
        NotJson: 400,
        NotAuthenticated: 401,
        NotAllowed: 403,
        SourceUnknown: 404,
        EntryNotFound: 404,
        LinkNotFound: 404,
        DecisionRefused: 409,
        LinkRefused: 409,
        RulesChanged: 409,
        CommandError: 409,
        MessageTooLarge: 413,
        UnsupportedBody: 415,
        MessageRejected: 422,
        NoRule: 422,
        TranslationError: 422,
        CodeRefused: 422,
        SettingsError: 422,
        CapReached: 429,
        Overloaded: 429,
        StoreUnavailable: 503,
        StoreFull: 507,
    }
)

_HEADERS: Mapping[type[BridgeError], Mapping[str, str]] = MappingProxyType(
    {
        NotAuthenticated: {"WWW-Authenticate": "Bearer"},
        Overloaded: {"Retry-After": "1"},
        CapReached: {"Retry-After": "60"},
        StoreUnavailable: {"Retry-After": "5"},
    }
)
#: Of aiohttp's own refusals, these headers say something to the caller.
_KEPT = ("Allow", "Retry-After", "WWW-Authenticate")


def status_of(error: Exception) -> int:
    """Return the HTTP status of `error`: 500 where nothing better is known."""
    if isinstance(error, web.HTTPException):
        return error.status
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def problem_of(error: Exception) -> dict[str, JsonValue]:
    """Return the problem document of `error`.

    An error outside the family says nothing of itself: its text may hold anything.
    """
    if isinstance(error, BridgeError):
        return _explained(error)
    if isinstance(error, web.HTTPException):
        return _refused_by_router(error)
    return {
        "type": f"{TYPE}unexpected",
        "title": "Something went wrong that was not foreseen.",
        "status": 500,
        "detail": "Nothing is promised of this call; sending it again is safe.",
        "hint": "The daemon's log says what happened; please report it.",
    }


def problem_response(
    error: Exception, members: Mapping[str, JsonValue] | None = None
) -> web.Response:
    """Return the response that tells of `error`, with further `members` in its document."""
    status, headers, body = problem_parts(error, members)
    return web.Response(status=status, body=body, headers=headers)


def problem_parts(
    error: Exception, members: Mapping[str, JsonValue] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Return the status, the headers and the body of that response."""
    document = problem_of(error) | dict(members or {})
    headers = {**_headers_of(error), "Content-Type": CONTENT_TYPE}
    return status_of(error), headers, json.dumps(document).encode()


def _explained(error: BridgeError) -> dict[str, JsonValue]:
    document: dict[str, JsonValue] = {
        "type": TYPE + error.code,
        "title": (type(error).__doc__ or "").splitlines()[0],
        "status": status_of(error),
        "detail": str(error),
    }
    if error.hint:
        document["hint"] = error.hint
    if isinstance(error, MessageRejected) and error.fields:
        document["errors"] = [
            {"pointer": field.pointer, "detail": field.detail} for field in error.fields
        ]
    return document


def _refused_by_router(error: web.HTTPException) -> dict[str, JsonValue]:
    title = HTTPStatus(error.status).phrase
    detail = error.reason
    if isinstance(error, web.HTTPNotFound) and detail == title:
        detail = "There is nothing at this path."
    if isinstance(error, web.HTTPMethodNotAllowed):
        detail = f"Here only {', '.join(sorted(error.allowed_methods))} can be called."
    return {
        "type": TYPE + title.lower().replace(" ", "-"),
        "title": title,
        "status": error.status,
        "detail": detail,
    }


def _headers_of(error: Exception) -> dict[str, str]:
    if isinstance(error, web.HTTPException):
        return {name: error.headers[name] for name in _KEPT if name in error.headers}
    kinds = (kind for kind in type(error).__mro__ if kind in _HEADERS)
    return dict(_HEADERS[kind]) if (kind := next(kinds, None)) is not None else {}
