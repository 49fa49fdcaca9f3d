"""Entries and receipts as JSON: what games, operators and the command line are shown.

In: the outbox's views. Out: dictionaries of plain values. Field names are part of the contract.
"""

import json
from datetime import datetime
from typing import Any

from bridge.outbox.views import Attempt, EntryView, LaneCount, Note, Receipt

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
        "attempts": entry.attempts,
        "unproven_since": _when(entry.unproven_since),
        "due_at": _when(entry.due_at),
        "created_at": _when(entry.created_at),
        "updated_at": _when(entry.updated_at),
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
            "received_at": _when(origin.received_at),
            "occurred_at": _when(origin.occurred_at),
        },
        "wire_keys": [str(key) for key in receipt.wire_keys],
        "body": None if receipt.body is None else receipt.body.decode("utf-8", "replace"),
        "history": [_attempt(attempt) for attempt in receipt.attempts],
        "journal": [_note(note) for note in receipt.journal],
    }


def lane_count_view(lane: LaneCount) -> Json:
    """Return one campaign's numbers."""
    return {
        "campaign": lane.campaign,
        "entries": {state.value: n for state, n in sorted(lane.states.items())},
        "fenced": lane.fenced,
        "oldest_due_seconds": lane.oldest_due,
    }


def _attempt(attempt: Attempt) -> Json:
    answer = attempt.answer
    return {
        "attempt": attempt.number,
        "binding": attempt.binding,
        "at": _when(attempt.at),
        "outcome": answer.outcome,
        "status": answer.status,
        "detail": answer.detail,
        "answer": answer.head,
        "seconds": round(answer.seconds, 3),
    }


def _note(note: Note) -> Json:
    return {"at": _when(note.at), "who": note.who, "what": note.what, "detail": note.detail}


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
