"""Looking into an outbox: receipts, listings, counts, the stream.

In: rows and what is asked. Out: the contract's views. Changes nothing.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from bridge.events import State
from bridge.outbox import life
from bridge.outbox.entry import Entry, as_moment, moment
from bridge.outbox.ledger.book import Book
from bridge.outbox.links import Link, SessionState
from bridge.outbox.money import token_units, tokens
from bridge.outbox.proofs import Drift
from bridge.outbox.sqlite.rows import Rows
from bridge.outbox.sqlite.rows.links import link_from
from bridge.outbox.sqlite.rows.proofs import PayoutRow, payout_from
from bridge.outbox.sqlite.rows.shapes import entry_from
from bridge.outbox.values import Answer, Origin
from bridge.outbox.views import (
    Attempt,
    Change,
    EntryView,
    LaneCount,
    Listing,
    Note,
    Pause,
    Receipt,
    SeenPayout,
    SeenWebhook,
)


def receipt(rows: Rows, key: UUID) -> Receipt:
    """Return all that is known of the entry with this key or wire key."""
    entry = Book(rows, 0).find(key)
    payout = rows.proofs.payout_of(entry.id)
    return Receipt(
        entry.view(),
        rows.sql.many("rule", id=entry.rule_id)[0]["definition"],
        _origin(rows.sql.many("origin", id=entry.id)[0]),
        _wire_keys(rows, entry),
        entry.body,
        [_attempt(row) for row in rows.sql.many("attempts", id=entry.id)],
        [_note(row) for row in rows.sql.many("journal", id=entry.id)],
        None if payout is None else _seen(rows, payout, as_moment(entry.updated_at)),
        [_webhook(row) for row in rows.sql.many("webhooks_of", id=entry.id)],
        rows.links.sessions_of(entry.player, 5),
    )


def listing(rows: Rows, what: Listing) -> Sequence[EntryView]:
    """Return entries, newest first."""
    name = "listing" if what.player is None else "listing_of_player"
    found = rows.sql.many(
        name,
        campaign=what.campaign,
        player=what.player,
        state=None if what.state is None else what.state.value,
        reason=what.reason,
        limit=what.limit,
    )
    return [entry_from(row).view() for row in found]


def unpaid(rows: Rows, campaign: str, before: int, limit: int) -> Sequence[EntryView]:
    """Return entries that were accepted before a time, and that nothing has confirmed."""
    found = rows.sql.many("unpaid_since", campaign=campaign, before=before, limit=limit)
    return [entry_from(row).view() for row in found]


# -- counts ---------------------------------------------------------------------------------


def counts(rows: Rows, now: int) -> Sequence[LaneCount]:
    """Return what each campaign has and how it stands; costs the same however many there are."""
    totals = _by_campaign(rows, "counts")
    sessions = _by_campaign(rows, "session_counts")
    oldest = {row["campaign"]: row for row in rows.sql.many("oldest")}
    known = {row["campaign"]: row for row in rows.sql.many("lanes")}
    return [
        _lane_count(
            campaign,
            totals.get(campaign, ()),
            sessions.get(campaign, ()),
            _ages(oldest.get(campaign), now),
            known.get(campaign),
        )
        for campaign in sorted({*totals, *sessions, *known})
    ]


def _by_campaign(rows: Rows, statement: str) -> dict[str, list[sqlite3.Row]]:
    found: dict[str, list[sqlite3.Row]] = {}
    for row in rows.sql.many(statement):
        found.setdefault(row["campaign"], []).append(row)
    return found


def _lane_count(
    campaign: str,
    totals: Sequence[sqlite3.Row],
    sessions: Sequence[sqlite3.Row],
    ages: Mapping[str, float],
    lane: sqlite3.Row | None,
) -> LaneCount:
    states, amounts = Counter[State](), Counter[State]()
    for row in totals:
        states[State(row["state"])] += row["n"]
        amounts[State(row["state"])] += row["amount"]
    held = {row["reason"]: row for row in totals if row["state"] == State.HELD}
    due = [ages[name] for name in ("due", "fenced") if name in ages]
    return LaneCount(
        campaign,
        states=dict(states),
        fenced=sum(row["fenced"] for row in totals),
        oldest_due=max(due, default=None),
        oldest_unpaid=ages.get("unpaid"),
        oldest_uncertain=ages.get("uncertain"),
        amounts={state: tokens(amount) for state, amount in amounts.items() if amount},
        held={reason: row["n"] for reason, row in held.items()},
        shadow_cost=tokens(held[life.SHADOW]["amount"] if life.SHADOW in held else 0),
        sessions={SessionState(row["state"]): row["n"] for row in sessions},
        pause=_pause(lane),
        drift=_drift(lane),
    )


def _ages(row: sqlite3.Row | None, now: int) -> dict[str, float]:
    if row is None:
        return {}
    names = ("due", "fenced", "unpaid", "uncertain")
    return {name: max(0, now - row[name]) / 1000 for name in names if row[name] is not None}


def pauses(rows: Rows) -> dict[str, Pause]:
    """Return the campaigns that an operator paused."""
    known = ((row["campaign"], _pause(row)) for row in rows.sql.many("lanes"))
    return {campaign: pause for campaign, pause in known if pause is not None}


def _pause(lane: sqlite3.Row | None) -> Pause | None:
    if lane is None or lane["paused_at"] is None:
        return None
    return Pause(lane["paused_by"], as_moment(lane["paused_at"]), lane["paused_for"])


def _drift(lane: sqlite3.Row | None) -> Drift | None:
    if lane is None or lane["paid_out"] is None:
        return None
    least, most = token_units(lane["paid_least"]), token_units(lane["paid_most"])
    return Drift(lane["campaign"], tokens(lane["paid_out"]), least, most)


# -- links, payouts, the stream ---------------------------------------------------------------


def links(rows: Rows, player: str | None) -> Sequence[Link]:
    """Return the links of one player, or all."""
    return [link_from(row) for row in rows.sql.many("links", player=player)]


def link_notes(rows: Rows, player: str, limit: int) -> Sequence[Note]:
    """Return what became of a player's links, newest first."""
    return [_note(row) for row in rows.sql.many("journal_of_player", player=player, limit=limit)]


