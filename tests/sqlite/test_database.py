"""One writer thread: grouping, who suffers for whose failure, and what is on disk afterwards."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bridge.errors import SchemaTooNew, StoreCorrupt, StoreError, StoreUnavailable
from bridge.sqlite.connection import open_connection
from bridge.sqlite.database import GROUP_LIMIT, Database
from bridge.sqlite.scripts import Migration
from bridge.sqlite.space import room_of

NOTES = (Migration(1, "first", "CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT;"),)


def note(text: str | None) -> Callable[[sqlite3.Connection], str | None]:
    """Return a job that keeps one line."""

    def work(db: sqlite3.Connection) -> str | None:
        db.execute("INSERT INTO notes VALUES (?)", (text,))
        return text

    return work


def notes(db: sqlite3.Connection) -> set[str]:
    """Read every line that is kept."""
    return {row["text"] for row in db.execute("SELECT text FROM notes")}


class Stopped:
    """A job that keeps the writer busy until it is let go, so that others pile up behind it."""

    def __init__(self, database: Database) -> None:
        self._let_go = threading.Event()
        self._begun = threading.Event()
        self._database = database

    def _work(self, _: sqlite3.Connection) -> None:
        self._begun.set()
        assert self._let_go.wait(10)

    async def __aenter__(self) -> None:
        self._task = asyncio.create_task(self._database.write(self._work))
        assert await asyncio.to_thread(self._begun.wait, 10)

    async def __aexit__(self, *_: object) -> None:
        self._let_go.set()
        await self._task


# -- group commit ---------------------------------------------------------------------------


async def test_a_write_returns_what_its_work_returned(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES) as database:
        assert await database.write(note("one")) == "one"
        assert await database.read(notes) == {"one"}


async def test_many_callers_share_a_commit(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES) as database:
        await asyncio.gather(*(database.write(note(f"{number}")) for number in range(64)))

        assert database.jobs_committed == 64
        assert database.commits <= 8
        assert len(await database.read(notes)) == 64


async def test_what_piles_up_is_committed_at_once(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES) as database:
        async with Stopped(database):
            writes = [
                asyncio.create_task(database.write(note(f"{number}"))) for number in range(200)
            ]
            await asyncio.sleep(0)
        await asyncio.gather(*writes)

        assert database.commits == 2


async def test_a_group_has_a_limit(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES) as database:
        async with Stopped(database):
            writes = [
                asyncio.create_task(database.write(note(f"{number}")))
                for number in range(GROUP_LIMIT + 1)
            ]
            await asyncio.sleep(0)
        await asyncio.gather(*writes)

        assert database.commits == 3


def _append(order: list[int], number: int, _: sqlite3.Connection) -> None:
    order.append(number)


async def test_jobs_run_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    order: list[int] = []
    async with Database(tmp_path / "a.db", NOTES) as database:
        await asyncio.gather(
            *(database.write(partial(_append, order, number)) for number in range(50))
        )

    assert order == list(range(50))


# -- one job's failure ----------------------------------------------------------------------


def _raise(db: sqlite3.Connection) -> None:
    note("half done")(db)
    raise ValueError("the job's own fault")


async def test_a_job_that_raises_fails_only_itself_and_is_undone(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES) as database:
        async with Stopped(database):
            tasks = [
                asyncio.create_task(database.write(work))
                for work in (note("before"), _raise, note(None), note("before"), note("after"))
            ]
            await asyncio.sleep(0)
        results = await asyncio.gather(*tasks, return_exceptions=True)

        assert [type(result) for result in results] == [
            str,
            ValueError,
            sqlite3.IntegrityError,
            sqlite3.IntegrityError,
            str,
        ]
        assert await database.read(notes) == {"before", "after"}
        assert database.commits == 2


async def test_a_caller_who_goes_away_freezes_nobody(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES) as database:
        async with Stopped(database):
            tasks = [asyncio.create_task(database.write(note(f"{n}"))) for n in range(8)]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)

        assert [isinstance(result, asyncio.CancelledError) for result in results] == [
            True,
            False,
        ] * 4
        assert await database.write(note("next")) == "next"
        assert len(await database.read(notes)) == 9


# -- the disk's failure ---------------------------------------------------------------------


class Failing(sqlite3.Connection):
    """A connection to a disk that answers some of the next commits with EIO."""

    #: Of each commit to come, whether it fails; those after them succeed.
    fails: ClassVar[list[bool]] = []

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql == "COMMIT" and Failing.fails and Failing.fails.pop(0):
            failure = sqlite3.OperationalError("disk I/O error")
            failure.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise failure
        return super().execute(sql, parameters)


class Opener:
    """Opens failing connections and counts them."""

    def __init__(self) -> None:
        self.opened = 0
        self.refuse: OSError | sqlite3.Error | None = None

    def __call__(self, path: Path) -> sqlite3.Connection:
        if self.refuse is not None:
            raise self.refuse
        self.opened += 1
        open_connection(path).close()
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Failing)
        db.row_factory = sqlite3.Row
        return db


@pytest.fixture
def opener() -> Opener:
    Failing.fails = []
    return Opener()


async def test_a_failed_commit_fails_its_whole_group_and_the_file_is_opened_anew(
    tmp_path: Path, opener: Opener
) -> None:
    async with Database(tmp_path / "a.db", NOTES, connect=opener) as database:
        Failing.fails = [False, True]  # the one that they wait behind, then theirs
        async with Stopped(database):
            tasks = [asyncio.create_task(database.write(note(text))) for text in ("one", "two")]
            await asyncio.sleep(0)
        told = await asyncio.gather(*tasks, return_exceptions=True)
        trouble = database.trouble
        kept = await database.read(notes)
        again = await database.write(note("again"))

        assert [type(error) for error in told] == [StoreUnavailable] * 2
        assert "disk I/O error" in str(trouble)
        assert (kept, again, database.trouble, opener.opened) == (set(), "again", None, 2)


async def test_writing_goes_on_when_the_disk_is_back_after_many_failures(
    tmp_path: Path, opener: Opener
) -> None:
    async with Database(tmp_path / "a.db", NOTES, connect=opener) as database:
        Failing.fails = [True] * 5
        for _ in range(5):
            with pytest.raises(StoreUnavailable):
                await database.write(note("one"))

        assert await database.write(note("one")) == "one"


@pytest.mark.parametrize(
    "refusal",
    [
        PermissionError(13, "Permission denied"),
        sqlite3.OperationalError("unable to open database file"),
    ],
    ids=["by the system", "by SQLite"],
)
async def test_a_file_that_can_not_be_opened_anew_leaves_nobody_waiting(
    tmp_path: Path, opener: Opener, refusal: OSError | sqlite3.Error
) -> None:
    async with Database(tmp_path / "a.db", NOTES, connect=opener) as database:
        Failing.fails = [True]
        opener.refuse = refusal
        async with asyncio.timeout(10):
            for text in ("one", "two"):
                with pytest.raises(StoreUnavailable):
                    await database.write(note(text))
        opener.refuse = None

        assert await database.write(note("three")) == "three"
        assert await database.read(notes) == {"three"}


async def test_a_file_that_is_gone_is_not_replaced_by_an_empty_one(
    tmp_path: Path, opener: Opener
) -> None:
    path = tmp_path / "a.db"
    async with Database(path, NOTES, connect=opener) as database:
        await database.write(note("one"))
        aside = path.rename(tmp_path / "moved.db")
        Failing.fails = [True]
        for text in ("two", "three"):
            with pytest.raises(StoreUnavailable, match=r"a\.db"):
                await database.write(note(text))
        there = _exists(path)
        aside.rename(path)

        assert not there
        assert await database.write(note("four")) == "four"


def _exists(path: Path) -> bool:
    return path.exists()


async def test_a_file_that_is_damaged_while_it_is_in_use_is_called_damaged(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.db"
    async with Database(path, NOTES) as database:
        await database.write(lambda db: [note(f"{n:0>200}")(db) for n in range(200)])
        await asyncio.to_thread(_spoil, path)

        for text in ("one", "two"):
            with pytest.raises(StoreCorrupt, match=str(path)):
                await database.write(note(text))


def _spoil(path: Path) -> None:
    """Write rubbish over every page but the first, as a dying disk does."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    db.close()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * (path.stat().st_size - 4096))


