"""A second client of the Campaigns API, written from the reference and from nothing else.

In: a host, a campaign and its key. Out: answers as they came: status, headers, bytes. Knows
nothing of our models, neither the bridge's nor the sandbox's; the standard library does.
"""

import http.client
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from email.message import Message
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

#: Seconds for one call.
TIMEOUT = 20
_JSON = {"Content-Type": "application/json"}


class Manner(Enum):
    """How a caller writes a request that has nothing to say."""

    #: As the published client does: body `{}`, and Content-Type on everything, also on a GET.
    LIBRARY = "library"
    #: As the guide's curl does: no body, no Content-Length, no Content-Type.
    CURL = "curl"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, unread."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        """Read the body; a number with a point becomes a Decimal, never a float."""
        return json.loads(self.body, parse_float=Decimal)


@dataclass(frozen=True, slots=True)
class Client:
    """Every call that the reference's section 2 gives to a campaign key.

    `new_key` makes the Idempotency-Keys of calls that bring none. `changed` replaces headers,
    or leaves them out where the value is None.
    """

    base: str
    campaign: str
    key: str = field(repr=False)
    manner: Manner
    new_key: Callable[[], str]
    changed: Mapping[str, str | None] = field(default_factory=dict)

    def but(self, **headers: str | None) -> "Client":
        """Return a client with other headers; `X_Campaign_Id=None` leaves one out."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, changed={**self.changed, **named})

    # -- 3.1 to 3.4: the campaign

    def details(self) -> Answer:
        return self.call("GET", self._path())

    def start(self, key: str | None = None) -> Answer:
        return self._command("PUT", "start", key)

    def stop(self, key: str | None = None) -> Answer:
        return self._command("PUT", "stop", key)

    def withdraw(self, key: str | None = None) -> Answer:
        return self._command("POST", "withdraw", key)

    # -- 3.5, 3.6: events

    def record(self, event_code: object, user_ref: object, key: str | None = None) -> Answer:
        body = {"eventCode": event_code, "userRef": user_ref}
        return self.call("POST", self._path("events"), body, key or f"event-{self.new_key()}")

    def events(self) -> Answer:
        return self.call("GET", self._path("events"))

    # -- 3.7 to 3.9: links

    def initiate(self, email: object, key: str | None = None) -> Answer:
        path = self._path("users/link/initiate")
        return self.call("POST", path, {"email": email}, key or f"link-{self.new_key()}")

    def link_details(self, session: str) -> Answer:
        return self.call("GET", self._path("users/link/details", session=session))

    def global_link_details(self, session: str) -> Answer:
        return self.call("GET", f"/v1/users/link/details?{urlencode({'session': session})}")

    def approve(self, session: object) -> Answer:
        return self._decide("approve", {"sessionKey": session})

    def decline(self, session: object) -> Answer:
        return self._decide("decline", {"sessionKey": session})

    def remove(self, user_ref: object) -> Answer:
        return self._decide("remove", {"user_ref": user_ref})

    # -- 3.10 to 3.12: users

    def standing(self, user: str) -> Answer:
        return self.call("GET", self._path(f"user/{quote(user, safe='')}"))

    def history(self, user: str, **page: object) -> Answer:
        return self.call("GET", self._path(f"user/{quote(user, safe='')}/events", **page))

    def users(self, **page: object) -> Answer:
        return self.call("GET", self._path("users", **page))

    # -- 8.14: invites

    def create_invite(self, **fields: object) -> Answer:
        return self.call("POST", self._path("link-invites"), fields, f"invite-{self.new_key()}")

    def invites(self, **page: object) -> Answer:
        return self.call("GET", self._path("link-invites", **page))

    def update_invite(self, invite: str, **fields: object) -> Answer:
        return self.call("PATCH", self._path(f"link-invites/{quote(invite, safe='')}"), fields)

    def turn_invite(self, invite: str, verb: str) -> Answer:
        """Pause, resume or revoke."""
        return self._command("POST", f"link-invites/{quote(invite, safe='')}/{verb}", None)

    # -- how a call is written

    def call(self, method: str, path: str, body: object = None, key: str | None = None) -> Answer:
        """Send `body` as JSON, or nothing; `path` begins after the base."""
        data = None if body is None else json.dumps(body).encode()
        return self.send(method, path, data, key)

    def send(
        self, method: str, path: str, data: bytes | None = None, key: str | None = None
    ) -> Answer:
        """Send bytes as they are."""
        headers: dict[str, str | None] = {
            "Authorization": f"Bearer {self.key}",
            "X-Oncade-API-Version": "v1",
            "X-Campaign-Id": self.campaign,
            "Idempotency-Key": key,
        }
        if data is not None or self.manner is Manner.LIBRARY:
            headers |= _JSON
        given = {**headers, **self.changed}
        sent = {name: value for name, value in given.items() if value is not None}
        return exchange(method, self.base + path, sent, data)

    def _command(self, method: str, rest: str, key: str | None) -> Answer:
        body: object = {} if self.manner is Manner.LIBRARY else None
        verb = rest.rpartition("/")[2]
        return self.call(method, self._path(rest), body, key or f"{verb}-{self.new_key()}")

    def _decide(self, verb: str, body: object) -> Answer:
        path = f"/v1/users/link/{verb}"
        return self.call("POST", path, body, f"{verb}-{self.new_key()}")

    def _path(self, rest: str = "", **query: object) -> str:
        path = f"/v1/campaign/{quote(self.campaign, safe='')}"
        return path + (f"/{rest}" if rest else "") + (f"?{urlencode(query)}" if query else "")


def exchange(
    method: str, url: str, headers: Mapping[str, str], data: bytes | None = None
) -> Answer:
    """Carry out one request; only the headers given are sent, and Content-Length with a body.

    A request without a body has no Content-Length either: that is how curl writes `-X PUT`.
    """
    to = urlsplit(url)
    connection = http.client.HTTPConnection(to.netloc, timeout=TIMEOUT)
    try:
        target = to.path + (f"?{to.query}" if to.query else "")
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if data is not None:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()
