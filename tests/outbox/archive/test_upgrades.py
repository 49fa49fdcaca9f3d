"""Upgrades: from each release's outbox, with a copy kept; interrupted ones leave a usable file."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from bridge.errors import SchemaTooNew
from bridge.outbox.archive.examining import Level, examine
from bridge.outbox.archive.healing import keep_before
from bridge.outbox.store import open_outbox
from bridge.rules.key import payout_key
from bridge.sqlite.connection import migrate, open_connection
from bridge.sqlite.scripts import Migration, load_migrations
from tests.outbox.archive.full import keys_in, tables_in, works
from tests.outbox.archive.release import RELEASES, loaded
from tests.support.clock import FakeClock

ROOT = Path(__file__).parents[3]
MIGRATIONS = load_migrations("bridge.outbox.sqlite.migrations")
NEXT = Migration(
    len(MIGRATIONS) + 1,
    "next",
    "ALTER TABLE entries ADD COLUMN more INTEGER;\nUPDATE entries SET more = 1;\n",
)
DUMPS = sorted(RELEASES.glob("*.sql"))


def drawn(path: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as db:
        return set(db.execute("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"))


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        number: int = db.execute("PRAGMA user_version").fetchone()[0]
        return number


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
async def test_the_outbox_of_each_release_is_opened_with_all_that_is_in_it(
    dump: Path, tmp_path: Path
) -> None:
    path = loaded(dump, tmp_path / "outbox.db")
    keys, tables = keys_in(path), tables_in(path)

    async with open_outbox(path, FakeClock(), machine="one", key_of=payout_key) as outbox:
        await works(outbox)
        assert outbox.salvaged is None

    assert keys_in(path) == keys
    assert [name for name, rows in tables.items() if rows > tables_in(path)[name]] == []
    problems = {
        each.what
        for each in examine(path, MIGRATIONS, "one", full=True)
        if each.level is Level.PROBLEM
    }
    assert problems <= {"quarantine"}  # it came without its witness
    assert version(path) == len(MIGRATIONS)


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_what_a_release_made_is_made_by_its_migrations_for_ever(dump: Path, tmp_path: Path) -> None:
    """Until 0.1.0 is released: `python -m tests.outbox.archive.release` after a change of it."""
    path = loaded(dump, tmp_path / "outbox.db")
    db = open_connection(tmp_path / "made.db")
    migrate(db, MIGRATIONS[: version(path)], tmp_path / "made.db")
    db.close()

    assert drawn(path) == drawn(tmp_path / "made.db"), "change a release's schema by a migration"


def test_every_release_of_the_changelog_is_frozen() -> None:
    assert "0.1.0" in {dump.stem for dump in DUMPS}


def test_a_frozen_release_has_rows_of_every_kind(tmp_path: Path) -> None:
    for dump in DUMPS:
        path = loaded(dump, tmp_path / dump.stem)
        empty = [name for name, rows in tables_in(path).items() if not rows]
        # What is there for a moment only, and what is made of some ten thousand entries.
        assert empty == ["arrivals", "filters"]


# -- what an upgrade does ---------------------------------------------------------------------


def test_a_copy_is_kept_before_the_schema_changes(path: Path) -> None:
    keys = keys_in(path)

    kept = keep_before(path, [*MIGRATIONS, NEXT])

    assert kept is not None
    assert kept.name == f"outbox.db.before-{NEXT.number:04}"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert keys_in(kept) == keys
    assert version(kept) == len(MIGRATIONS)


def test_where_nothing_changes_none_is_kept(path: Path, tmp_path: Path) -> None:
    assert keep_before(path, MIGRATIONS) is None
    assert keep_before(tmp_path / "new.db", MIGRATIONS) is None


def test_a_newer_one_is_refused_and_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    content = path.read_bytes()

    with pytest.raises(SchemaTooNew, match="schema 99"):
        keep_before(path, MIGRATIONS)
    assert path.read_bytes() == content


def ran(code: str) -> int:
    return subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode


@pytest.mark.parametrize("after", [1, 2])
async def test_a_migration_that_is_killed_leaves_the_file_as_it_was(path: Path, after: int) -> None:
    keys = keys_in(path)
    lines = NEXT.script.splitlines()
    script = "\n".join([*lines[:after], "SELECT die();", *lines[after:]])
    code = f"""
import os, signal
from pathlib import Path
from bridge.outbox.archive.healing import keep_before
from bridge.sqlite.connection import migrate, open_connection
from bridge.sqlite.scripts import Migration, load_migrations

path = Path({str(path)!r})
known = load_migrations("bridge.outbox.sqlite.migrations")
steps = [*known, Migration(len(known) + 1, "next", {script!r})]
keep_before(path, steps)
db = open_connection(path)
db.create_function("die", 0, lambda: os.kill(os.getpid(), signal.SIGKILL))
migrate(db, steps, path)
"""
    assert ran(code) == -signal.SIGKILL

    async with open_outbox(path, FakeClock(), machine="one", key_of=payout_key) as outbox:
        await works(outbox)
        assert (outbox.salvaged, (await outbox.standing()).quarantine) == (None, "")
    assert keys_in(path) == keys
    db = open_connection(path)
    migrate(db, [*MIGRATIONS, NEXT], path)
    assert db.execute("SELECT count(*) FROM entries WHERE more = 1").fetchone()[0] == len(keys)
    db.close()
