"""The schema: what the migrations make is what `schema.sql` says, and the hot road uses indexes."""

import re
import sqlite3
from importlib.resources import files
from pathlib import Path

import pytest

from bridge.outbox.sqlite.statements import queries
from bridge.sqlite.connection import migrate
from bridge.sqlite.scripts import load_migrations, statements

#: What every claim, put, outcome and link runs: never slower for what has been settled.
HOT = [
    "by_id",
    "key_in_slot",
    "digest_in_slot",
    "last_segment",
    "tail",
    "by_wire_key",
    "message",
    "due",
    "leases_over",
    "held_until",
    "held_unproven",
    "next_time",
    "blocked",
    "next_fenced",
    "user_ref",
    "open_of",
    "attempts",
    "journal",
    "listing_of_player",
    "latest_mark",
]


def _migrated() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db, load_migrations("bridge.outbox.sqlite.migrations"), Path(":memory:"))
    return db


def _unset(statement: str) -> dict[str, None] | list[None]:
    return dict.fromkeys(re.findall(r":(\w+)", statement)) or [None] * statement.count("?")


def _drawn(db: sqlite3.Connection) -> list[tuple[str, ...]]:
    return db.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
    ).fetchall()


def test_the_migrations_make_the_schema() -> None:
    whole = sqlite3.connect(":memory:", isolation_level=None)
    schema = files("bridge.outbox.sqlite").joinpath("schema.sql").read_text(encoding="utf-8")
    for statement in statements(schema):
        whole.execute(statement)
    migrated = _migrated()

    assert _drawn(migrated) == _drawn(whole)
    assert migrated.execute("PRAGMA user_version").fetchone()[0] == 1
    migrated.close()
    whole.close()


@pytest.mark.parametrize("name", HOT)
def test_the_hot_road_never_reads_a_whole_table(name: str) -> None:
    db = _migrated()
    statement = queries()[name]

    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", _unset(statement))]

    db.close()
    # Segments are few, and in `mine` is what was found in them.
    scans = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
    assert {step.split()[1] for step in scans} <= {"s", "segments", "mine", "json_each"}


@pytest.mark.parametrize("name", ["clamp_due", "clamp_held", "clamp_leases"])
def test_mending_times_reads_only_what_it_mends(name: str) -> None:
    """A start may not read all that waits: a million entries may be due."""
    db = _migrated()
    statement = queries()[name]

    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", _unset(statement))]

    db.close()
    (entries,) = (step for step in plan if " entries " in step)
    assert entries.startswith("SEARCH entries USING INDEX")
    assert entries.endswith(("(campaign=? AND due_at>?)", "(campaign=? AND lease_until>?)"))


@pytest.mark.parametrize(
    "name",
    ["looked_for", "codes_looked_for", "look_again", "payout", "named_payout", "unshown_payout"],
)
def test_a_look_at_a_history_never_walks_through_a_whole_campaign(name: str) -> None:
    db = _migrated()
    statement = queries()[name]

    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", _unset(statement))]

    db.close()
    assert not [step for step in plan if step.startswith("SCAN")]
    assert not [step for step in plan if step.endswith("(campaign=?)") or "look_at>" in step]


def test_counting_looks_at_no_entry_but_the_oldest_of_each_kind() -> None:
    db = _migrated()
    plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {queries()['oldest']}")]
    counted = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {queries()['counts']}")]

    db.close()
    looked = [step for step in plan if step.split()[1] == "e"]
    assert [step.replace("COVERING ", "").split(" (")[0] for step in looked] == [
        f"SEARCH e USING INDEX entries_{name}"
        for name in ("due", "fenced_due", "unpaid", "uncertain")
    ]
    assert not any("entries" in step for step in counted)


def test_every_statement_can_be_prepared() -> None:
    db = _migrated()
    for statement in queries().values():
        db.execute(f"EXPLAIN {statement}", _unset(statement))

    db.close()
    assert len(queries()) > len(HOT)
