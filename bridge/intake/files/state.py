"""State files that are followed: a world's advancements, one file a player, rewritten whole.

In: a glob. Out: each file that has changed, whole, with its mark. What was there when the source
was first configured is a baseline; what appears later is read in full. Knows nothing of what a file
says.
"""

import asyncio
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, Protocol

import structlog

from bridge.errors import MessageRejected, SourceUnreadable, StoreUnavailable, TranslationError
from bridge.events import Clock, RawMessage
from bridge.intake.contract import Outcome
from bridge.intake.files.watch import Watch
from bridge.record import record

#: Larger files are no state files.
FILE_LIMIT: Final = 8 * 1024 * 1024
#: Under this name stands that the baseline was taken; no file is called so.
BASELINE: Final = "/baseline"
#: The mark of a file that was there then and could not be understood: it pays nothing, either.
OWED: Final = "baseline"
#: A file that can't be understood is tried so often before it is left until it changes.
TRIES: Final = 5

log = structlog.get_logger("files")


class FileRoad(Protocol):
    """The road of the source that is read."""

    async def take_file(
        self, message: RawMessage, place: str, *, baseline: bool = False
    ) -> Sequence[Outcome]:
        """Take the whole of a state file.

        Raises:
            MessageRejected, TranslationError: it can't be read now; nothing was kept.
            StoreUnavailable: nothing was kept.
        """
        ...

    async def marks(self) -> Mapping[str, str]:
        """Return what was kept with each file, by its name."""
        ...

    async def mark(self, name: str, place: str) -> None:
        """Keep a mark that belongs to no message."""
        ...


@dataclass(slots=True)
class Watching:
    """How the state files of a source stand."""

    path: str
    files: int = 0
    #: Files that can't be understood, with the reason.
    unreadable: dict[str, str] = field(default_factory=dict)
    trouble: str | None = None


@record
class _Look:
    """A file as the folder shows it."""

    name: str
    size: int
    changed: int

    @property
    def mark(self) -> str:
        return json.dumps([self.size, self.changed])


class StateFiles:
    """Follows the state files of one source for as long as `run` does."""

    def __init__(
        self,
        source: str,
        pattern: Path,
        road: FileRoad,
        clock: Clock,
        *,
        start: Literal["end", "beginning"] = "end",
        poll: float = 2.0,
    ) -> None:
        self._source = source
        self._folder = pattern.parent
        self._pattern = pattern.name
        self._road = road
        self._clock = clock
        self._start = start
        self._watch = Watch(self._folder, poll)
        self._marks: dict[str, str] = {}
        self._digests: dict[str, bytes] = {}
        self._tries: dict[str, tuple[str, int]] = {}
        self.status = Watching(str(pattern))

    async def run(self) -> None:
        """Read for ever; what the disk refuses is tried again."""
        async with self._watch:
            while True:
                try:
                    await self._round()
                except (SourceUnreadable, StoreUnavailable) as failure:
                    self._complain(str(failure))
                await self._watch.wait()

    def _complain(self, trouble: str) -> None:
        if self.status.trouble != trouble:
            log.warning(trouble, action="source_stuck", source=self._source)
        self.status.trouble = trouble

    async def _round(self) -> None:
        if not self._marks:
            self._marks = dict(await self._road.marks())
        baseline = self._start == "end" and BASELINE not in self._marks
        there = await asyncio.to_thread(self._looks)
        for look in there:
            mark = self._marks.get(look.name)
            if mark != look.mark and not self._given_up(look):
                await self._read(look, baseline=baseline or mark == OWED)
            if baseline and look.name not in self._marks:
                await self._mark(look.name, OWED)
        if BASELINE not in self._marks:
            await self._mark(BASELINE, self._start)
        self.status.files = len(there)
        self.status.trouble = self._watch.trouble

    async def _mark(self, name: str, mark: str) -> None:
        await self._road.mark(name, mark)
        self._marks[name] = mark

    def _looks(self) -> list[_Look]:
        try:
            return sorted(self._listed(), key=lambda look: look.name)
        except FileNotFoundError:
            return []
        except OSError as failure:
            raise SourceUnreadable(f"{self._folder} can't be read: {failure.strerror}") from failure

    def _listed(self) -> Iterator[_Look]:
        with os.scandir(self._folder) as entries:
            for entry in entries:
                if fnmatchcase(entry.name, self._pattern) and entry.is_file():
                    seen = entry.stat()
                    yield _Look(entry.name, seen.st_size, seen.st_mtime_ns)

    async def _read(self, look: _Look, *, baseline: bool) -> None:
        try:
            body = await asyncio.to_thread(self._body, look)
        except FileNotFoundError:
            return
        except OSError as failure:
            self.status.unreadable[look.name] = failure.strerror or str(failure)
            return
        digest = sha256(body).digest()
        if self._digests.get(look.name) != digest:
            message = state_message(self._source, look.name, body, self._clock.now())
            if not await self._taken(look, message, baseline=baseline):
                return
        self._digests[look.name] = digest
        self._marks[look.name] = look.mark
        self.status.unreadable.pop(look.name, None)

    async def _taken(self, look: _Look, message: RawMessage, *, baseline: bool) -> bool:
        try:
            await self._road.take_file(message, look.mark, baseline=baseline)
        except (MessageRejected, TranslationError) as refused:  # half written, mostly
            mark, tries = self._tries.get(look.name, (look.mark, 0))
            self._tries[look.name] = (look.mark, tries + 1 if mark == look.mark else 1)
            self.status.unreadable[look.name] = str(refused)
            return False
        self._tries.pop(look.name, None)
        return True

    def _given_up(self, look: _Look) -> bool:
        return self._tries.get(look.name, ("", 0)) == (look.mark, TRIES)

    def _body(self, look: _Look) -> bytes:
        if look.size > FILE_LIMIT:
            raise OSError(0, f"it is larger than {FILE_LIMIT // 1024 // 1024} MiB")
        return (self._folder / look.name).read_bytes()


def state_message(source: str, name: str, body: bytes, at: datetime) -> RawMessage:
    """Return a state file as a message; its position names this content of it for ever."""
    named = b"\0".join([source.encode(), name.encode(errors="surrogateescape"), body])
    return RawMessage(source, body, at, position=sha256(named).hexdigest(), file=name)
