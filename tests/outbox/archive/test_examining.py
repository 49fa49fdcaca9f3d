"""What `outbox check` finds: in the file, the schema, the rows, the witness."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bridge.outbox.archive.backup import back_up
from bridge.outbox.archive.examining import Finding, Level, examine
from bridge.outbox.archive.suspicion import suspect
from bridge.outbox.store import open_outbox, witness_path
from bridge.sqlite.scripts import load_migrations
from tests.outbox.archive.full import overwrite, pages_of
from tests.support.clock import FakeClock

MIGRATIONS = load_migrations("bridge.outbox.sqlite.migrations")


def problems(path: Path, machine: str = "one") -> dict[str, Finding]:
    found = examine(path, MIGRATIONS, machine, full=True)
    return {each.what: each for each in found if each.level is Level.PROBLEM}


def sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def test_a_sound_outbox_has_no_problem(path: Path) -> None:
    found = examine(path, MIGRATIONS, "one", full=True)

    assert {each.what for each in found} >= {
        "file",
        "integrity",
        "schema",
        "entries",
        "relations",
        "witness",
    }
    assert {each.level for each in found} == {Level.FINE}


async def test_one_that_is_in_use_has_none(path: Path) -> None:
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        await outbox.pause("camp_1", "operator")
        assert problems(path) == {}


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM origins WHERE entry_id = 3", "1 entries have no origin"),
        ("UPDATE totals SET n = n + 1 WHERE state = 'held'", "totals differ"),
        ("UPDATE ledger SET quiet = 1", "no longer counts"),
        ("UPDATE message_ids SET entry_id = 9999", "message ids point to no entry"),
        ("UPDATE entries SET rule_id = 77 WHERE id = 2", "made by no known rule"),
        ("UPDATE payouts SET entry_id = 8888 WHERE entry_id IS NOT NULL", "prove no entry"),
        ("UPDATE attempts SET entry_id = 8888", "attempts belong to no entry"),
    ],
)
def test_rows_that_do_not_fit_together_are_told(path: Path, statement: str, words: str) -> None:
    sql(path, statement)

    found = problems(path)["relations"]

    assert words in found.detail
    assert "outbox salvage" in found.hint


def _page(path: Path) -> None:
    overwrite(path, pages_of(path, "entries")[3])


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database" * 1000)


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


def _index(path: Path) -> None:
    sql(path, "PRAGMA writable_schema = ON", "DELETE FROM sqlite_schema WHERE name GLOB '*_why'")


@pytest.mark.parametrize("harm", [_page, _garbage, _nothing, _index])
def test_damage_is_told_with_what_to_do(path: Path, harm: Callable[[Path], None]) -> None:
    harm(path)

    found = problems(path)["integrity"]

    assert found.detail
    assert "outbox salvage" in found.hint


def test_what_a_running_daemon_came_upon_is_told(path: Path) -> None:
    suspect(path, "row missing from an index")

    assert "row missing from an index" in problems(path)["integrity"].detail


@pytest.mark.parametrize(("version", "level"), [(99, Level.PROBLEM), (0, Level.NOTE)])
def test_another_schema_is_told(path: Path, version: int, level: Level) -> None:
    sql(path, f"PRAGMA user_version = {version}")

    found = {each.what: each.level for each in examine(path, MIGRATIONS, "one")}

    assert found["schema"] is level


def test_a_witness_that_knows_better_is_told(path: Path, tmp_path: Path) -> None:
    copy = back_up(path, tmp_path / "copy.db").path
    copy.rename(path)

    assert "backup" in problems(path)["witness"].detail
    assert "another machine" not in str(problems(path))


def test_a_missing_witness_and_another_machine_are_told(path: Path) -> None:
    assert "another machine" in problems(path, machine="two")["witness"].detail
    witness_path(path).unlink()
    assert "missing" in problems(path)["witness"].detail


def test_a_missing_outbox_with_a_witness_is_a_problem_and_without_it_none(
    path: Path, tmp_path: Path
) -> None:
    path.unlink()

    assert "not there" in problems(path)["file"].detail
    assert problems(tmp_path / "new.db") == {}


def test_what_was_kept_aside_and_who_may_read_it_is_noted(path: Path) -> None:
    path.chmod(0o644)
    path.with_name("outbox.db.corrupt.20260101T000000Z").write_bytes(b"evidence")

    notes = {each.what: each for each in examine(path, MIGRATIONS, "one")}

    assert notes["file"].hint == f"chmod 600 {path}"
    assert notes["kept aside"].level is Level.NOTE
