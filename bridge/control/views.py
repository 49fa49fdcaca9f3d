"""Entries and receipts as JSON: what games, operators and the command line are shown.

In: the outbox's views. Out: dictionaries of plain values. Field names are part of the contract.
"""

import json
from datetime import datetime
from typing import Any

from bridge.outbox.archive.pruning import Pruned
from bridge.outbox.links import Link, Session
from bridge.outbox.proofs import Drift
from bridge.outbox.views import (
    Attempt,
    EntryView,
    LaneCount,
    Note,
    Pause,
    Receipt,
    Report,
    SeenPayout,
    Standing,
)

Json = dict[str, Any]


def entry_view(entry: EntryView) -> Json:
    """Return one entry; `state` is what a game is told, `entry_state` the word of the drawing."""
    return {
        "key": str(entry.key),
        "state": entry.state.told,
        "entry_state": entry.state.value,
        "reason": entry.reason,
        "fenced": entry.fenced,
        "campaign": entry.campaign,
        "player": entry.player,
        "userRef": entry.user_ref,
        "event_code": entry.event_code,
        "feat": entry.feat,
        "occurrence": entry.occurrence,
        "amount": None if entry.amount is None else str(entry.amount),
        "attempts": entry.attempts,
        "unproven_since": when(entry.unproven_since),
        "due_at": when(entry.due_at),
        "created_at": when(entry.created_at),
        "updated_at": when(entry.updated_at),
        "accepted_at": when(entry.accepted_at),
        "looked_for": entry.looked_for,
        "cap": entry.cap,
    }


def receipt_view(receipt: Receipt) -> Json:
    """Return everything that is known of one entry."""
    origin = receipt.origin
    return {
        **entry_view(receipt.entry),
        "rule": json.loads(receipt.rule),
        "message": {
            "source": origin.source,
            "peer": origin.peer,
            "adapter": origin.adapter,
            "raw": origin.raw.decode("utf-8", "replace"),
            "name": origin.name,
            "id": origin.id,
            "received_at": when(origin.received_at),
            "occurred_at": when(origin.occurred_at),
        },
        "wire_keys": [str(key) for key in receipt.wire_keys],
        "body": None if receipt.body is None else receipt.body.decode("utf-8", "replace"),
        "history": [_attempt(attempt) for attempt in receipt.attempts],
        "journal": [note_view(note) for note in receipt.journal],
        "payout": None if receipt.payout is None else payout_view(receipt.payout),
        "webhooks": [
            {"event": seen.event, "at": when(seen.at), "became": seen.became}
            for seen in receipt.webhooks
        ],
        "links": [session_view(session) for session in receipt.links],
    }


def lane_count_view(lane: LaneCount) -> Json:
    """Return one campaign's numbers; money as text, in token units."""
    return {
        "campaign": lane.campaign,
        "entries": {state.value: n for state, n in sorted(lane.states.items())},
        "amounts": {state.value: str(amount) for state, amount in sorted(lane.amounts.items())},
        "held": dict(sorted(lane.held.items())),
        "fenced": lane.fenced,
        "oldest_due_seconds": lane.oldest_due,
        "oldest_unpaid_seconds": lane.oldest_unpaid,
        "oldest_uncertain_seconds": lane.oldest_uncertain,
        "shadow_cost": str(lane.shadow_cost),
        "link_sessions": {state.value: n for state, n in sorted(lane.sessions.items())},
        "pause": None if lane.pause is None else _pause(lane.pause),
        "drift": None if lane.drift is None else drift_view(lane.drift),
    }


def _pause(pause: Pause) -> Json:
    return {"who": pause.who, "at": when(pause.at), "why": pause.why}


def drift_view(drift: Drift) -> Json:
    """Return how the API's paid-out total fits our ledger."""
    return {
        "paid_out": str(drift.paid_out),
        "least": None if drift.least is None else str(drift.least),
        "most": None if drift.most is None else str(drift.most),
        "excess": str(drift.excess),
        "shortfall": str(drift.shortfall),
    }


def standing_view(standing: Standing) -> Json:
    """Return how the ledger itself stands."""
    return {"sequence": standing.sequence, "quarantine": standing.quarantine or None}


def pruned_view(pruned: Pruned) -> Json:
    """Return how much was let go, or would be."""
    return {
        "bodies": pruned.bodies,
        "attempts": pruned.attempts,
        "inbox": pruned.inbox,
        "journal": pruned.journal,
        "changes": pruned.changes,
        "shrunk_bytes": pruned.shrunk,
        "free_bytes": pruned.free,
    }


def link_view(link: Link) -> Json:
    """Return a link as games are shown it."""
    return {"campaign": link.campaign, "userRef": link.user_ref, "state": "linked"}


def link_story(link: Link) -> Json:
    """Return a link with how it came about."""
    return {**link_view(link), "since": when(link.since), "via": link.via}


def report_view(report: Report) -> Json:
    """Return what reconciling a campaign found."""
    return {
        "campaign": report.campaign,
        "clean": report.clean,
        "users": report.users,
        "read": report.read,
        "confirmed": report.confirmed,
        "waiting": report.waiting,
        "lost": [entry_view(entry) for entry in report.lost],
        "duplicate": [payout_view(payout) for payout in report.duplicate],
        "uncertain": [entry_view(entry) for entry in report.uncertain],
        "unknown": [payout_view(payout) for payout in report.unknown],
        "drift": None if report.drift is None else drift_view(report.drift),
        "unread": list(report.unread),
    }


def session_view(session: Session) -> Json:
    """Return a link session, without what would let somebody else approve it."""
    return {
        "session": str(session.id),
        "campaign": session.campaign,
        "state": session.state.value,
        "detail": session.detail,
        "userRef": session.user_ref,
        "started_at": when(session.started_at),
        "updated_at": when(session.updated_at),
    }


def payout_view(payout: SeenPayout) -> Json:
    """Return a payout that the API told of."""
    return {
        "payout": payout.id,
        "campaign": payout.campaign,
        "userRef": payout.user_ref,
        "event_code": payout.event_code,
        "amount": None if payout.amount is None else str(payout.amount),
        "paid_at": when(payout.paid_at),
        "seen_at": when(payout.seen_at),
        "via": payout.via,
        "key": None if payout.key is None else str(payout.key),
        "twice": None if payout.twice is None else str(payout.twice),
    }


def _attempt(attempt: Attempt) -> Json:
    answer = attempt.answer
    return {
        "attempt": attempt.number,
        "binding": attempt.binding,
        "at": when(attempt.at),
        "outcome": answer.outcome,
        "status": answer.status,
        "detail": answer.detail,
        "answer": answer.head,
        "seconds": round(answer.seconds, 3),
    }


def note_view(note: Note) -> Json:
    """Return a line of the journal."""
    return {"at": when(note.at), "who": note.who, "what": note.what, "detail": note.detail}


def when(at: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC, with milliseconds."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
