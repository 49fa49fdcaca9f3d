"""Link invites: shareable links by which players link themselves.

In: a page of the books. Out: invites. Decides nothing.
"""

import sqlite3
from dataclasses import dataclass
from typing import Self

from bridge.sandbox.books.page import Page, written
from bridge.sandbox.readings import InviteState


@dataclass(frozen=True, slots=True)
class Invite:
    """One invite; `state` is what was decided about it, `state_at` what it is."""

    id: str
    campaign_id: str
    token: str
    label: str
    state: InviteState
    max_uses: int | None
    uses: int
    expires_at: str | None
    created_at: str
    updated_at: str

    def state_at(self, now: int) -> InviteState:
        """Return the state at a time: a decision stands above the time, the time above the count.

        Paused says that it could be resumed, which is untrue once its time or uses are over.
        """
        if self.state is InviteState.REVOKED:
            return self.state
        if self.expires_at is not None and self.expires_at <= written(now):
            return InviteState.EXPIRED
        if self.max_uses is not None and self.uses >= self.max_uses:
            return InviteState.EXHAUSTED
        return self.state

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Return the invite of a row."""
        values = {name: row[name] for name in cls.__slots__}
        return cls(**{**values, "state": InviteState(row["state"])})


class Invites:
    """The pages on invites."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def add(self, invite: Invite) -> None:
        """Write down a new invite."""
        self._page.run("add_invite", **{name: getattr(invite, name) for name in Invite.__slots__})

    def find(self, campaign_id: str, invite_id: str) -> Invite | None:
        row = self._page.one("invite", campaign_id=campaign_id, id=invite_id)
        return Invite.of(row) if row else None

    def of_token(self, token: str) -> Invite | None:
        """Return the invite that a player's link names."""
        row = self._page.one("invite_of_token", token=token)
        return Invite.of(row) if row else None

    def listing(self, campaign_id: str, limit: int, offset: int) -> list[Invite]:
        """Return a campaign's invites, newest first."""
        rows = self._page.many("invites", campaign_id=campaign_id, limit=limit, offset=offset)
        return [Invite.of(row) for row in rows]

    def count(self, campaign_id: str) -> int:
        return self._page.number("count_invites", campaign_id=campaign_id)

    def save(self, invite: Invite) -> None:
        """Store what can change: label, state, limits."""
        self._page.run(
            "save_invite",
            id=invite.id,
            label=invite.label,
            state=invite.state.value,
            max_uses=invite.max_uses,
            expires_at=invite.expires_at,
        )

    def use(self, invite_id: str) -> None:
        """Count one use; sqlite3.IntegrityError beyond its limit."""
        self._page.run("use_invite", id=invite_id)
