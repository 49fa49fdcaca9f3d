"""A road that keeps what it is told, over a crash too, and a log that is written and rotated.

In: a folder. Out: `Recorder` and `Writer`. Knows nothing of how files are followed.
"""

import asyncio
import bz2
import gzip
import lzma
import os
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bridge.events import Clock, RawMessage
from bridge.intake.contract import Outcome
from bridge.intake.files.follow import Follower
from bridge.intake.files.sequence import Log
from bridge.testing import START
from tests.support.clock import FakeClock

SOURCE = "arena"


@dataclass
class Recorder:
    """What outlives a reader: the place, and the lines that came with it."""

    place: str | None = None
    taken: list[RawMessage] = field(default_factory=list)
    #: Raised by the next calls, instead of keeping anything.
    failures: list[Exception] = field(default_factory=list)
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def lines(self) -> list[str]:
        return [message.body.decode(errors="replace") for message in self.taken]

    async def take(
        self, messages: Sequence[RawMessage], place: str | None = None
    ) -> Sequence[Sequence[Outcome]]:
        if self.failures:
            raise self.failures.pop(0)
        async with self._heard:
            self.taken += messages
            self.place = place if place is not None else self.place
            self._heard.notify_all()
        return [[] for _ in messages]

    async def until(self, count: int) -> list[str]:
        """Wait for so many lines; return all there are."""
        async with asyncio.timeout(20), self._heard:
            await self._heard.wait_for(lambda: len(self.taken) >= count)
        return self.lines

    async def until_begun(self) -> None:
        """Wait until the first place is kept."""
        async with asyncio.timeout(20), self._heard:
            await self._heard.wait_for(lambda: self.place is not None)


@asynccontextmanager
async def following(
    road: Recorder,
    path: Path,
    clock: Clock | None = None,
    *,
    start: Literal["end", "beginning"] = "end",
    rotated: tuple[str, ...] = (),
) -> AsyncIterator[Follower]:
    """Follow `path` until left; what was read and not kept is forgotten, as by a crash."""
    follower = Follower(
        SOURCE, Log(path, rotated), road, clock or FakeClock(START), start=start, poll=0.05
    )
    task = asyncio.create_task(follower.run())
    try:
        await road.until_begun()
        yield follower
    finally:
        task.cancel()
        done, _ = await asyncio.wait([task])
        for ended in done:
            assert ended.cancelled(), ended.exception()


class Writer:
    """An engine that numbers its lines, and whoever rotates its log."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: list[str] = []
        self._number = 0
        self._rotations = 0

    def write(self, count: int = 1, *, end: str = "\n") -> None:
        """Write lines that nobody has written before."""
        with self.path.open("a", newline="") as file:
            for _ in range(count):
                self._number += 1
                line = self.line(self._number)
                self.written.append(line)
                file.write(line + end)

    def line(self, number: int) -> str:
        """Return a line that is written once."""
        return f"line {number}"

    def _old(self, suffix: str = "") -> Path:
        self._rotations += 1
        return self.path.with_name(f"{self.path.name}.{self._rotations}{suffix}")

    def rename(self) -> Path:
        """Move the log away; the next line makes a new one."""
        return self.path.rename(self._old())

    def rename_and_create(self) -> None:
        """Move the log away and make an empty one, as logrotate does."""
        self.rename()
        self.path.touch()

    def copy_and_truncate(self) -> None:
        """Copy the log and empty it."""
        shutil.copy2(self.path, self._old())
        os.truncate(self.path, 0)

    def compress(self, kind: Callable[[bytes], bytes] = gzip.compress, suffix: str = ".gz") -> Path:
        """Compress the log under another name and delete it."""
        old = self._old(suffix)
        seen = self.path.stat()
        part = old.with_suffix(".part")
        part.write_bytes(kind(self.path.read_bytes()))
        os.utime(part, ns=(seen.st_atime_ns, seen.st_mtime_ns))
        part.rename(old)
        self.path.unlink()
        return old

    def shift(self) -> None:
        """Move every old log one number up and the log to number 1."""
        for number in range(self._rotations, 0, -1):
            old = self.path.with_name(f"{self.path.name}.{number}")
            if old.exists():
                old.rename(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self._rotations += 1
        self.path.rename(self.path.with_name(f"{self.path.name}.1"))


ROTATIONS: Mapping[str, Callable[[Writer], object]] = {
    "rename": Writer.rename,
    "rename and create": Writer.rename_and_create,
    "copy and truncate": Writer.copy_and_truncate,
    "gzip": Writer.compress,
    "bzip2": lambda writer: writer.compress(bz2.compress, ".bz2"),
    "xz": lambda writer: writer.compress(lzma.compress, ".xz"),
    "shift": Writer.shift,
}
