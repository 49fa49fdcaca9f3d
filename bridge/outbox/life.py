"""The life of an entry as pure functions: an entry and what happened in, the changed entry out.

In: an `Entry`, a verdict or a decision, the time. Out: the next `Entry`. Knows nothing of rows,
threads or clocks; every backend lives by these.
"""

from bridge.errors import DecisionRefused
from bridge.events import State
from bridge.outbox.entry import Entry
from bridge.outbox.values import (
    Accepted,
    Claim,
    ClaimTerms,
    Dead,
    Decision,
    Doubtful,
    Held,
    Later,
    Verdict,
)

UNLINKED = "unlinked"
USER_UNKNOWN = "user_unknown"
PAST_HORIZON = "past_key_horizon"
PAYOUT_FAILED = "payout_failed"
EXPIRED = "expired"
OVER_CAP = "over_cap"
PRICE_UNKNOWN = "price_unknown"
SHADOW = "shadow"
QUARANTINE = "quarantine"
UNREADABLE = "unreadable"

#: How the quarantine of a ledger begins that knows of fewer payouts than were made.
SURPLUS = "the API has paid"
#: How the quarantine of a salvaged ledger begins; readiness knows it by that.
SALVAGED = "rows were salvaged from a damaged database"

#: The reasons for which only an operator lets an entry go.
BRAKES = frozenset({OVER_CAP, PRICE_UNKNOWN, SHADOW, QUARANTINE})

_PROVEN = {State.ACCEPTED, State.CONFIRMED}
_OPEN = {State.DUE, State.HELD, State.DEAD, State.UNCERTAIN}
_UNMARKED = {"first_maybe_sent_at": None, "mark_attempt": None}
_UNLEASED = {"lease_until": None, "lease_owner": None}


def claimed(entry: Entry, terms: ClaimTerms, now: int) -> Entry:
    """Set the lease and, where there is none, the mark; freeze the bytes of a new binding."""
    bound = _bound(entry, terms)
    marked = entry.first_maybe_sent_at is not None
    return bound.changed(
        state=State.SENDING,
        reason="",
        attempts=entry.attempts + 1,
        lease_owner=terms.owner,
        lease_until=now + round(terms.lease * 1000),
        first_maybe_sent_at=entry.first_maybe_sent_at if marked else now,
        mark_attempt=entry.mark_attempt if marked else entry.attempts + 1,
        updated_at=now,
    )


def _bound(entry: Entry, terms: ClaimTerms) -> Entry:
    """Freeze bytes: at the first claim, and again only where nothing is unproven."""
    first = entry.body is None
    moved = entry.rebind or entry.user_ref != entry.bound_ref
    if entry.first_maybe_sent_at is not None or not (first or moved):
        return entry
    ref = entry.user_ref or ""
    binding = 0 if first else entry.binding + 1
    wire = terms.write(entry.key, binding, entry.event_code, ref)
    return entry.changed(
        binding=binding, bound_ref=ref, wire_key=wire.key, body=wire.body, rebind=False, conflicts=0
    )


def past_horizon(entry: Entry, horizon: float, now: int) -> bool:
    """Whether the API may have forgotten the key of an unproven entry."""
    mark = entry.first_maybe_sent_at
    return mark is not None and now - mark > horizon * 1000


def doubted(entry: Entry, reason: str, now: int) -> Entry:
    """Leave it to the history, or to an operator."""
    return entry.changed(
        state=State.UNCERTAIN, reason=reason, due_at=None, look_at=now, updated_at=now, **_UNLEASED
    )


def lease_over(entry: Entry, now: int) -> Entry:
    """Make an entry due again whose sender has gone; its mark stays, nothing is proven."""
    return entry.changed(
        state=State.DUE,
        reason="lease_over",
        due_at=now,
        failures=entry.failures + 1,
        updated_at=now,
        **_UNLEASED,
    )


def due_again(entry: Entry, now: int) -> Entry:
    """Make a held entry due."""
    return entry.changed(state=State.DUE, reason="", due_at=now, fenced=False, updated_at=now)


def held_for(entry: Entry, reason: str, now: int) -> Entry:
    """Hold an entry until something changes: a link, an operator's word."""
    return entry.changed(state=State.HELD, reason=reason, due_at=None, fenced=False, updated_at=now)


def held_unlinked(entry: Entry, now: int) -> Entry:
    """Hold an entry whose player has no link."""
    return held_for(entry, UNLINKED, now)


