"""Every call of the Campaigns API in one table, with what it takes to be accepted.

In: nothing. Out: rows. Knows nothing of how they are sent. Source: API reference, section 2.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One call: `{c}`, `{user}`, `{invite}` and `{session}` stand for what the test has; `body` is
    the smallest that is accepted, None where the call reads none.
    """

    method: str
    path: str
    body: dict[str, Any] | None = None
    query: str = ""

    @property
    def name(self) -> str:
        """How a test names it."""
        return f"{self.method} {self.path}"


ROWS = (
    Row("GET", "/campaign/{c}"),
    Row("PUT", "/campaign/{c}/start", {}),
    Row("PUT", "/campaign/{c}/stop", {}),
    Row("POST", "/campaign/{c}/withdraw", {}),
    Row("POST", "/campaign/{c}/events", {"eventCode": "EARN5", "userRef": "usr_1"}),
    Row("GET", "/campaign/{c}/events"),
    Row("POST", "/campaign/{c}/users/link/initiate", {"email": "new@example.com"}),
    Row("GET", "/campaign/{c}/users/link/details", query="?session={session}"),
    Row("POST", "/users/link/approve", {"sessionKey": "{session}"}),
    Row("POST", "/users/link/decline", {"sessionKey": "{session}"}),
    Row("POST", "/users/link/remove", {"user_ref": "usr_1"}),
    Row("GET", "/campaign/{c}/user/{user}"),
    Row("GET", "/campaign/{c}/user/{user}/events"),
    Row("GET", "/campaign/{c}/users"),
    Row("POST", "/campaign/{c}/link-invites", {"label": "forum"}),
    Row("GET", "/campaign/{c}/link-invites"),
    Row("GET", "/campaign/{c}/link-invites/{invite}"),
    Row("PATCH", "/campaign/{c}/link-invites/{invite}", {}),
    Row("POST", "/campaign/{c}/link-invites/{invite}/pause", {}),
    Row("POST", "/campaign/{c}/link-invites/{invite}/resume", {}),
    Row("POST", "/campaign/{c}/link-invites/{invite}/revoke", {}),
)
#: The one call that asks for no key.
OPEN = Row("GET", "/users/link/details", query="?session={session}")

OF_A_CAMPAIGN = [row for row in ROWS if "{c}" in row.path]
READING = [row for row in ROWS if row.body is not None]
#: Lifecycle calls and invites' decisions: they take no body as well as an empty object.
EMPTY_BODY = [row for row in READING if not row.body and row.method != "PATCH"]
WITH_FIELDS = [(row, field) for row in READING for field in row.body or ()]
PAGED = [
    row
    for row in ROWS
    if row.method == "GET" and row.path.endswith(("/users", "/link-invites", "{user}/events"))
]
