"""The outbox in a file: the ledger's calls on the writer thread, looking beside it.

In: the contract's calls. Out: their answers, synced. Knows nothing of what a call does
(`ledger/`) or of statements (`sqlite/`).
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import structlog

from bridge.errors import BridgeError, OutboxError, StoreCorrupt, StoreError
from bridge.events import Clock, Counted, Taken
from bridge.outbox import life
from bridge.outbox.archive.checking import Check
from bridge.outbox.archive.damage import SMALL, damage_of
from bridge.outbox.archive.healing import Healed, heal, keep_before, refuse_strangers
from bridge.outbox.archive.pruning import Policy, Pruned, prune
from bridge.outbox.archive.reports import Salvaged
from bridge.outbox.archive.suspicion import suspect
from bridge.outbox.archive.traces import trace_of
from bridge.outbox.calls import Calls, campaigns_of
from bridge.outbox.clock import LedgerClock
from bridge.outbox.contract import Outbox
from bridge.outbox.filing import Filing
from bridge.outbox.ledger import counting
from bridge.outbox.ledger.book import Book
from bridge.outbox.machine import machine_id
from bridge.outbox.sqlite.rows import Rows, Shared
from bridge.outbox.sqlite.statements import queries
from bridge.outbox.values import KeyOf, Put, Turn
from bridge.outbox.witness import Testimony, Witness, doubt, witness_path
from bridge.record import record
from bridge.sqlite.connection import is_disk_failure
from bridge.sqlite.database import Database
from bridge.sqlite.lock import locked
from bridge.sqlite.scripts import Migration, load_migrations

T = TypeVar("T")

log = structlog.get_logger("outbox")

#: No wait that was ever asked for is longer (seconds): what lies further ahead is a clock's error.
_LONGEST_WAIT = 2 * 24 * 3600
_LONGEST_LEASE = 15 * 60


class SqliteOutbox(Calls):
    """An outbox in one SQLite file; open it with `open_outbox`."""

    def __init__(self, database: Database, clock: Clock, check: Check) -> None:
        super().__init__(LedgerClock(clock))
        self.database = database
        #: Looks over what the start left out, and hears of what is stumbled over.
        self.check = check
        self._shared = Shared()
        self._bulk = self._put_many  # one and the same: by it the writer knows who goes together
        database.follow(self._shared)
        self.filing = Filing(self._shared, self._clock)
        #: What was salvaged when it was opened, where the file was damaged.
        self.salvaged: Salvaged | None = None

    async def start(self) -> None:
        """Set the clock by what the file has seen, and mend times a wrong clock left behind.

        What had arrived when it was left is filed from now on, when there is time.
        """
        latest = await self.database.read(
            lambda db: db.execute(queries()["latest_mark"]).fetchone()[0]
        )
        self._clock.not_before(latest or 0)
        now = self._clock.now()
        await self.database.write(lambda db: _mend_times(db, now), grows=False)
        self.filing.begin(self.database)

    async def seal(self) -> None:
        """Write down what is known of the newest entries: it is read faster than made again.

        A file that can't be written now is as good without.
        """
        with suppress(StoreError):
            await self.change(lambda book: book.rows.entries.seal())

    def clock_ahead(self) -> float:
        """Return how far the ledger's clock is ahead of the wall clock, in seconds."""
        return self._clock.ahead()

    async def change(
        self,
        call: Callable[[Book], T],
        *,
        grows: bool = False,
        erases: bool = False,
        at_once: bool = False,
    ) -> T:
        """Run a call in a transaction that may be shared with others, and is synced as a whole."""
        if not at_once:
            await self.filed()
        now = self._clock.now()

        def job(db: sqlite3.Connection) -> T:
            rows = Rows(db, self._shared)
            result = call(Book(rows, now))
            rows.ledger.advance()
            return result

        return await self.database.write(job, grows=grows, erases=erases)

    async def look(self, call: Callable[[Rows], T], *, at_once: bool = False) -> T:
        """Run a call that changes nothing, beside the writer."""
        if not at_once:
            await self.filed()
        return await self.database.read(lambda db: call(Rows(db, self._shared.beside())))

    async def filed(self) -> None:
        """Return once all that has arrived by now is filed, or can't be."""
        if self.filing.behind:
            asked = self.filing.ask()
            await self.database.answered()  # so that the writer looks up
            await asked

    async def prune(self, policy: Policy, *, dry_run: bool = False, rest: float = 0.0) -> Pruned:
        """Let go what is older than the policy says, in steps that hold nobody up."""
        return await prune(self, policy, self._clock.now(), dry_run=dry_run, rest=rest)

    async def put(
        self, entries: Sequence[Put], turn: Turn | None = None
    ) -> Sequence[Taken | Counted | OutboxError]:
        """Keep `entries` and deeds; see the contract. Who puts at once is served at once."""
        if turn is not None or not entries:
            return await super().put(entries, turn)
        results = await self.database.write_many(self._bulk, entries)
        self._wake(campaigns_of(entries, results))
        return results

    def _put_many(
        self, db: sqlite3.Connection, items: Sequence[Sequence[Put]]
    ) -> list[list[Taken | Counted | OutboxError]]:
        rows = Rows(db, self._shared)
        all_of_them = [entry for item in items for entry in item]
        later = len(all_of_them) >= self.filing.many
        book = Book(rows, self._clock.now())
        results = iter(self.put_all(book, all_of_them, replay=False, later=later))
        rows.ledger.advance()
        self.filing.arrived(rows.arrivals.added)
        return [list(islice(results, len(item))) for item in items]

    def put_all(
        self, book: Book, entries: Sequence[Put], *, replay: bool, later: bool = False
    ) -> list[Taken | Counted | OutboxError]:
        """Keep `entries` and deeds; one that no row can be made of spoils no other."""
        try:
            return super().put_all(book, entries, replay=replay, later=later)
        except Exception as failure:
            if is_disk_failure(failure) or not book.rows.db.in_transaction:
                raise
        book.rows.db.execute("ROLLBACK TO job")  # each once more, in a savepoint of its own
        self._shared.undone()
        return [self._put_alone(book, entry, replay=replay) for entry in entries]

    def _put_alone(self, book: Book, entry: Put, *, replay: bool) -> Taken | Counted | OutboxError:
        db = book.rows.db
        db.execute("SAVEPOINT entry")
        try:
            result = counting.put(book, entry, replay=replay)
        except (sqlite3.Error, ValueError, OverflowError, BridgeError) as failure:
            if is_disk_failure(failure):
                raise
            db.execute("ROLLBACK TO entry")
            self._shared.undone()
            result = OutboxError(f"this entry can't be kept: {failure}")
        db.execute("RELEASE entry")
        return result


