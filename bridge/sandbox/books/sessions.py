"""Link sessions: links on their way, by the key that is their whole capability.

In: a page of the books. Out: sessions. Decides nothing.
"""

import sqlite3
from dataclasses import dataclass
from typing import Self

from bridge.sandbox.books.page import Page
from bridge.sandbox.readings import LinkState


@dataclass(frozen=True, slots=True)
class LinkSession:
    """One session; `state` is as it was written, `state_at` as it is."""

    session_key: str
    campaign_id: str
    email: str
    state: LinkState
    user_ref: str | None
    invite_id: str | None
    idempotency_key: str | None
    created_at: str
    expires_at: int
    decided_at: str | None

    def state_at(self, now: int) -> LinkState:
        """Return the state at a time: nobody can decide a session whose time is over."""
        over = self.state is LinkState.PENDING and self.expires_at <= now
        return LinkState.EXPIRED if over else self.state

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Return the session of a row."""
        values = {name: row[name] for name in cls.__slots__}
        return cls(**{**values, "state": LinkState(row["state"])})


class Sessions:
    """The pages on link sessions."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def add(self, session: LinkSession) -> None:
        """Write down a new session."""
        self._page.run(
            "add_session", **{name: getattr(session, name) for name in LinkSession.__slots__}
        )

    def find(self, session_key: str) -> LinkSession | None:
        row = self._page.one("session", session_key=session_key)
        return LinkSession.of(row) if row else None

    def latest_of_email(self, campaign_id: str, email: str) -> LinkSession | None:
        """Return the newest session of an email address."""
        row = self._page.one("session_of_email", campaign_id=campaign_id, email=email)
        return LinkSession.of(row) if row else None

    def decide(self, session_key: str, state: LinkState, user_ref: str | None = None) -> bool:
        """End a pending session; false where it was ended before."""
        return self._page.changed(
            "decide_session", session_key=session_key, state=state.value, user_ref=user_ref
        )

    def over(self) -> list[LinkSession]:
        """Return pending sessions whose time is over."""
        rows = self._page.many("sessions_over", millis=self._page.now)
        return [LinkSession.of(row) for row in rows]

    def next_expiry(self) -> int | None:
        """Return when the next pending session expires (milliseconds)."""
        row = self._page.one("next_expiry")
        return None if row is None else row[0]

    def of_campaign(self, campaign_id: str, limit: int) -> list[LinkSession]:
        """Return a campaign's sessions, newest first."""
        rows = self._page.many("sessions", campaign_id=campaign_id, limit=limit)
        return [LinkSession.of(row) for row in rows]

    def of_invite(self, invite_id: str, limit: int, offset: int) -> list[LinkSession]:
        """Return the enrolments of an invite, newest first."""
        rows = self._page.many(
            "sessions_of_invite", invite_id=invite_id, limit=limit, offset=offset
        )
        return [LinkSession.of(row) for row in rows]

    def count_of_invite(self, invite_id: str) -> int:
        return self._page.number("count_sessions_of_invite", invite_id=invite_id)