def unreadable(entry: Entry, now: int) -> Entry:
    """Never send what isn't what its key was made of; where it may have been sent, nobody knows."""
    if entry.first_maybe_sent_at is not None:
        return doubted(entry, UNREADABLE, now)
    return held_for(entry, UNREADABLE, now)


def opens_fence(before: Entry, after: Entry) -> bool:
    """Whether a change lets another of the same fence go: a doubt is gone, or its leader left."""
    if before.target is None or not before.leads:
        return False
    proven = before.first_maybe_sent_at is not None and after.first_maybe_sent_at is None
    return proven or not after.leads or after.target != before.target


# -- outcomes -------------------------------------------------------------------------------


def settled(entry: Entry, claim: Claim, verdict: Verdict, now: int) -> Entry:
    """Apply what became of an attempt; a claim that lost its lease can only bring proof."""
    if isinstance(verdict, Accepted):
        late = entry.reason == PAYOUT_FAILED and entry.binding == claim.binding
        return entry if late else accepted(entry, now)
    if (entry.state, entry.lease_owner, entry.attempts) != (
        State.SENDING,
        claim.owner,
        claim.attempt,
    ):
        return entry
    unsent = not isinstance(verdict, Doubtful) and verdict.unsent
    proven = unsent and entry.mark_attempt == claim.attempt
    entry = entry.changed(updated_at=now, **_UNLEASED, **(_UNMARKED if proven else {}))
    match verdict:
        case Later():
            return _later(entry, verdict, now)
        case Held():
            return _held(entry, claim, verdict, now)
        case Dead():
            return _dead(entry, verdict, now)
        case Doubtful():
            return doubted(entry, verdict.reason, now)


def accepted(entry: Entry, now: int) -> Entry:
    """Record proof that the API took it: true from any state; its payout is still to be proven."""
    if entry.state in _PROVEN:
        return entry
    return entry.changed(
        state=State.ACCEPTED,
        reason="",
        due_at=None,
        fenced=False,
        updated_at=now,
        accepted_at=now,
        look_at=now,
        looks=0,
        **_UNLEASED,
        **_UNMARKED,
    )


def confirmed(entry: Entry, amount: int | None, now: int) -> Entry:
    """Record proof that it was paid: true from any state, and final while the proof stands."""
    return accepted(entry, now).changed(
        state=State.CONFIRMED,
        reason="",
        amount=entry.amount if amount is None else amount,
        look_at=None,
        updated_at=now,
    )


def counted_wrong(entry: Entry, now: int) -> Entry:
    """Record that what proved it paid was another's: as far as anyone knows, it is still to come.

    Never sent again by itself, whatever it was before: it may have been paid all the same.
    """
    return entry.changed(state=State.ACCEPTED, updated_at=now)


def payout_failed(entry: Entry, now: int) -> Entry:
    """Record that the API took it and could not pay: an operator's retry gets the next binding."""
    return entry.changed(
        state=State.DEAD,
        reason=PAYOUT_FAILED,
        due_at=None,
        look_at=None,
        fenced=False,
        rebind=True,
        updated_at=now,
        **_UNLEASED,
        **_UNMARKED,
    )


def proven_unpaid(entry: Entry, now: int) -> Entry:
    """Send an entry again of which the history shows that no attempt has paid it."""
    entry = entry.changed(look_at=None, failures=0, refusals=0, conflicts=0, **_UNMARKED)
    return held_unlinked(entry, now) if entry.user_ref is None else due_again(entry, now)


def _later(entry: Entry, verdict: Later, now: int) -> Entry:
    return entry.changed(
        state=State.DUE,
        reason=verdict.reason,
        due_at=now + round(verdict.after * 1000),
        failures=entry.failures + int(verdict.spent),
        conflicts=entry.conflicts + int(verdict.conflict),
    )


def _held(entry: Entry, claim: Claim, verdict: Held, now: int) -> Entry:
    """Hold a refused entry; where an older attempt may have paid, nobody can tell any more.

    A refusal that proves nothing (a proxy's page) leaves this attempt's own mark: the same bytes
    are sent again later.
    """
    if entry.first_maybe_sent_at is not None and entry.mark_attempt != claim.attempt:
        return doubted(entry, verdict.reason, now)
    return entry.changed(
        state=State.HELD,
        reason=verdict.reason,
        due_at=None if verdict.after is None else now + round(verdict.after * 1000),
        rebind=entry.rebind or (verdict.rebind and entry.first_maybe_sent_at is None),
        refusals=entry.refusals + int(verdict.counts),
        failures=0,
    )