@contextmanager
def _held_by_another(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


async def test_a_file_that_another_program_writes_is_unavailable_until_it_is_done(
    tmp_path: Path,
) -> None:
    def impatient(path: Path) -> sqlite3.Connection:
        db = open_connection(path)
        db.execute("PRAGMA busy_timeout = 1")
        return db

    path = tmp_path / "a.db"
    async with Database(path, NOTES, connect=impatient) as database:
        with _held_by_another(path), pytest.raises(StoreUnavailable, match="locked"):
            await database.write(note("one"))

        assert await database.write(note("two")) == "two"


# -- reading --------------------------------------------------------------------------------


async def test_a_reader_sees_what_is_committed_and_nothing_else(tmp_path: Path) -> None:
    begun, let_go = threading.Event(), threading.Event()

    def slow(db: sqlite3.Connection) -> None:
        note("not yet")(db)
        begun.set()
        assert let_go.wait(10)

    async with Database(tmp_path / "a.db", NOTES) as database:
        await database.write(note("kept"))
        writing = asyncio.create_task(database.write(slow))
        await asyncio.to_thread(begun.wait, 10)
        meanwhile = await database.read(notes)
        let_go.set()
        await writing

        assert meanwhile == {"kept"}
        assert await database.read(notes) == {"kept", "not yet"}


async def test_a_reader_changes_nothing(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES) as database:
        with pytest.raises(StoreUnavailable, match="readonly"):
            await database.read(note("one"))

        assert await database.read(notes) == set()


# -- opening and closing --------------------------------------------------------------------


async def test_closing_commits_what_is_queued(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with Database(path, NOTES) as database:
        writes = [asyncio.create_task(database.write(note(f"{n}"))) for n in range(600)]
        await asyncio.sleep(0)
    await asyncio.gather(*writes)

    async with Database(path, NOTES) as database:
        assert len(await database.read(notes)) == 600


async def test_a_closed_database_refuses_clearly(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES) as database:
        pass

    with pytest.raises(StoreUnavailable, match="closed"):
        await database.write(note("one"))
    with pytest.raises(StoreUnavailable, match="closed"):
        await database.read(notes)


async def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="nowhere"):
        async with Database(tmp_path / "nowhere" / "a.db", NOTES):
            pytest.fail("it opened")


def _open_files(folder: Path) -> list[str]:
    links = [file.readlink() for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
    return [str(link) for link in links if link.is_relative_to(folder)]


def _too_new(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 9")
    db.close()


def _rubbish(path: Path) -> None:
    path.write_bytes(b"rubbish" * 1000)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")
@pytest.mark.parametrize(("spoil", "error"), [(_too_new, SchemaTooNew), (_rubbish, StoreCorrupt)])
async def test_a_file_that_can_not_be_used_is_not_kept_open(
    tmp_path: Path, spoil: Callable[[Path], None], error: type[StoreError]
) -> None:
    spoil(tmp_path / "a.db")
    database = Database(tmp_path / "a.db", NOTES)
    with pytest.raises(error):
        await database.__aenter__()

    assert _open_files(tmp_path) == []


# -- what it says of itself -----------------------------------------------------------------


class Ticks:
    """A timer that goes on by a quarter of a second whenever it is asked."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.25
        return self.now


async def test_a_commit_is_timed_once_however_many_jobs_are_in_it(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES, timer=Ticks()) as database:
        async with Stopped(database):
            writes = [asyncio.create_task(database.write(note(f"{n}"))) for n in range(9)]
            await asyncio.sleep(0)
            queued, busy = database.queued, database.busy()
        await asyncio.gather(*writes)

        assert (queued, busy) == (9, 0.5)
        assert database.durations.cumulative()[-1] == ("+Inf", database.commits)
        assert database.durations.sum == 0.25 * database.commits + 0.25  # `busy` asked it, too
        assert (database.queued, database.busy()) == (0, 0)


async def test_a_commit_that_the_disk_refuses_is_counted_and_not_timed(
    tmp_path: Path, opener: Opener
) -> None:
    async with Database(tmp_path / "a.db", NOTES, connect=opener) as database:
        before = database.commits
        Failing.fails = [True]
        with pytest.raises(StoreError):
            await database.write(note("one"))

        assert database.failures == 1
        assert database.durations.cumulative()[-1] == ("+Inf", before)


async def test_its_room_is_that_of_its_files_and_its_disk(tmp_path: Path) -> None:
    async with Database(tmp_path / "a.db", NOTES, reserve=4096) as database:
        await database.write(note("one"))
        room = database.room()

        assert room.database == (tmp_path / "a.db").stat().st_size
        assert room.log == (tmp_path / "a.db-wal").stat().st_size
        assert (room.reserve, room.refusing) == (4096, False)
        assert room.free is not None
        assert room.disk is not None
        assert 0 < room.free <= room.disk


async def test_the_room_of_files_that_are_gone_is_unknown(tmp_path: Path) -> None:
    room = room_of(tmp_path / "gone" / "a.db", None)

    assert (room.database, room.log, room.free, room.disk) == (None, None, None, None)
