"""Forms of people who have not signed in: a token that only a page of ours could have given.

In: requests. Out: tokens, cookies, refusals. Knows nothing of who they are: a visitor is a random
cookie, and what that browser has joined is remembered as long as the sandbox runs.

A stranger's page can't read the token, and its own forms come without the cookie (SameSite).
"""

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from bridge.look.forms import Form

#: How many enrolments are remembered; the oldest is forgotten first.
MOST_REMEMBERED: Final = 10_000
STALE: Final = "This form is out of date"


class Visitors:
    """One run's visitors; `url` tells the sandboxes of one machine apart: cookies know no port."""

    def __init__(self, name: str, url: Callable[[], str]) -> None:
        self._name = name
        self._url = url
        self._key = secrets.token_bytes(32)
        self._joined: OrderedDict[tuple[str, str], str] = OrderedDict()

    def known(self, request: web.Request) -> str:
        """Return the visitor's cookie, a new one where there is none."""
        return request.cookies.get(self._cookie()) or secrets.token_urlsafe(24)

    def token(self, visitor: str) -> str:
        """Return what the visitor's forms carry."""
        return hmac.digest(self._key, visitor.encode(errors="replace"), "sha256").hex()

    def keep(self, response: web.Response, visitor: str, path: str) -> web.Response:
        """Have the browser keep the cookie for the pages below `path`."""
        response.set_cookie(self._cookie(), visitor, path=path, httponly=True, samesite="Strict")
        return response

    def check(self, request: web.Request, form: Form) -> str:
        """Return the visitor who sent this form.

        Raises:
            aiohttp.web.HTTPForbidden: it was not sent from a page of ours.
        """
        visitor = request.cookies.get(self._cookie(), "")
        token = form.one("csrf").encode(errors="replace")
        if not visitor or not hmac.compare_digest(token, self.token(visitor).encode()):
            raise web.HTTPForbidden(reason=STALE)
        return visitor

    def remember(self, visitor: str, invite_id: str, user_ref: str) -> None:
        """Remember by which invite this browser was linked as whom."""
        self._joined[visitor, invite_id] = user_ref
        while len(self._joined) > MOST_REMEMBERED:
            self._joined.popitem(last=False)

    def joined(self, visitor: str, invite_id: str) -> str | None:
        """Return the userRef that this browser was linked as."""
        return self._joined.get((visitor, invite_id))

    def _cookie(self) -> str:
        return f"{self._name}-{urlsplit(self._url()).port}"