def _dead(entry: Entry, verdict: Dead, now: int) -> Entry:
    if entry.first_maybe_sent_at is not None:
        return doubted(entry, verdict.reason, now)
    return entry.changed(
        state=State.DEAD,
        reason=verdict.reason,
        due_at=None,
        rebind=True,
        refusals=entry.refusals + 1,
    )


# -- links ----------------------------------------------------------------------------------


def linked(entry: Entry, user_ref: str, now: int) -> Entry:
    """Point an open entry at a player's userRef; release it where that was what it waited for."""
    entry = entry.changed(user_ref=user_ref, fenced=False)
    if entry.state is State.HELD and entry.reason in {UNLINKED, USER_UNKNOWN}:
        return due_again(entry, now)
    return entry


def unlinked(entry: Entry, now: int) -> Entry:
    """Take the userRef from an open entry; one that waits to be sent is held."""
    entry = entry.changed(user_ref=None, fenced=False)
    waits = entry.state is State.DUE or (entry.state is State.HELD and entry.reason == USER_UNKNOWN)
    return held_unlinked(entry, now) if waits else entry


# -- decisions ------------------------------------------------------------------------------


def decided(entry: Entry, decision: Decision, now: int) -> Entry:
    """Apply an operator's decision.

    Raises:
        DecisionRefused: the state doesn't allow it.
    """
    match decision:
        case Decision.RETRY:
            return _retried(entry, now)
        case Decision.DISCARD:
            return _discarded(entry, now)
        case _:
            return _resolved(entry, decision, now)


def releasable(entry: Entry) -> Entry:
    """Return a held entry that an operator may let go.

    Raises:
        DecisionRefused: no brake holds it.
    """
    if entry.state is not State.HELD or entry.reason not in BRAKES:
        raise _refused(entry, "released", _instead(entry))
    return entry


def _instead(entry: Entry) -> str:
    """Return what an operator can do with an entry that no brake holds."""
    if entry.state is State.HELD and entry.reason == UNLINKED:
        return f"It waits for a link: `players link {entry.player} USERREF` lets it go."
    if entry.state in {State.HELD, State.DEAD}:
        return f"No brake holds it: `outbox retry {entry.key}`, once the cause is gone."
    return "Only what a brake holds is released; `outbox show KEY` says what it waits for."


def expired(entry: Entry, now: int) -> Entry:
    """Discard an entry whose player was not linked in time."""
    return _discarded(entry, now).changed(reason=EXPIRED)


def _retried(entry: Entry, now: int) -> Entry:
    if entry.state is State.UNCERTAIN:
        raise _refused(entry, "retried", "Use `outbox resolve KEY --paid|--unpaid|--resend`.")
    if entry.state not in {State.DUE, State.HELD, State.DEAD}:
        raise _refused(entry, "retried")
    if entry.state is State.HELD and entry.reason in BRAKES:
        raise _refused(entry, "retried", f"It is held ({entry.reason}): `outbox release KEY`.")
    if entry.target is None:
        raise _refused(entry, "retried", "Link the player first: `players link PLAYER USERREF`.")
    return due_again(entry, now).changed(failures=0, refusals=0)


def _discarded(entry: Entry, now: int) -> Entry:
    if entry.state not in _OPEN:
        raise _refused(entry, "discarded")
    return entry.changed(
        state=State.DISCARDED,
        reason="",
        due_at=None,
        look_at=None,
        fenced=False,
        updated_at=now,
        **_UNMARKED,
    )


def _resolved(entry: Entry, decision: Decision, now: int) -> Entry:
    if entry.state is not State.UNCERTAIN:
        raise _refused(entry, "resolved", "Only uncertain entries are in doubt.")
    if decision is Decision.PAID:
        return accepted(entry, now)
    if decision is Decision.UNPAID:
        return proven_unpaid(entry, now)
    entry = entry.changed(failures=0, refusals=0, conflicts=0, look_at=None)
    # The same key and bytes once more, and a new horizon for them.
    entry = entry.changed(first_maybe_sent_at=now)
    return held_unlinked(entry, now) if entry.target is None else due_again(entry, now)


def _refused(entry: Entry, what: str, hint: str | None = None) -> DecisionRefused:
    return DecisionRefused(f"entry {entry.key} is {entry.state} and can't be {what}", hint=hint)
