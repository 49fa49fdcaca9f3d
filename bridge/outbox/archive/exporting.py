"""Every entry with its receipt, one after the other, however many there are.

In: the path of an outbox, which may be in use. Out: plain values; docs/keeping.md says what
they mean; only some hundred are in memory at a time. Each is as it is at that moment: the whole is
not of one moment, or writers' logs would grow as long as it takes. Neither tokens nor API keys are
in an outbox.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from bridge.outbox.entry import as_millis, as_moment
from bridge.outbox.money import token_units
from bridge.outbox.sqlite.rows.shapes import entry_from
from bridge.outbox.sqlite.statements import Statements
from bridge.record import record
from bridge.sqlite.connection import open_reader
from bridge.sqlite.copying import unreadable

#: The form of a line; it rises only where a field goes or means something else.
VERSION: Final = 1
_STEP: Final = 500

Json = dict[str, Any]


@record
class Which:
    """Which entries: all, or those that fit every field given; `since` is of their last change."""

    campaign: str | None = None
    player: str | None = None
    state: str | None = None
    since: datetime | None = None


def export(outbox: Path, which: Which) -> Iterator[Json]:
    """Yield entries with their receipts, oldest first.

    Raises:
        StoreError: it can't be read.
    """
    try:
        with closing(open_reader(outbox)) as db:
            sql = Statements(db)
            after = 0
            while found := _some(sql, which, after):
                yield from _receipts(sql, found)
                after = found[-1]["id"]
    except sqlite3.Error as failure:
        raise unreadable(failure, outbox) from failure


def _some(sql: Statements, which: Which, after: int) -> list[sqlite3.Row]:
    name = "export_entries" if which.player is None else "export_of_player"
    return sql.many(
        name,
        after=after,
        campaign=which.campaign,
        player=which.player,
        state=which.state,
        since=None if which.since is None else as_millis(which.since),
        limit=_STEP,
    )


def _receipts(sql: Statements, found: Sequence[sqlite3.Row]) -> Iterator[Json]:
    ids = json.dumps([row["id"] for row in found])
    rules = {row["id"]: json.loads(row["definition"]) for row in sql.many("export_rules")}
    beside = {
        name: _by_entry(sql.many(f"export_{name}", ids=ids))
        for name in ("origins", "attempts", "bindings", "journal", "payouts", "webhooks")
    }
    for row in found:
        mine = {name: rows[row["id"]] for name, rows in beside.items()}
        yield {"v": VERSION, **_entry(row), "rule": rules.get(row["rule_id"]), **_receipt(mine)}


def _by_entry(rows: Sequence[sqlite3.Row]) -> Mapping[int, list[sqlite3.Row]]:
    found: dict[int, list[sqlite3.Row]] = defaultdict(list)
    for row in rows:
        found[row["entry_id"]].append(row)
    return found


def _entry(row: sqlite3.Row) -> Json:
    entry = entry_from(row).view()
    return {
        "key": str(entry.key),
        "campaign": entry.campaign,
        "player": entry.player,
        "userRef": entry.user_ref,
        "event_code": entry.event_code,
        "feat": entry.feat,
        "occurrence": entry.occurrence,
        "state": entry.state.value,
        "reason": entry.reason,
        "amount": _text(entry.amount),
        "created_at": _when(entry.created_at),
        "updated_at": _when(entry.updated_at),
        "accepted_at": _when(entry.accepted_at),
        "unproven_since": _when(entry.unproven_since),
        "tries": entry.attempts,
        "body": _bytes(row["body"]),
    }


def _receipt(mine: Mapping[str, list[sqlite3.Row]]) -> Json:
    return {
        "message": next(map(_message, mine["origins"]), None),
        "wire_keys": [str(UUID(bytes=row["wire_key"])) for row in mine["bindings"]],
        "attempts": list(map(_attempt, mine["attempts"])),
        "journal": list(map(_note, mine["journal"])),
        "payout": next(map(_payout, mine["payouts"]), None),
        "webhooks": list(map(_webhook, mine["webhooks"])),
    }


def _message(row: sqlite3.Row) -> Json:
    return {
        "source": row["source"],
        "peer": row["peer"],
        "adapter": row["adapter"],
        "raw": _bytes(row["raw"]),
        "name": row["name"],
        "id": row["id"],
        "received_at": _at(row["received_at"]),
        "occurred_at": _at(row["occurred_at"]),
    }


def _attempt(row: sqlite3.Row) -> Json:
    return {
        "number": row["number"],
        "binding": row["binding"],
        "at": _at(row["at"]),
        "outcome": row["outcome"],
        "status": row["status"],
        "detail": row["detail"],
        "answer": row["head"],
        "seconds": round(row["seconds"], 3),
    }


def _note(row: sqlite3.Row) -> Json:
    return {
        "at": _at(row["at"]),
        "who": row["who"],
        "what": row["what"],
        "detail": row["detail"],
    }


def _payout(row: sqlite3.Row) -> Json:
    return {
        "id": row["id"],
        "userRef": row["user_ref"],
        "event_code": row["event_code"],
        "amount": _text(token_units(row["amount"])),
        "paid_at": _at(row["paid_at"]),
        "seen_at": _at(row["seen_at"]),
        "via": row["via"],
    }


def _webhook(row: sqlite3.Row) -> Json:
    return {"event": row["event"], "at": _at(row["received_at"]), "became": row["became"]}


def _at(millis: int | None) -> str | None:
    return _when(None if millis is None else as_moment(millis))


def _when(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _bytes(data: bytes | None) -> str | None:
    """Return bytes as text; what was pruned, or never written, is null."""
    return data.decode("utf-8", "replace") if data else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
