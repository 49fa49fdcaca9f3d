"""An entry as a backend stores it: everything about it that moves.

In: nothing. Out: `Entry`. Times are milliseconds since 1970, on the ledger's clock.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from bridge.events import State
from bridge.outbox.money import token_units
from bridge.outbox.views import EntryView
from bridge.record import record

#: The last millisecond that a datetime can say.
_LATEST = 253_402_300_799_999


@record
class Entry:
    """One row. `bound_ref` and `body` are frozen by the claim of the binding they belong to.

    `amount` is what it pays, in millionths of a token unit; `look_at` when its payout is looked
    for; `brakes` the terms that are still to be applied once its userRef is known, or which cap
    holds it.
    """

    id: int
    key: UUID
    campaign: str
    player: str
    event_code: str
    feat: str
    occurrence: str
    rule_id: int
    state: State
    reason: str
    user_ref: str | None
    created_at: int
    updated_at: int
    due_at: int | None
    bound_ref: str | None = None
    body: bytes | None = None
    wire_key: UUID | None = None
    binding: int = 0
    rebind: bool = False
    attempts: int = 0
    failures: int = 0
    refusals: int = 0
    conflicts: int = 0
    lease_until: int | None = None
    lease_owner: str | None = None
    first_maybe_sent_at: int | None = None
    mark_attempt: int | None = None
    fenced: bool = False
    amount: int | None = None
    accepted_at: int | None = None
    look_at: int | None = None
    looks: int = 0
    brakes: str = ""

    @property
    def target(self) -> str | None:
        """Whom the next attempt pays: the frozen userRef while it is unproven, else the linked."""
        return self.user_ref if self.first_maybe_sent_at is None else self.bound_ref

    @property
    def leads(self) -> bool:
        """Whether others of its fence may have to wait for it: unproven, or next to be sent."""
        return self.first_maybe_sent_at is not None or (self.state is State.DUE and not self.fenced)

    def changed(self, **fields: object) -> "Entry":
        """Return the entry with other fields."""
        return replace(self, **fields)  # type: ignore[arg-type]  # dataclasses.replace is untyped

    def view(self) -> EntryView:
        """Return the entry as lists show it."""
        waits = self.state in {State.DUE, State.HELD}
        return EntryView(
            self.key,
            self.campaign,
            self.player,
            self.event_code,
            self.feat,
            self.occurrence,
            self.state,
            self.reason,
            self.fenced,
            moment(self.first_maybe_sent_at),
            self.target,
            self.attempts,
            as_moment(self.created_at),
            as_moment(self.updated_at),
            moment(self.due_at) if waits else None,
            token_units(self.amount),
            moment(self.accepted_at),
            self.look_at is not None,
            cap_read(self.brakes) if self.reason == "over_cap" else "",
        )


def cap_written(told: str) -> str:
    """Return which cap holds an entry, as it is stored in the place of the terms that held it."""
    return json.dumps({"cap": told})


def cap_read(brakes: str) -> str:
    """Return which cap holds an entry; "" where that wasn't kept."""
    return str(json.loads(brakes).get("cap", "")) if brakes else ""


def as_moment(millis: int) -> datetime:
    """Return a stored time as a datetime in UTC; one that a damaged file makes up is cut."""
    return datetime.fromtimestamp(min(max(millis, 0), _LATEST) / 1000, UTC)


def moment(millis: int | None) -> datetime | None:
    """Return a stored time, or None where there is none."""
    return None if millis is None else as_moment(millis)


def as_millis(at: datetime) -> int:
    """Return a datetime as it is stored."""
    return round(at.timestamp() * 1000)
