"""A new ledger beside what an earlier one has left: it isn't silently empty."""

import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.outbox.archive.backup import back_up_into
from bridge.outbox.archive.traces import trace_of
from bridge.outbox.store import open_outbox
from tests.outbox.play import Play, entry
from tests.support.clock import FakeClock

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


async def begun(path: Path) -> Path:
    """Leave a ledger with an entry at `path`."""
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        await Play(outbox, FakeClock()).taken(entry(1))
    return path


def lose(path: Path) -> None:
    """Lose a ledger and all that was beside it under its name."""
    for found in path.parent.glob(f"{path.name}*"):
        found.unlink()


async def opened(path: Path) -> str:
    """Open the outbox; return why it is in quarantine."""
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        return (await outbox.standing()).quarantine


async def test_a_lost_ledger_and_witness_are_known_by_a_backup(tmp_path: Path) -> None:
    path = await begun(tmp_path / "outbox.db")
    (tmp_path / "backups").mkdir()
    made = await asyncio.to_thread(back_up_into, path, tmp_path / "backups", NOON, None)
    await asyncio.to_thread(lose, path)

    why = await opened(path)

    assert "a new, empty ledger" in why
    assert str(made.path) in why
    assert await opened(path) == why  # until somebody releases it
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        await outbox.release("quarantine", "operator")
    assert await opened(path) == ""


@pytest.mark.parametrize("ending", ["corrupt.20261128T120000Z", "replaced.1", "before-0002"])
async def test_files_that_were_kept_aside_tell_of_it_as_well(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"outbox.db.{ending}").write_bytes(b"what was here")

    assert ending in await opened(tmp_path / "outbox.db")


async def test_a_new_ledger_beside_nothing_is_fine(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "notes.txt").write_text("mine")
    (tmp_path / "other.db.corrupt.1").write_text("another's")

    assert await opened(tmp_path / "outbox.db") == ""


async def test_the_backups_of_another_ledger_in_the_folder_are_its_own(tmp_path: Path) -> None:
    path = await begun(tmp_path / "outbox.db")
    (tmp_path / "backups").mkdir()
    made = await asyncio.to_thread(back_up_into, path, tmp_path / "backups", NOON, None)

    assert await opened(tmp_path / "sandbox-outbox.db") == ""
    assert trace_of(path.with_name("third.db")) == ""
    shutil.copy(made.path, tmp_path / "backups" / "outbox-20261128T130000Z.db")
    made.path.write_bytes(b"nobody can tell whose")
    assert str(made.path) in trace_of(path.with_name("third.db"))


async def test_a_ledger_with_entries_is_not_asked_for_traces(tmp_path: Path) -> None:
    path = await begun(tmp_path / "outbox.db")
    (tmp_path / "outbox.db.before-0001").write_bytes(b"a copy")

    assert await opened(path) == ""
