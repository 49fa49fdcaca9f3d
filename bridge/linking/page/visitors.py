"""Which browser a request comes from, and which link session is that browser's.

In: cookies. Out: visitors, and tokens for their forms. Nothing is remembered here: the cookie says
all, signed, so that a restart of the daemon loses nobody.

The number of a session in an address shows nothing; only the browser that began it sees its code.
"""

import hmac
import secrets
from typing import Final

from aiohttp import web

from bridge.look.forms import Form
from bridge.record import record

COOKIE: Final = "campaign-bridge-link"
#: Seconds that a browser keeps it: longer than any session or code lives.
_KEPT: Final = 24 * 60 * 60
_STALE: Final = "This form is out of date"


@record
class Visitor:
    """A browser, by the name that we gave it, and the session that it began last."""

    name: str
    session_id: int | None = None


class Visitors:
    """Signs and reads the cookie; `key` must stay the same across restarts."""

    def __init__(self, key: bytes, *, secure: bool, path: str) -> None:
        self._key = key
        self._secure = secure
        self._path = path

    def of(self, request: web.Request) -> Visitor:
        """Return whose request this is: a new visitor where the cookie isn't one of ours."""
        return self._read(request.cookies.get(COOKIE, "")) or Visitor(secrets.token_urlsafe(16))

    def csrf(self, visitor: Visitor) -> str:
        """Return what the visitor's forms carry."""
        return self._signed(f"form:{visitor.name}")

    def check(self, request: web.Request, form: Form) -> Visitor:
        """Return the visitor who sent this form.

        Raises:
            aiohttp.web.HTTPForbidden: it was not sent from a page of ours.
        """
        visitor = self._read(request.cookies.get(COOKIE, ""))
        if visitor is None or not _same(form.one("csrf"), self.csrf(visitor)):
            raise web.HTTPForbidden(reason=_STALE)
        if request.headers.get("Sec-Fetch-Site", "").lower() == "cross-site":
            raise web.HTTPForbidden(reason=_STALE)
        return visitor

    def keep(self, response: web.Response, visitor: Visitor) -> web.Response:
        """Have the browser keep who it is.

        Lax: who comes back from the API's own page by a link of it is to be known again.
        """
        said = f"{visitor.name}.{visitor.session_id or 0}"
        response.set_cookie(
            COOKIE,
            f"{said}.{self._signed(said)}",
            max_age=_KEPT,
            path=self._path,
            httponly=True,
            secure=self._secure,
            samesite="Lax",
        )
        return response

    def _read(self, cookie: str) -> Visitor | None:
        said, _, signature = cookie.rpartition(".")
        if not _same(signature, self._signed(said)):
            return None
        name, _, number = said.rpartition(".")
        return Visitor(name, int(number) or None)

    def _signed(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(errors="replace"), "sha256").hex()


def _same(sent: str, ours: str) -> bool:
    return hmac.compare_digest(sent.encode(errors="replace"), ours.encode())
