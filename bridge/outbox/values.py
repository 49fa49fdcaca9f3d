"""What is put into an outbox, claimed from it, said of it: frozen values.

In: nothing. Out: entries as they come, claims, verdicts, receipts. What they mean is the contract's
to say (`contract.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from bridge.events import State

# -- what goes in ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MessageId:
    """The game's own name for one deed: a known one gets its first decision again.

    `digest` is of (source, player, name, id), `content` of everything the message says; both are
    short hashes. They are kept as long as keys are.
    """

    digest: bytes
    content: bytes


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an entry came from, for its receipt. `raw` holds no secrets."""

    source: str
    peer: str
    adapter: str
    raw: bytes
    received_at: datetime
    name: str
    id: str | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A campaign event to keep."""

    key: UUID
    campaign: str
    player: str
    event_code: str
    feat: str
    occurrence: str
    rule: str
    origin: Origin
    message_id: MessageId | None = None


# -- what comes out to be sent --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wire:
    """What goes over the wire for one binding, frozen: the Idempotency-Key and the body."""

    key: UUID
    body: bytes


@dataclass(frozen=True, slots=True)
class ClaimTerms:
    """The terms of a claim; times in seconds.

    `write(key, binding, event_code, user_ref)` is called in the claim's transaction for a new
    binding and must be pure.
    """

    owner: str
    lease: float
    horizon: float
    write: Callable[[UUID, int, str, str], Wire]


@dataclass(frozen=True, slots=True)
class Claim:
    """Leave to send one entry once, until the lease is over."""

    key: UUID
    campaign: str
    player: str
    event_code: str
    user_ref: str
    binding: int
    wire: Wire
    owner: str
    attempt: int
    failures: int
    refusals: int
    conflicts: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """The answer to a claim.

    `next_in` is when the next entry of the campaign will be due, in seconds, None where nothing
    waits for time alone.
    """

    claims: Sequence[Claim]
    next_in: float | None


# -- what became of an attempt --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted:
    """The API took it. Recorded even after the lease is over, and from any state."""


@dataclass(frozen=True, slots=True)
class Later:
    """Try again in `after` seconds with the same key and bytes.

    `unsent` says that this attempt proved that the API did nothing; `spent` that it counts for
    the growing delay; `conflict` that the API answered 409.
    """

    after: float
    reason: str
    unsent: bool = False
    spent: bool = True
    conflict: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """Refused for now: hold it for `after` seconds (None: until something changes).

    `rebind` says that sending it again needs a new binding; `counts` that it is one of the
    refusals after which an entry is dead.
    """

    reason: str
    after: float | None
    unsent: bool = True
    rebind: bool = True
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Dead:
    """Refused for good."""

    reason: str
    unsent: bool = True


@dataclass(frozen=True, slots=True)
class Doubtful:
    """Whether it was paid can't be told: an operator decides."""

    reason: str


Verdict = Accepted | Later | Held | Dead | Doubtful


@dataclass(frozen=True, slots=True)
class Answer:
    """What one attempt met, for the receipt: HTTP status, words, the head of the body."""

    outcome: str
    status: int | None = None
    detail: str = ""
    head: str = ""
    seconds: float = 0.0


# -- links, decisions, receipts -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Link:
    """A player's userRef for one campaign."""

    campaign: str
    player: str
    user_ref: str
    since: datetime
    via: str


class Decision(StrEnum):
    """What an operator can decide about one entry."""

    RETRY = "retry"
    DISCARD = "discard"
    PAID = "paid"
    UNPAID = "unpaid"
    RESEND = "resend"


@dataclass(frozen=True, slots=True)
class RememberedRule:
    """A rule the outbox keeps, in order; `entries` is how many it has made."""

    definition: str
    used: bool
    entries: int = 0


@dataclass(frozen=True, slots=True)
class Attempt:
    """One line of a receipt: an attempt and its answer."""

    number: int
    binding: int
    at: datetime
    answer: Answer


@dataclass(frozen=True, slots=True)
class Note:
    """One line of the journal: a decision, by whom and when."""

    at: datetime
    who: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry as lists show it; times are None where they mean nothing."""

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


@dataclass(frozen=True, slots=True)
class Receipt:
    """Everything that is known of one entry."""

    entry: EntryView
    rule: str
    origin: Origin
    wire_keys: Sequence[UUID]
    body: bytes | None
    attempts: Sequence[Attempt]
    journal: Sequence[Note]


@dataclass(frozen=True, slots=True)
class Listing:
    """Which entries to list: newest first, filtered where a field is given."""

    campaign: str | None = None
    player: str | None = None
    state: State | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class LaneCount:
    """One campaign's entries by state, and how old the oldest due one is, in seconds."""

    campaign: str
    states: dict[State, int] = field(default_factory=dict)
    fenced: int = 0
    oldest_due: float | None = None
