"""Salvaged rows made to hold together: what one lacks that others rely on is filled in, and said.

In: a fresh database with the rows that could be read, and what the indexes still know. Out: the
same, such that no call stumbles over it. Nothing is made up that could be paid: an entry that can't
be proven is dead, with the reason `unreadable`.
"""

import dataclasses
import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from bridge.events import State
from bridge.outbox import life
from bridge.outbox.links import SessionState
from bridge.outbox.values import KeyOf
from bridge.record import record

_UNKNOWN: Final = "?"


def quoted(states: type[StrEnum]) -> str:
    """Return the states that there are, as SQL."""
    return "(" + ", ".join(f"'{state.value}'" for state in states) + ")"


_STATES: Final = quoted(State)


@dataclass(slots=True)
class Known:
    """What indexes know of an entry."""

    key: bytes
    campaign: str = _UNKNOWN
    player: str = _UNKNOWN
    event_code: str = _UNKNOWN

    def learn(self, values: Mapping[str, Any]) -> None:
        """Take what another index says of it."""
        for name in ("campaign", "player", "event_code"):
            if isinstance(values.get(name), str):
                setattr(self, name, values[name])


@record
class Mended:
    """How many entries are left with their key alone, and how many rows were changed."""

    keys_only: int
    rows: int


def mend(
    db: sqlite3.Connection,
    keys: Mapping[int, Known],
    key_of: KeyOf,
    now: int,
    *,
    rules_lost: bool,
) -> Mended:
    """Make what was read hold together, at `now` (milliseconds)."""
    doubted = _prove(db, keys, key_of)
    keys_only = _bury(db, keys, doubted, now)
    rows = len(doubted)
    rows += _mend_states(db)
    rows += _mend_rules(db, rules_lost=rules_lost)
    rows += _mend_what_points_nowhere(db)
    return Mended(keys_only, rows)


def _prove(
    db: sqlite3.Connection,
    keys: Mapping[int, Known],
    key_of: KeyOf,
) -> list[bytes]:
    """Compare each entry with its key, which is made of what it says.

    Return the keys that may be true of entries which say something else: they are kept as well.
    """
    changed = []
    for row in db.execute(
        "SELECT id, key, campaign, player, event_code, feat, occurrence FROM entries"
    ):
        made = key_of(*(row[name] for name in row.keys()[2:])).bytes  # of a Row
        if made != row["key"]:
            changed.append((row["id"], row["key"], made))
    doubted = []
    for number, key, made in changed:
        known = keys[number].key if number in keys else key
        if known == made:
            _set_key(db, number, made)
        else:
            _give_up(db, number)
            doubted += [made, known]
    return doubted


def _set_key(db: sqlite3.Connection, number: int, key: bytes) -> None:
    try:
        db.execute("UPDATE entries SET key = ? WHERE id = ?", (key, number))
    except sqlite3.IntegrityError:  # another one has it: this one is no entry
        db.execute("DELETE FROM entries WHERE id = ?", (number,))


def _give_up(db: sqlite3.Connection, number: int) -> None:
    """Let an entry never be sent: what it says is not what it was."""
    db.execute(
        "UPDATE entries SET state = 'dead', reason = ?, due_at = NULL, look_at = NULL, fenced = 0,"
        " user_ref = NULL WHERE id = ?",
        (life.UNREADABLE, number),
    )


def _bury(
    db: sqlite3.Connection, keys: Mapping[int, Known], doubted: Sequence[bytes], now: int
) -> int:
    """Keep the keys of entries that can't be read: their feats must not be paid again."""
    gone: list[tuple[int | None, Known]] = [
        (None if number < 1 or _is_there(db, number) else number, known)
        for number, known in keys.items()
    ]
    gone += [(None, Known(key)) for key in doubted]
    return sum(_keep_key(db, number, known, now) for number, known in gone)


def _is_there(db: sqlite3.Connection, number: int) -> bool:
    return db.execute("SELECT 1 FROM entries WHERE id = ?", (number,)).fetchone() is not None


def _keep_key(db: sqlite3.Connection, number: int | None, known: Known, now: int) -> bool:
    values = {
        **dataclasses.asdict(known),
        "id": number,
        "unknown": _UNKNOWN,
        "reason": life.UNREADABLE,
        "now": now,
    }
    try:
        db.execute(_KEY_ALONE, values)
    except sqlite3.IntegrityError:  # an entry has that key
        return False
    return True


_KEY_ALONE: Final = """\
INSERT INTO entries (id, key, campaign, player, event_code, feat, occurrence, rule_id, state,
                     reason, created_at, updated_at)
VALUES (:id, :key, :campaign, :player, :event_code, :unknown, :unknown, 0, 'dead', :reason, :now,
        :now)"""


def _mend_states(db: sqlite3.Connection) -> int:
    found = db.execute(f"SELECT id FROM entries WHERE state NOT IN {_STATES}").fetchall()  # noqa: S608
    for (number,) in found:
        _give_up(db, number)
    return len(found)


def _mend_rules(db: sqlite3.Connection, *, rules_lost: bool) -> int:
    """Give entries a rule again; where one is lost, those of the settings are taken as they are."""
    bad = [row[0] for row in db.execute("SELECT id, definition FROM rules") if not _is_json(row[1])]
    for number in bad:
        db.execute("DELETE FROM rules WHERE id = ?", (number,))
    if bad or rules_lost:
        db.execute("UPDATE rules SET place = NULL, used = 0")
    return (
        len(bad)
        + db.execute(
            "INSERT INTO rules (id, definition, used)"
            " SELECT DISTINCT rule_id, json_object('unreadable', rule_id), 0 FROM entries"
            " WHERE rule_id NOT IN (SELECT id FROM rules)"
        ).rowcount
    )


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


_ENTRIES: Final = "(SELECT id FROM entries)"
_NOWHERE: Final = (
    *(
        f"DELETE FROM {table} WHERE entry_id NOT IN {_ENTRIES}"  # noqa: S608  # our own names
        for table in ("origins", "attempts", "bindings", "changes")
    ),
    *(
        f"UPDATE {table} SET entry_id = NULL"  # noqa: S608  # our own names
        f" WHERE entry_id IS NOT NULL AND entry_id NOT IN {_ENTRIES}"
        for table in ("message_ids", "journal", "inbox", "payouts")
    ),
    f"DELETE FROM changes WHERE state NOT IN {_STATES}",  # noqa: S608  # our own words
    f"UPDATE sessions SET state = 'failed' WHERE state NOT IN {quoted(SessionState)}",  # noqa: S608  # our own words
    "UPDATE entries SET brakes = '' WHERE brakes <> '' AND NOT json_valid(brakes)",
    "UPDATE entries SET digest = NULL, content = NULL WHERE length(digest) <> 16",
    "DELETE FROM counters WHERE rule_id NOT IN (SELECT id FROM rules)",
    """\
    INSERT INTO origins (entry_id, source, peer, adapter, raw, received_at, name)
    SELECT id, '', '', 'unreadable', x'', created_at, feat FROM entries
    WHERE id NOT IN (SELECT entry_id FROM origins)""",
)


def _mend_what_points_nowhere(db: sqlite3.Connection) -> int:
    return sum(max(db.execute(statement).rowcount, 0) for statement in _NOWHERE)
