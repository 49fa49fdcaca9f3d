"""A large outbox looked over while it is in use: bit by bit, on a connection of its own.

In: the path of an open outbox, and what its writer and readers stumble over. Out: how far the look
has come; where something is damaged, word of it for the next start, and an error that ends whoever
runs this. It reads only: to salvage is the next start's work.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NoReturn

import structlog

from bridge.errors import StoreCorrupt, StoreError
from bridge.events import Clock
from bridge.outbox.archive.damage import Seen, slices, words_of
from bridge.outbox.archive.suspicion import suspect
from bridge.record import record
from bridge.sqlite.connection import open_reader
from bridge.sqlite.copying import unreadable

log = structlog.get_logger("outbox")

#: Rest after each bit, as a multiple of the time that it took: a twentieth of one processor.
REST: Final = 19.0
#: Seconds until it begins, and until it is begun anew where the file could not be read.
FIRST: Final = 5.0
AGAIN: Final = 60.0

_HINT: Final = (
    "Start it again (systemd does): what can be read is salvaged, and the damaged file kept. "
    "`campaign-bridge outbox restore BACKUP` is the other way."
)


@record
class Checked:
    """How far the look has come: `progress` from 0 to 1, and when it had seen everything."""

    progress: float
    at: datetime | None

    def words(self) -> str:
        """Say it."""
        if self.at is None:
            return f"checked {self.progress:.0%}"
        return f"checked whole at {self.at.isoformat(timespec='seconds')}"


class Check:
    """The look at one open outbox; `whole` says that the start has already seen everything."""

    def __init__(self, path: Path, clock: Clock, *, whole: bool) -> None:
        self._path = path
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._found: asyncio.Future[str] = self._loop.create_future()
        self._stumbled = False
        self.checked = Checked(1.0, clock.now()) if whole else Checked(0.0, None)

    def suspect(self, why: str) -> None:
        """Leave word that something is damaged; in any thread, the first time only."""
        if self._stumbled:
            return
        self._stumbled = True
        log.error(
            "the outbox is damaged", action="outbox_found_damaged", path=str(self._path), damage=why
        )
        suspect(self._path, why)
        try:
            self._loop.call_soon_threadsafe(self._tell, why)
        except RuntimeError:
            log.warning("nobody is left to hear it", action="outbox_damage_unheard")

    def _tell(self, why: str) -> None:
        if not self._found.done():
            self._found.set_result(why)

    async def run(
        self, *, first: float = FIRST, rest: float = REST, again: float = AGAIN
    ) -> NoReturn:
        """Look at everything that the start left out; then wait for what others stumble over.

        Raises:
            StoreCorrupt: something is damaged; the next start will salvage.
        """
        looking = asyncio.create_task(self._look(first, rest, again), name="outbox-check")
        try:
            parts: set[asyncio.Future[Any]] = {looking, self._found}
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            if not self._found.done():
                looking.result()
            why = await self._found
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        raise StoreCorrupt(f"{self._path} is damaged: {why}", hint=_HINT)

    async def _look(self, first: float, rest: float, again: float) -> None:
        pause = first
        while self.checked.at is None:
            await asyncio.sleep(pause)
            pause = again
            try:
                await self._look_once(rest)
            except StoreError as refused:
                log.warning("not checked", action="outbox_check_failed", error=str(refused))

    async def _look_once(self, rest: float) -> None:
        """Look from the beginning to the end, or to the first damage."""
        with closing(await asyncio.to_thread(self._opened)) as db:
            bits = slices(db)
            began = self._clock.monotonic()
            while (seen := await self._bit(db, bits)) is not None:
                share, found = seen
                if found is not None:
                    self.suspect(found)
                    return
                self.checked = Checked(share, None)
                await asyncio.sleep((self._clock.monotonic() - began) * rest)
                began = self._clock.monotonic()
        self.checked = Checked(1.0, self._clock.now())
        log.info("nothing is damaged", action="outbox_checked", path=str(self._path))

    async def _bit(self, db: sqlite3.Connection, bits: Iterator[Seen]) -> Seen | None:
        """See one bit more, beside the loop; whoever cancels this waits for it, cut short."""
        running = asyncio.ensure_future(asyncio.to_thread(self._next, bits))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            db.interrupt()
            await asyncio.gather(running, return_exceptions=True)
            raise

    def _opened(self) -> sqlite3.Connection:
        try:
            return open_reader(self._path)
        except sqlite3.Error as failure:
            raise unreadable(failure, self._path) from failure

    def _next(self, bits: Iterator[Seen]) -> Seen | None:
        try:
            return next(bits, None)
        except (sqlite3.Error, UnicodeDecodeError) as failure:
            return 0.0, words_of(failure, self._path)
