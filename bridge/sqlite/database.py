"""One SQLite file behind one writer thread: many callers, one commit, one sync.

In: jobs. Out: their results, once the commit that holds them is on disk. Knows nothing of what
the jobs do.

```text
 write(job) ──▶ queue ──▶ BEGIN · savepoint a job · COMMIT (one sync) ──▶ every answer
                              │ a job raises: only that job fails
                              └ the disk fails: the whole group fails, the file is opened anew and
                                checked, and what finishes payouts is tried once more
```
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, Self, TypeVar

import structlog

from bridge.errors import StoreCorrupt, StoreError, StoreFull, StoreUnavailable
from bridge.sqlite.connection import (
    bound,
    empty_log,
    explain,
    migrate,
    open_connection,
    open_reader,
    recheck,
    size_of,
    undecodable,
)
from bridge.sqlite.jobs import Bulk, Chore, Follower, Job, Work, answer_all
from bridge.sqlite.scripts import Migration
from bridge.sqlite.space import Room, Space, file_size_limit, room_of
from bridge.sqlite.spare import SpareTime
from bridge.sqlite.transaction import run_group, undone
from bridge.timing import COMMITS, Histogram

T = TypeVar("T")
Item = TypeVar("Item")
Failure = TypeVar("Failure", bound=Exception)

#: The most jobs in one commit.
GROUP_LIMIT: Final = 512

log = structlog.get_logger("sqlite")


class Database:
    """A SQLite file that is written by one thread and read by another.

    `reserve` bytes are kept back for writes that don't grow (0: none). `connect` opens the file;
    tests hand in one that fails on purpose. `committed` is called in the writer's thread after
    each commit, before anybody is answered; it must not raise. `timer` tells seconds
    that never go backwards, in any thread; without it no commit is timed. `damaged` is told, in any
    thread, why the file is found to be damaged, each time.
    """

    def __init__(
        self,
        path: Path,
        migrations: Sequence[Migration],
        *,
        reserve: int = 0,
        connect: Callable[[Path], sqlite3.Connection] = open_connection,
        committed: Callable[[sqlite3.Connection], None] = lambda _: None,
        timer: Callable[[], float] = lambda: 0.0,
        damaged: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.path = path
        self._migrations = migrations
        self._connect = connect
        self._committed = committed
        self._timer = timer
        self._damaged = damaged
        self._followers: list[Follower] = []
        self._spare = SpareTime()
        self._began: float | None = None
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_groups, name="sqlite-writer")
        self._readers = ThreadPoolExecutor(1, thread_name_prefix="sqlite-reader")
        self._space = Space(path, reserve) if reserve else None
        self._db: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._open = False
        self._size = 0
        self._allowed: tuple[int | None, int | None] = (None, None)
        #: Commits since it was opened, and jobs in them: the measure of group commit.
        self.commits = 0
        self.jobs_committed = 0
        #: Commits that the disk refused, and how long the others took, with their jobs.
        self.failures = 0
        self.durations = Histogram(COMMITS)
        #: What the disk last refused, until a commit succeeds again.
        self.trouble: str | None = None

    async def __aenter__(self) -> Self:
        """Open the file and bring its schema up to date.

        Raises:
            StoreUnavailable: it can't be opened or written.
            StoreCorrupt: it is no database, or damaged.
            SchemaTooNew: it was written by a later version.
        """
        self._loop = asyncio.get_running_loop()
        try:
            await asyncio.to_thread(self._first_open)
        except Exception:
            self._close()
            raise
        self._open = True
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Commit what is queued, then close."""
        self._open = False
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self._close)

    async def write(self, work: Work[T], *, grows: bool = True, erases: bool = False) -> T:
        """Run `work` in a transaction and return its result when that is synced to disk.

        What it raises undoes this job only. Work that doesn't grow the file (`grows=False`) may
        use the reserve of a full disk. After work that `erases` the log is written back and emptied
        as well, so that what was erased is in no file any more; best effort, it is in the log's
        warnings where a reader or the disk was in the way.

        Raises:
            StoreFull: the disk is full; nothing of this job was stored.
            StoreUnavailable: the disk failed; whether this job was stored is unknown.
        """
        self._admit(grows=grows)
        job = Job(work, self._loop.create_future(), grows=grows, erases=erases)
        self._jobs.put(job)
        return await job.future  # type: ignore[no-any-return]  # a job's value is its work's

    async def write_many(self, bulk: Bulk[Item, T], item: Item) -> T:
        """Have `bulk` do its work for `item`, and return the result when that is synced to disk.

        All who wait with the same `bulk` are served by one call of it. Where that raises, each is
        served by a call of its own, and what that raises undoes and concerns this item only.

        Raises:
            StoreFull, StoreUnavailable: as of `write`.
        """
        self._admit(grows=True)

        def alone(db: sqlite3.Connection) -> T:
            return bulk(db, [item])[0]

        job = Job(alone, self._loop.create_future(), grows=True, bulk=bulk, item=item)
        self._jobs.put(job)
        return await job.future  # type: ignore[no-any-return]  # a job's value is its work's

    def _admit(self, *, grows: bool) -> None:
        if not self._open:
            raise StoreUnavailable(f"{self.path} is closed")
        if grows and (reason := self.growth_refused()) is not None:
            raise StoreFull(f"{reason}; nothing was stored")

    def follow(self, follower: Follower) -> None:
        """Tell `follower`, in the writer's thread, what becomes of each transaction."""
        self._followers.append(follower)

    def take_on(self, chore: Chore) -> None:
        """Have `chore` done whenever there is time, and before the file is closed."""
        self._spare.take_on(chore)
        self.follow(chore)
        self._jobs.put(Job(None, self._loop.create_future()))  # to look at it, where nobody comes

    async def answered(self) -> None:
        """Return once the writer's thread has come to this in its queue; the disk isn't touched.

        Raises:
            StoreUnavailable: it is closed.
        """
        if not self._open:
            raise StoreUnavailable(f"{self.path} is closed")
        job = Job(None, self._loop.create_future())
        self._jobs.put(job)
        await job.future

    async def read(self, work: Work[T]) -> T:
        """Run `work` on a connection that only reads, beside the writer."""
        if not self._open:
            raise StoreUnavailable(f"{self.path} is closed")
        return await self._loop.run_in_executor(self._readers, self._read, work)

    def growth_refused(self) -> str | None:
        """Return why new rows are refused now (a full disk), or None."""
        return self._space.growth_refused(self._size) if self._space is not None else None

    # -- what it says of itself -------------------------------------------------------------

    @property
    def queued(self) -> int:
        """How many jobs wait for the next commit."""
        return self._jobs.qsize()

    def busy(self) -> float:
        """Return for how many seconds the writer has been at one group; 0 while it is idle."""
        began = self._began
        return 0.0 if began is None else max(0.0, self._timer() - began)

    def room(self) -> Room:
        """Return what the files take and what the disk has left; asks the disk."""
        return room_of(self.path, self._space)

    # -- opening ----------------------------------------------------------------------------

    def _first_open(self) -> None:
        try:
            self._db = self._connect(self.path)
            migrate(self._db, self._migrations, self.path)
            self._size = size_of(self._db)
            self._reader = open_reader(self.path)
            if self._space is not None:
                self._space.secure()
        except sqlite3.Error as failure:
            raise explain(failure, self.path) from failure
        except OSError as failure:
            raise StoreUnavailable(f"{self.path} can't be opened: {failure.strerror}") from failure

    def _reopen(self) -> None:
        """Let go of a connection whose last commit failed: its cache may not be what is on disk."""
        if self._db is not None:
            self._db.close()
            self._db = None
        self._allowed = (None, None)
        if not self.path.exists():  # never an empty one in place of one that is gone
            raise StoreUnavailable(f"{self.path} is gone; nothing was stored")
        db = self._connect(self.path)
        try:
            recheck(db, self.path)
        except BaseException:
            db.close()
            raise
        self._db = db
        empty_log(db)  # one that has grown to the limit makes room only so

    def _bound(self, db: sqlite3.Connection) -> None:
        """Apply what the disk allows where that has changed: limits can be set at any time."""
        allowed = (file_size_limit(), self._space.size if self._space is not None else None)
        if allowed != self._allowed:
            bound(db, limit=allowed[0], reserve=allowed[1])
            self._allowed = allowed

    def _close(self) -> None:
        self._readers.shutdown()
        if self._reader is not None:
            self._reader.close()
        if self._db is not None:
            self._db.close()

    def _read(self, work: Work[T]) -> T:
        assert self._reader is not None  # noqa: S101  # opened in _first_open
        try:
            return work(self._reader)
        except sqlite3.Error as failure:
            raise self._noted(explain(failure, self.path)) from failure
        except StoreCorrupt as failure:
            raise self._noted(failure)  # noqa: B904  # the same

    def _noted(self, failure: Failure) -> Failure:
        """Return the failure; where it says that the file is damaged, that is passed on."""
        if isinstance(failure, StoreCorrupt):
            self._damaged(str(failure))
        return failure

    # -- the writer thread ------------------------------------------------------------------

    def _write_groups(self) -> None:
        while (group := self._next_group()) is not None:
            self._began = self._timer()
            if work := [job for job in group if job.work is not None]:
                self._commit(work)
            if self._db is not None and any(job.erases and job.error is None for job in group):
                empty_log(self._db)
            self._began = None
            self._hand_back(group)
            self._use_spare_time(idle=not group)
        while chore := self._spare.chore(self._db):
            self._do(chore)

    def _next_group(self) -> list[Job] | None:
        """Wait for a job, then take all that came meanwhile: that is the whole art of grouping.

        With a chore at hand nobody is waited for long: then the group is empty.
        """
        try:
            first = self._jobs.get(timeout=self._spare.wait(self._db))
        except queue.Empty:
            return []
        if first is None:
            return None
        group = [first]
        while len(group) < GROUP_LIMIT:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            group.append(job)
        return group

    # -- what is done between groups ----------------------------------------------------------

    def _use_spare_time(self, *, idle: bool) -> None:
        chore = self._spare.chore(self._db)
        if chore is not None and (idle or chore.urgent()):
            self._do(chore)
        else:
            self._spare.answer()

    def _do(self, chore: Chore) -> None:
        job = Job(chore.do, self._loop.create_future())
        self._began = self._timer()
        self._commit([job])
        self._began = None
        self._spare.tried(failed=job.error is not None)

    def _commit(self, group: list[Job]) -> None:
        failure = self._try_commit(group)
        if isinstance(failure, StoreFull) and self._space is not None:
            self._space.give_up(str(failure).partition(";")[0])
            essential = [job for job in group if not job.grows]
            if essential and self._try_commit(essential) is None:
                return

    def _try_commit(self, group: list[Job]) -> StoreError | None:
        """Run the group in one transaction; give every job its error where the disk failed."""
        began = self._timer()
        try:
            self._run(group)
        except sqlite3.Error as failure:
            return self._failed(group, explain(failure, self.path))
        except StoreError as failure:
            return self._failed(group, failure)
        except Exception as failure:  # noqa: BLE001  # whatever it is, no caller may wait for ever
            return self._failed(group, StoreUnavailable(f"{self.path}: {failure!r}"))
        self.durations.observe(self._timer() - began)
        self.commits += 1
        self.jobs_committed += len(group)
        self.trouble = None
        self._spare.committed()
        return None

    def _run(self, group: list[Job]) -> None:
        if self._db is None:
            self._reopen()
        db = self._db
        assert db is not None  # noqa: S101  # _reopen sets it or raises
        self._bound(db)
        run_group(db, group, self._followers, self._told)
        self._committed(db)
        self._size = size_of(db)

    def _told(self, failure: Exception) -> Exception:
        """Return what a job is told that failed alone: what can't be read may be damage."""
        return self._noted(undecodable(failure, self.path) or failure)

    def _failed(self, group: list[Job], error: StoreError) -> StoreError:
        log.error("commit failed", action="store_commit_failed", jobs=len(group), error=str(error))
        self.trouble = str(self._noted(error))
        self.failures += 1
        undone(self._followers)
        for job in group:
            job.error = error
        try:
            self._reopen()
        except (sqlite3.Error, OSError, StoreError) as again:
            self._noted(again)
            log.warning("reopening failed", action="store_reopen_failed", error=str(again))
        return error

    def _hand_back(self, group: list[Job]) -> None:
        try:
            self._loop.call_soon_threadsafe(answer_all, group)
        except RuntimeError:  # the loop has been closed: nobody is left to hear it
            log.warning("answers undelivered", action="store_answers_undelivered", jobs=len(group))
