"""Deciding: what operators say of entries, campaigns and the ledger itself.

In: decisions. Out: entries moved on, each with a line in the journal.
"""

from uuid import UUID

from bridge.events import State
from bridge.outbox import life
from bridge.outbox.ledger import braking
from bridge.outbox.ledger.book import Book
from bridge.outbox.values import Decision

#: Entries that one transaction moves, so that the writer serves others in between.
STEP = 500


def decide(book: Book, key: UUID, decision: Decision, who: str) -> State:
    """Carry out and journal an operator's decision."""
    before = book.find(key)
    if decision is Decision.RELEASE:
        after = braking.released(book, life.releasable(before))
    else:
        after = life.decided(before, decision, book.now)
    book.move(before, after)
    book.note(who, decision.value, before, f"{before.state} → {after.state}")
    return after.state


def release_some(book: Book, reason: str, who: str, campaign: str) -> int:
    """Release some of the entries that are held for a reason; return how many, 0 at the end."""
    moved = 0
    for before in book.rows.entries.held_for(reason, STEP, campaign):
        after = braking.released(book, before)
        if after.state is State.HELD and after.reason == reason:
            continue
        book.move(before, after)
        book.note(who, "release", before, f"{reason} → {after.state}")
        moved += 1
    return moved


def expire_some(book: Book, older_than: float, who: str) -> int:
    """Discard entries whose player was not linked in so many seconds; return how many."""
    before = book.now - round(older_than * 1000)
    found = book.rows.entries.held_before(life.UNLINKED, before, STEP)
    for entry in found:
        after = life.expired(entry, book.now)
        book.move(entry, after)
        book.note(who, "expire", entry, "not linked in time")
    return len(found)


def forget_shadow(book: Book, who: str) -> int:
    """Make as if shadow mode's entries had never come; return how many there were."""
    forgotten = book.rows.entries.forget_held(life.SHADOW)
    if forgotten:
        book.note(who, "forget", None, f"{forgotten} entries of shadow mode")
    return forgotten


def pause(book: Book, campaign: str, who: str, why: str) -> None:
    """Stop claiming a campaign's entries, across restarts."""
    book.rows.lanes.pause(campaign, book.now, who, why)
    book.note(who, "pause", None, f"{campaign} {why}".strip())


def resume(book: Book, campaign: str, who: str) -> None:
    """Let a paused campaign go on."""
    book.rows.lanes.pause(campaign, None, "", "")
    book.note(who, "resume", None, campaign)


def quarantine(book: Book, reason: str) -> int:
    """Hold everything that isn't final until an operator has looked; return how many.

    That rows were salvaged stays the first thing to know, whatever else is found out.
    """
    before = book.rows.ledger.quarantined()
    book.rows.ledger.set_quarantine(before if before.startswith(life.SALVAGED) else reason)
    held = book.rows.entries.quarantine(life.QUARANTINE, book.now)
    book.note("campaign-bridge", "quarantine", None, reason)
    return held


def end_quarantine(book: Book, who: str) -> None:
    """Trust the ledger again; what it held is released by `release_some`."""
    reason = book.rows.ledger.quarantined()
    book.rows.ledger.set_quarantine("")
    book.note(who, "release", None, f"quarantine ended: {reason}")