def strange_payouts(rows: Rows, campaign: str, limit: int) -> Sequence[SeenPayout]:
    """Return payouts that belong to no entry."""
    found = rows.sql.many("all_unmatched", campaign=campaign, limit=limit)
    return [_seen(rows, payout_from(row), as_moment(row["seen_at"])) for row in found]


def _seen(rows: Rows, payout: PayoutRow, seen_at: datetime) -> SeenPayout:
    entry = None if payout.entry_id is None else rows.entries.by_id(payout.entry_id)
    twice = None if entry is not None else _paid_twice(rows, payout)
    return SeenPayout(
        payout.campaign,
        payout.id,
        payout.user_ref,
        payout.event_code,
        token_units(payout.amount),
        moment(payout.paid_at),
        seen_at,
        payout.via,
        None if entry is None else entry.key,
        None if twice is None else twice.key,
    )


def _paid_twice(rows: Rows, payout: PayoutRow) -> Entry | None:
    """Return the entry that a payout of no entry seems to have paid once more.

    Where the ledger lacks its past, or a part of it can't be read, only a key can say so.
    """
    if payout.wire_key is not None:
        return Book(rows, 0).known(payout.wire_key)
    if _lacks_its_past(rows):
        return None
    return rows.entries.any_of(payout.campaign, payout.user_ref, payout.event_code)


def _lacks_its_past(rows: Rows) -> bool:
    quarantine = rows.ledger.quarantined()
    if quarantine and not quarantine.startswith(life.SURPLUS):
        return True
    return rows.sql.one("any_unreadable") is not None


def changes(rows: Rows, after: int, limit: int) -> Sequence[Change]:
    """Return changes of states after a number, oldest first."""
    return [_change(row) for row in rows.sql.many("changes", after=after, limit=limit)]


def _change(row: sqlite3.Row) -> Change:
    return Change(
        row["number"],
        as_moment(row["at"]),
        UUID(bytes=row["key"]),
        row["campaign"],
        row["player"],
        row["event_code"],
        row["feat"],
        State(row["told"]),
        row["why"],
        token_units(row["amount"]),
    )


# -- parts of a receipt -----------------------------------------------------------------------


def _wire_keys(rows: Rows, entry: Entry) -> list[UUID]:
    kept = [UUID(bytes=row["wire_key"]) for row in rows.sql.many("wire_keys", id=entry.id)]
    return kept or ([entry.wire_key] if entry.wire_key else [])


def _origin(row: sqlite3.Row) -> Origin:
    return Origin(
        row["source"],
        row["peer"],
        row["adapter"],
        row["raw"],
        as_moment(row["received_at"]),
        row["name"],
        row["id"],
        moment(row["occurred_at"]),
    )


def _attempt(row: sqlite3.Row) -> Attempt:
    answer = Answer(row["outcome"], row["status"], row["detail"], row["head"], row["seconds"])
    return Attempt(row["number"], row["binding"], as_moment(row["at"]), answer)


def _note(row: sqlite3.Row) -> Note:
    return Note(as_moment(row["at"]), row["who"], row["what"], row["detail"])


def _webhook(row: sqlite3.Row) -> SeenWebhook:
    return SeenWebhook(row["event"], as_moment(row["received_at"]), row["became"])
