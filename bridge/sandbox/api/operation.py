"""One call of an API, declared once: its route and its page in the OpenAPI document.

In: nothing. Out: `Operation`, routes. Knows nothing of what a call does.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import web
from pydantic import BaseModel

Handler = Callable[[web.Request], Awaitable[web.Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` has its parameters in braces; `answers` are the shapes by status, `refusals` the
    statuses with the error envelope; `who` is `campaign`, `admin`, `session` or `anybody`.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    answers: Mapping[int, type[BaseModel]]
    refusals: Sequence[int] = ()
    body: type[BaseModel] | None = None
    body_required: bool = True
    query: type[BaseModel] | None = None
    idempotent: bool = False
    who: str = "campaign"
    headers: Mapping[int, Mapping[str, str]] = field(default_factory=dict)


def routes(operations: Sequence[Operation]) -> list[web.RouteDef]:
    """Return the routes of `operations`; HEAD is answered where GET is."""
    return [
        web.get(one.path, one.handler)
        if one.method == "GET"
        else web.route(one.method, one.path, one.handler)
        for one in operations
    ]