class Watch:
    """Lets the witness see every commit, once it has been heard."""

    def __init__(self, witness: Witness, machine: str | None, trace: str = "") -> None:
        self._witness = witness
        self._machine = machine
        self._trace = trace
        self._identity: UUID | None = None
        self._sequence = 0

    async def begin(self, outbox: SqliteOutbox) -> None:
        """Compare the ledger with its witness; from now on let it see every commit."""
        standing = await outbox.standing()
        why = doubt(standing, self._witness.heard, self._machine, self._trace)
        self._identity = standing.identity
        known = standing.quarantine == why or standing.quarantine.startswith(life.SALVAGED)
        if why and not known:
            held = await outbox.quarantine(why)
            log.error("quarantine", action="ledger_quarantined", reason=why, held=held)
        await outbox.change(lambda _: None, at_once=True)

    def committed(self, db: sqlite3.Connection) -> None:
        """Write what has just been committed; runs in the writer's thread."""
        if self._identity is None:
            return
        sequence = db.execute(queries()["ledger_sequence"]).fetchone()[0]
        if sequence == self._sequence:
            return
        first, self._sequence = self._sequence == 0, sequence
        trouble = self._witness.trouble
        self._witness.write(Testimony(self._identity, sequence, self._machine))
        if first:
            self._witness.sync()
        if self._witness.trouble is not None and trouble is None:
            log.warning(
                "the witness can't be written",
                action="witness_failed",
                error=self._witness.trouble,
            )

    def close(self) -> None:
        """Let the witness go."""
        self._witness.close()


