"""Who may use the sandbox's own calls, and how each is declared.

In: handlers and the admin token. Out: operations that ask for it.
"""

import hmac
from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel

from bridge.sandbox.admission import bearer
from bridge.sandbox.answers import Refused
from bridge.sandbox.api.operation import Handler, Operation
from bridge.sandbox.readings import NO_KEY, WRONG_TOKEN

CAMPAIGNS = "/sandbox/v1/campaigns"
CAMPAIGN = f"{CAMPAIGNS}/{{campaign_id}}"
TAG = "The sandbox's own"


class Admins:
    """Those who have the admin token."""

    def __init__(self, token: str) -> None:
        self._token = token.encode()

    def may(self, token: str) -> bool:
        """Whether this is the token, compared in constant time."""
        return hmac.compare_digest(token.encode(errors="surrogateescape"), self._token)

    def call(
        self,
        route: str,
        handler: Handler,
        summary: str,
        answers: Mapping[int, type[BaseModel]],
        body: type[BaseModel] | None = None,
        query: type[BaseModel] | None = None,
        *,
        body_required: bool = True,
    ) -> Operation:
        """Return an operation; `route` is a method and a path."""
        method, path = route.split(" ", 1)
        unknown = (404,) if "{" in path else ()
        taken = (409,) if path == CAMPAIGNS and method == "POST" else ()
        return Operation(
            method,
            path,
            self._checked(handler),
            summary,
            TAG,
            answers,
            (400, 401, 403, 503, *unknown, *taken),
            body,
            body_required,
            query,
            who="admin",
        )

    def _checked(self, handler: Handler) -> Handler:
        async def checked(request: web.Request) -> web.Response:
            if not self.may(bearer(request.headers.get("Authorization"), NO_KEY)):
                raise Refused(WRONG_TOKEN)
            return await handler(request)

        return checked
