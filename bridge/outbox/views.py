"""What an outbox shows: entries, receipts, counts.

In: nothing. Out: frozen values. What they mean is the contract's to say (`contract.py`).
"""

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from bridge.events import State
from bridge.outbox.links import Session, SessionState
from bridge.outbox.proofs import Drift
from bridge.outbox.values import Answer, Aside, Origin
from bridge.record import record


@record
class RememberedRule:
    """A rule the outbox keeps, in order; `entries` is how many it has made, where it was asked."""

    definition: str
    used: bool
    entries: int = 0


@record
class RememberedSource:
    """A source the outbox knows: the scope of its ids, and whether it has made entries."""

    name: str
    id_scope: str
    used: bool


@record
class SourceState:
    """What a source, or one of its state files, has come to; see `Turn`."""

    adapter: str
    memory: str | None
    place: str | None


@record
class AsideView:
    """A message that was kept aside, by its number."""

    number: int
    source: str
    adapter: str
    message: Aside


@record
class Attempt:
    """One line of a receipt: an attempt and its answer."""

    number: int
    binding: int
    at: datetime
    answer: Answer


@record
class Note:
    """One line of the journal: a decision, by whom and when."""

    at: datetime
    who: str
    what: str
    detail: str


@record
class SeenPayout:
    """A payout that the API told of. `key` is the entry it belongs to, None where none is known.

    `twice` is the entry that it seems to have paid a second time.
    """

    campaign: str
    id: str
    user_ref: str
    event_code: str
    amount: Decimal | None
    paid_at: datetime | None
    seen_at: datetime
    via: str
    key: UUID | None = None
    twice: UUID | None = None


@record
class SeenWebhook:
    """A webhook that told of an entry."""

    event: str
    at: datetime
    became: str


@record
class EntryView:
    """One entry as lists show it; times are None where they mean nothing.

    `looked_for` says that its payout is looked for in the user's history, `cap` which cap holds
    it: of what, how many, and when it was full.
    """

    key: UUID
    campaign: str
    player: str
    event_code: str
    feat: str
    occurrence: str
    state: State
    reason: str
    fenced: bool
    unproven_since: datetime | None
    user_ref: str | None
    attempts: int
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None
    amount: Decimal | None = None
    accepted_at: datetime | None = None
    looked_for: bool = False
    cap: str = ""


@record
class Receipt:
    """Everything that is known of one entry."""

    entry: EntryView
    rule: str
    origin: Origin
    wire_keys: Sequence[UUID]
    body: bytes | None
    attempts: Sequence[Attempt]
    journal: Sequence[Note]
    payout: SeenPayout | None = None
    webhooks: Sequence[SeenWebhook] = ()
    links: Sequence[Session] = ()


@record
class Listing:
    """Which entries to list: newest first, filtered where a field is given."""

    campaign: str | None = None
    player: str | None = None
    state: State | None = None
    limit: int = 100
    reason: str | None = None


@record
class Pause:
    """Who paused a campaign, when and why."""

    who: str
    at: datetime
    why: str


@record
class LaneCount:
    """One campaign's entries: how many in each state and what they cost, in token units.

    `oldest_due`, `oldest_unpaid` and `oldest_uncertain` are ages in seconds; `held` says why how
    many are held; `shadow_cost` is what the entries of shadow mode would have cost; `sessions` are
    its link sessions.
    """

    campaign: str
    states: dict[State, int] = field(default_factory=dict)
    fenced: int = 0
    oldest_due: float | None = None
    oldest_unpaid: float | None = None
    oldest_uncertain: float | None = None
    amounts: dict[State, Decimal] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    shadow_cost: Decimal = Decimal(0)
    sessions: dict[SessionState, int] = field(default_factory=dict)
    pause: Pause | None = None
    drift: Drift | None = None


@record
class LaneTerms:
    """What the settings say of a campaign that the outbox must know.

    `shadow`: nothing is sent. `history`: payouts can be looked for, the first time after
    `first_look` seconds. `per_user`: players of one namespace that a userRef may have, 0 for any
    number.
    """

    campaign: str
    shadow: bool = False
    history: bool = True
    first_look: float = 3.0
    per_user: int = 1


@record
class Change:
    """One change of a state, as the stream tells it; numbers rise and are never used twice."""

    number: int
    at: datetime
    key: UUID
    campaign: str
    player: str
    event_code: str
    feat: str
    state: State
    reason: str
    amount: Decimal | None


@record
class Standing:
    """The ledger itself: its sequence number, and why it is in quarantine ("" where it isn't)."""

    identity: UUID
    sequence: int
    quarantine: str
    copied: bool
    rows: bool


@record
class Report:
    """What reconciling a campaign found.

    `lost` are entries that the API took long ago and no payout proves, `duplicate` payouts beside
    the one of an entry, `unknown` payouts that no entry of ours explains, `unread` the users whose
    history could not be read, with why.
    """

    campaign: str
    users: int
    confirmed: int
    waiting: int
    lost: Sequence[EntryView]
    duplicate: Sequence[SeenPayout]
    uncertain: Sequence[EntryView]
    unknown: Sequence[SeenPayout]
    drift: Drift | None
    unread: Sequence[str] = ()

    @property
    def read(self) -> int:
        """How many users' histories were read."""
        return self.users - len(self.unread)

    @property
    def clean(self) -> bool:
        """Whether nothing was found that somebody must look at."""
        drifted = self.drift is not None and (self.drift.excess or self.drift.shortfall)
        found = (self.lost, self.duplicate, self.uncertain, self.unknown, self.unread)
        return not any(found) and not drifted
