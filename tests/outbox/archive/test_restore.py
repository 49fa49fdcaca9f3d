"""A backup put back: looked over first, the old one kept, nothing sent before somebody looked."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.errors import CommandError, SchemaTooNew, StoreCorrupt, StoreUnavailable
from bridge.outbox.archive.backup import back_up
from bridge.outbox.archive.restore import plan, restore
from bridge.outbox.archive.suspicion import suspect, suspicion
from bridge.outbox.store import open_outbox
from bridge.sqlite.scripts import load_migrations
from bridge.testing import START
from tests.outbox.archive.full import keys_in, ours, overwrite, pages_of
from tests.outbox.play import CAMPAIGN, Play, entry, terms
from tests.support.clock import FakeClock

MIGRATIONS = load_migrations("bridge.outbox.sqlite.migrations")


@pytest.fixture
def backup(path: Path, tmp_path: Path) -> Path:
    return back_up(path, tmp_path / "copy.db").path


async def later(path: Path) -> None:
    """Go on with the outbox after its backup was made."""
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        await Play(outbox, FakeClock()).taken(ours(entry(7000)))


def aside(path: Path) -> Path:
    (found,) = path.parent.glob("outbox.db.replaced.*Z")
    return found


async def test_the_plan_says_what_is_lost_and_changes_nothing(path: Path, backup: Path) -> None:
    await later(path)
    before = keys_in(path)

    found = plan(backup, path, MIGRATIONS, START)

    assert found.there is not None
    assert found.there.entries == found.holds.entries + 1
    assert found.there.sequence > found.holds.sequence
    assert found.copied
    assert keys_in(path) == before


async def test_the_old_one_is_kept_and_the_new_one_sends_nothing(path: Path, backup: Path) -> None:
    await later(path)
    old, kept = keys_in(path), keys_in(backup)

    restore(plan(backup, path, MIGRATIONS, START))

    assert keys_in(aside(path)) == old
    assert keys_in(path) == kept
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        assert "old copy" in (await outbox.standing()).quarantine
        await outbox.resume(CAMPAIGN, "operator")
        assert (await outbox.claim(CAMPAIGN, 10, terms())).stopped == "quarantine"


async def test_a_log_beside_the_old_one_is_kept_with_it(path: Path, backup: Path) -> None:
    """It would be applied to the new one otherwise."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("UPDATE lanes SET paused_for = 'in the log'")
        db.commit()
        log = path.with_name("outbox.db-wal").read_bytes()

        restore(plan(backup, path, MIGRATIONS, START))

        assert aside(path).with_name(f"{aside(path).name}-wal").read_bytes() == log
        assert not path.with_name("outbox.db-wal").exists()
    assert keys_in(path) == keys_in(backup)


def test_where_nothing_was_there_nothing_is_kept(backup: Path, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    wanted = plan(backup, tmp_path / "new" / "outbox.db", MIGRATIONS, START)

    restore(wanted)

    assert wanted.aside is None
    assert keys_in(tmp_path / "new" / "outbox.db") == keys_in(backup)


def test_what_was_found_damaged_is_said_of_the_copy_no_more(path: Path, backup: Path) -> None:
    suspect(path, "row missing from an index")

    restore(plan(backup, path, MIGRATIONS, START))

    assert suspicion(path) is None


def test_a_damaged_outbox_can_be_replaced(path: Path, backup: Path) -> None:
    overwrite(path, 1)
    wanted = plan(backup, path, MIGRATIONS, START)

    restore(wanted)

    assert wanted.unreadable
    assert keys_in(path) == keys_in(backup)


# -- what is refused --------------------------------------------------------------------------


def test_a_damaged_backup_is_refused(path: Path, backup: Path) -> None:
    overwrite(backup, pages_of(backup, "entries")[3])

    with pytest.raises(StoreCorrupt):
        plan(backup, path, MIGRATIONS, START)


def test_one_of_a_later_version_is_refused(path: Path, backup: Path) -> None:
    with closing(sqlite3.connect(backup)) as db:
        db.execute("PRAGMA user_version = 99")

    with pytest.raises(SchemaTooNew, match="schema 99"):
        plan(backup, path, MIGRATIONS, START)


def test_what_is_no_backup_is_refused(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "photos.db")) as db:
        db.execute("CREATE TABLE photos (n INTEGER)")
    (tmp_path / "letter").write_text("Dear operator, " * 1000)

    with pytest.raises(StoreUnavailable, match="no backup of an outbox"):
        plan(tmp_path / "photos.db", path, MIGRATIONS, START)
    with pytest.raises(StoreCorrupt):
        plan(tmp_path / "letter", path, MIGRATIONS, START)
    with pytest.raises(CommandError, match="no backup at"):
        plan(tmp_path / "nothing", path, MIGRATIONS, START)
    with pytest.raises(CommandError, match="itself"):
        plan(path, path, MIGRATIONS, START)
