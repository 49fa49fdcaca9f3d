"""What is put into an outbox, claimed from it, said of it: values that nobody changes.

In: nothing. Out: entries as they come, claims, verdicts, receipts. What they mean is the contract's
to say (`contract.py`). All are frozen but those of which every event needs one: freezing makes
them five times as dear to make.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from bridge.record import record

#: Makes the key of (campaign, player, event code, feat, occurrence): by it an entry is proven.
KeyOf = Callable[[str, str, str, str, str], UUID]

# -- what goes in ---------------------------------------------------------------------------


@dataclass(slots=True)
class MessageId:
    """The game's own name for one deed: a known one gets its first decision again.

    `digest` is of (source, player, name, id), `content` of everything the message says; both are
    short hashes. They are kept as long as keys are.
    """

    digest: bytes
    content: bytes


@dataclass(slots=True)
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


@record
class Brakes:
    """What may hold an entry back. `rule` names the rule in tallies, `day` the day that counts.

    `player_day` is how many entries of the rule one player may have a day, `campaign_day` how many
    token units the rule may pay a day, `source_minute` how many entries a source may make a
    minute. With `per_user` the caps count the userRef, and a feat that happens `once` is paid to
    one userRef once, whichever of its players did it. `refuse` turns an entry away that is new and
    over a cap, `source_refuse` one that its source is too fast for; else they are held.
    """

    rule: str
    day: str = ""
    player_day: int | None = None
    campaign_day: Decimal | None = None
    source_minute: int | None = None
    per_user: bool = False
    once: bool = False
    refuse: bool = False
    source_refuse: bool = False


@dataclass(slots=True)
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
    brakes: Brakes | None = None


@record
class Counting:
    """An event that moves a counter: by one, or back to none where it `resets`.

    `rule` is the definition of the rule that counts; with `scope` (JSON) it names the counter,
    which is full after `to` events, and at most `times` times (None: without limit). An event
    that occurred (`at`, in milliseconds) less than `cooldown` milliseconds after the last one that
    counted doesn't count.

    `ordered` says that the same events in another order would fill it otherwise, `of_match` that
    its scope lies in one match. `make(n)` is called in the transaction for its nth filling and
    must be pure.
    """

    rule: str
    campaign: str
    scope: str
    to: int
    times: int | None
    cooldown: int
    at: int
    resets: bool
    ordered: bool
    of_match: bool
    make: Callable[[int], NewEntry]


@record
class Deed:
    """One message that counts: what it is worth by itself, if anything, and what it moves."""

    message_id: MessageId
    entry: NewEntry | None
    countings: Sequence[Counting]

    @property
    def campaigns(self) -> set[str]:
        """The campaigns of all that it may make."""
        alone = set() if self.entry is None else {self.entry.campaign}
        return alone | {counting.campaign for counting in self.countings}


#: What is put: an entry, or a deed that also counts.
Put = NewEntry | Deed


@record
class Aside:
    """A message that its adapter failed on, kept for whoever mends the adapter.

    `body` holds no secrets; where nobody can tell, it is empty.
    """

    at: datetime
    peer: str
    position: str | None
    body: bytes
    error: str


@record
class Turn:
    """What a source has come to, kept in one transaction with the entries that it made.

    `part` names one of its state files, "" the source itself. `memory` is what the adapter
    remembers, as JSON; `place` where reading goes on, in the reader's own words; None leaves what
    was kept before. `replay` says that old messages are read again, in their order.
    """

    source: str
    adapter: str
    part: str = ""
    memory: str | None = None
    place: str | None = None
    aside: Sequence[Aside] = ()
    replay: bool = False


# -- what comes out to be sent --------------------------------------------------------------


@record
class Wire:
    """What goes over the wire for one binding, frozen: the Idempotency-Key and the body."""

    key: UUID
    body: bytes


@record
class ClaimTerms:
    """The terms of a claim; times in seconds.

    `write(key, binding, event_code, user_ref)` is called in the claim's transaction for a new
    binding and must be pure; so must `key_of`, by which each entry is proven before it is sent:
    what it says must be what its key was made of.
    """

    owner: str
    lease: float
    horizon: float
    write: Callable[[UUID, int, str, str], Wire]
    key_of: KeyOf


@record
class Claim:
    """Leave to send one entry once, until the lease is over.

    `number` is where the outbox finds the entry at once; 0 where only its key is known.
    """

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
    number: int = 0


@record
class Claimed:
    """The answer to a claim.

    `next_in` is when the next entry of the campaign will be due, in seconds, None where nothing
    waits for time alone. `stopped` is why nothing may be claimed at all: paused, shadow or
    quarantine.
    """

    claims: Sequence[Claim]
    next_in: float | None
    stopped: str = ""


# -- what became of an attempt --------------------------------------------------------------


@record
class Accepted:
    """The API took it. Recorded even after the lease is over, and from any state."""


@record
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


@record
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


@record
class Dead:
    """Refused for good."""

    reason: str
    unsent: bool = True


@record
class Doubtful:
    """Whether it was paid can't be told: an operator decides."""

    reason: str


Verdict = Accepted | Later | Held | Dead | Doubtful


@record
class Answer:
    """What one attempt met, for the receipt: HTTP status, words, the head of the body."""

    outcome: str
    status: int | None = None
    detail: str = ""
    head: str = ""
    seconds: float = 0.0


@record
class Settling:
    """What became of one claim."""

    claim: Claim
    verdict: Verdict
    answer: Answer


# -- decisions ----------------------------------------------------------------------------------


class Decision(StrEnum):
    """What an operator can decide about one entry."""

    RETRY = "retry"
    RELEASE = "release"
    DISCARD = "discard"
    PAID = "paid"
    UNPAID = "unpaid"
    RESEND = "resend"