@record
class _Opening:
    """An outbox that is about to be opened."""

    path: Path
    clock: Clock
    reserve: int
    machine: str | None
    key_of: KeyOf | None
    small: int

    async def open(self, rooms: AsyncExitStack, trace: str) -> SqliteOutbox:
        """Open it; what is open is in `rooms`."""
        migrations = load_migrations("bridge.outbox.sqlite.migrations")
        healed = await asyncio.to_thread(self._prepare, migrations)
        check = Check(self.path, self.clock, whole=healed.whole)
        watch = Watch(Witness.open(witness_path(self.path)), self.machine, trace)
        rooms.callback(watch.close)
        database = await rooms.enter_async_context(
            Database(
                self.path,
                migrations,
                reserve=self.reserve,
                committed=watch.committed,
                timer=self.clock.monotonic,
                damaged=check.suspect,
            )
        )
        outbox = SqliteOutbox(database, self.clock, check)
        outbox.salvaged = healed.salvaged
        await outbox.start()
        await watch.begin(outbox)
        return outbox

    def _prepare(self, migrations: Sequence[Migration]) -> Healed:
        """Look the file over before it is opened for writing, which may change it."""
        if self.key_of is not None:
            healed = heal(
                self.path,
                migrations,
                now=self.clock.now(),
                key_of=self.key_of,
                small=self.small,
            )
        elif (why := damage_of(self.path, thorough=False)) is not None:
            raise StoreCorrupt(f"{self.path} is damaged: {why}")
        else:
            healed = Healed(None, whole=False)
        refuse_strangers(self.path)
        keep_before(self.path, migrations)
        return healed


@asynccontextmanager
async def open_outbox(
    path: Path,
    clock: Clock,
    reserve: int = 0,
    machine: str | None = None,
    key_of: KeyOf | None = None,
    stays: bool = False,
    small: int = SMALL,
) -> AsyncIterator[SqliteOutbox]:
    """Open the outbox at `path`, alone; `machine` stands for this machine's id in tests.

    A ledger that its witness doesn't know goes into quarantine, and so does a new one where an
    earlier one has left backups or files kept aside. With `key_of`, which makes an
    entry's key, a damaged file is kept aside and what can be read of it goes on, in quarantine;
    without it nothing is touched. A file of more than `small` bytes is looked over for a moment
    only: the rest is for `SqliteOutbox.check` to do, which salvages at the next start. One who
    `stays` waits for a command that is at it to be done.

    Raises:
        StoreLocked: another process has it open.
        StoreUnavailable, StoreCorrupt, SchemaTooNew: the file can't be used.
    """
    with locked(path, stays=stays):
        trace = await asyncio.to_thread(trace_of, path)  # before anything new is kept aside
        machine = machine_id() if machine is None else machine
        opening = _Opening(path, clock, reserve, machine, key_of, small)
        async with AsyncExitStack() as rooms:
            try:
                outbox = await opening.open(rooms, trace)
            except StoreCorrupt as found:  # what the first look didn't see
                if key_of is None:
                    raise
                await rooms.aclose()
                suspect(path, str(found))
                outbox = await opening.open(rooms, trace)
            try:
                yield outbox
            finally:
                await outbox.seal()


def _mend_times(db: sqlite3.Connection, now: int) -> None:
    db.execute(queries()["clamp_due"], {"latest": now + _LONGEST_WAIT * 1000})
    db.execute(queries()["clamp_held"], {"latest": now + _LONGEST_WAIT * 1000})
    db.execute(queries()["clamp_leases"], {"latest": now + _LONGEST_LEASE * 1000})


_: type[Outbox] = SqliteOutbox
