"""A backup: of one moment, whole, alone, marked; never in another's place."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.errors import CommandError, StoreCorrupt, StoreError, StoreUnavailable
from bridge.outbox.archive.backup import back_up, back_up_into, backups_in
from bridge.outbox.store import open_outbox
from bridge.testing import START
from tests.outbox.archive.full import keys_in, ours, overwrite, pages_of, tables_in
from tests.outbox.play import entry
from tests.support.clock import FakeClock


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def names(folder: Path) -> set[str]:
    return {found.name for found in folder.iterdir()}


def test_it_holds_what_the_outbox_holds_in_one_file_for_its_owner(
    path: Path, tmp_path: Path
) -> None:
    made = back_up(path, tmp_path / "copy.db")

    assert made.entries == len(keys_in(path))
    assert keys_in(made.path) == keys_in(path)
    assert tables_in(made.path) == tables_in(path)
    assert mode(made.path) == 0o600
    assert names(tmp_path) == {"state", "copy.db"}


async def test_an_outbox_that_begins_with_it_sends_nothing(path: Path, tmp_path: Path) -> None:
    back_up(path, tmp_path / "copy.db")
    (tmp_path / "copy.db").rename(path)  # its witness knows this very change: the mark alone tells

    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        assert "copy made by a backup" in (await outbox.standing()).quarantine


async def test_it_is_of_one_moment_while_others_write(path: Path, tmp_path: Path) -> None:
    stop = threading.Event()
    copies: list[Path] = []

    def copying() -> None:
        copies.extend(back_up(path, tmp_path / f"{n}.db").path for n in range(5))
        stop.set()

    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        thread = threading.Thread(target=copying)
        thread.start()
        number = 0
        while not stop.is_set():
            number += 1
            await outbox.put([ours(entry(5000 + number))])
        await asyncio.to_thread(thread.join)

    assert number > 5
    sizes = [len(keys_in(copy)) for copy in copies]
    assert sizes == sorted(sizes)
    for copy in copies:
        tables = tables_in(copy)
        assert tables["entries"] == tables["origins"]


def test_it_overwrites_nothing(path: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.db").write_text("precious")

    with pytest.raises(CommandError, match="there already"):
        back_up(path, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


def test_of_a_damaged_outbox_there_is_none(path: Path, tmp_path: Path) -> None:
    overwrite(path, pages_of(path, "entries")[3])

    with pytest.raises(StoreCorrupt, match="damaged"):
        back_up(path, tmp_path / "copy.db")
    assert names(tmp_path) == {"state"}


def test_where_an_index_lies_there_is_none(path: Path, tmp_path: Path) -> None:
    """No page is damaged, so only a check from end to end finds it."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("DELETE FROM sqlite_schema WHERE name = 'entries_held_why'")
        db.commit()
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE entries SET reason = 'another' WHERE state = 'held'")
        db.commit()

    with pytest.raises(StoreError):
        back_up(path, tmp_path / "copy.db")
    assert names(tmp_path) == {"state"}


def test_a_folder_that_is_not_there_and_an_outbox_that_is_not_are_named(
    path: Path, tmp_path: Path
) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        back_up(path, tmp_path / "nowhere" / "copy.db")
    with pytest.raises(CommandError, match="no outbox"):
        back_up(tmp_path / "other.db", tmp_path / "copy.db")


# -- into a folder ----------------------------------------------------------------------------


def test_in_a_folder_each_has_its_times_name_and_the_oldest_go(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    for day in range(4):
        made = back_up_into(path, folder, START + timedelta(days=day), keep=2)

    assert [found.name for found in backups_in(folder)] == [
        "outbox-20260103T000000Z.db",
        "outbox-20260104T000000Z.db",
    ]
    assert [dropped.name for dropped in made.dropped] == ["outbox-20260102T000000Z.db"]
    assert mode(folder) == 0o700


def test_what_others_keep_there_stays(path: Path, tmp_path: Path) -> None:
    for name in ("outbox-old.db", "notes.txt", "outbox-20200101T000000Z.db.gz"):
        (tmp_path / name).write_text("mine")

    back_up_into(path, tmp_path, START, keep=1)

    assert {"outbox-old.db", "notes.txt", "outbox-20200101T000000Z.db.gz"} <= names(tmp_path)


def test_one_that_fails_drops_none(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    back_up_into(path, folder, START, keep=1)
    overwrite(path, pages_of(path, "entries")[3])

    with pytest.raises(StoreCorrupt):
        back_up_into(path, folder, START + timedelta(days=1), keep=1)
    assert names(folder) == {"outbox-20260101T000000Z.db"}


def test_what_an_interrupted_one_left_is_cleared_away(path: Path, tmp_path: Path) -> None:
    (tmp_path / ".outbox-20251231T000000Z.db.part").write_text("half")

    back_up_into(path, tmp_path, START, keep=None)

    assert ".outbox-20251231T000000Z.db.part" not in names(tmp_path)
