"""Which file is read next: the log itself, and what it became when it was rotated.

In: the folder as it is, and places that are known. Out: a file, and the place in it from which on
nothing was read. What a file is, its content says: one that holds a known place is read on from
there, wherever it was moved and however it was compressed.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from bridge.errors import SourceUnreadable
from bridge.intake.files.archives import DAMAGE, is_compressed, opened
from bridge.intake.files.chain import Place, beginning
from bridge.intake.files.reader import LiveFile, Reader, Rewritten
from bridge.record import record

#: Files that were last written so long before the last commit hold nothing new (seconds).
SLACK: Final = 600.0

_YEAR = "[12][0-9][0-9][0-9]"


@record
class Log:
    """What a source follows: a path, or a glob of which the newest file is the log.

    `rotated` are globs of the names that old logs get, in the same folder.
    """

    path: Path
    rotated: tuple[str, ...] = ()

    @property
    def is_glob(self) -> bool:
        """Whether the name stands for a sequence of files."""
        return any(sign in self.path.name for sign in "*?[")

    @property
    def patterns(self) -> tuple[str, ...]:
        """The names that old logs of this one have."""
        if self.rotated:
            return self.rotated
        name, stem, suffix = self.path.name, self.path.stem, self.path.suffix
        if self.is_glob:
            return (name, f"{name}.*")
        return (
            f"{name}.[0-9]*",  # logrotate
            f"{name}.old",
            f"{name}.gz",
            f"{name}-{_YEAR}*",  # logrotate's dateext
            f"{stem}[-.]{_YEAR}*{suffix}*",
            f"{_YEAR}-[0-9][0-9]-[0-9][0-9]*{suffix}*",  # Minecraft
        )

    def live(self) -> Path | None:
        """Return the log itself; None while there is none."""
        if not self.is_glob:
            return self.path if self.path.is_file() else None
        found = [old for old in self._seen() if not _looks_compressed(old.path)]
        return max(found, key=lambda old: (old.mtime, old.path.name)).path if found else None

    def old(self) -> list["Old"]:
        """Return the files that old logs have become, oldest first."""
        live = None if self.is_glob else self.path.name
        return sorted(
            (old for old in self._seen() if old.path.name != live),
            key=lambda old: (old.mtime, old.path.name),
        )

    def _seen(self) -> Iterator["Old"]:
        with suppress(OSError), os.scandir(self.path.parent) as entries:
            for entry in entries:
                if any(fnmatchcase(entry.name, pattern) for pattern in self.patterns):
                    with suppress(OSError):
                        seen = entry.stat()
                        if entry.is_file():
                            yield Old(Path(entry.path), seen.st_ino, seen.st_size, seen.st_mtime)


@record
class Old:
    """An old log, as it was when the folder was listed."""

    path: Path
    inode: int
    size: int
    mtime: float


def _looks_compressed(path: Path) -> bool:
    with suppress(OSError), path.open("rb") as file:
        return is_compressed(file.read(6))
    return False


class Current:
    """The file that is being read; enter it to keep it open."""

    def __init__(self, path: Path, live: LiveFile | None, reader: Reader, files: ExitStack) -> None:
        self.path = path
        #: None for an old log, which grows no more.
        self.live = live
        self.reader = reader
        self._files = files

    def replaced(self, log: Log) -> bool:
        """Return whether the log is another file by now, which has been written to."""
        path = log.live()
        if self.live is None or path is None:
            return self.live is None
        try:
            seen = path.stat()
        except OSError:
            return False
        return (seen.st_dev, seen.st_ino) != self.live.identity and seen.st_size > 0

    @property
    def behind(self) -> int:
        """How many bytes there are that were not read."""
        if self.live is None:
            return 0
        return max(0, self.live.size - self.reader.place.offset - self.reader.unfinished)

    def close(self) -> None:
        """Let the file go."""
        self._files.close()


@dataclass(slots=True)
class Search:
    """Finds the next file; remembers which old ones were looked through already."""

    source: str
    log: Log
    _done: set[Old] = field(default_factory=set)

    def next(self, known: Collection[Place], seen: float) -> Current | None:
        """Return the oldest file with unread lines, else the log itself at its end.

        `seen` is when something was last known to be read: older files hold nothing new.

        Raises:
            SourceUnreadable: the log is there and can't be read.
        """
        files = ExitStack()
        live = self._open_live(files)  # first: a rotation while we look loses nothing then
        for old in self.log.old():
            if old in self._done or old.mtime < seen - SLACK:
                continue
            if live is not None and old.inode == live[1].identity[1]:
                continue
            found = self._old_with_news(old, known)
            if found is not None:
                files.close()
                return found
        if live is None:
            return None
        path, file = live
        return Current(path, file, self._resumed(file, known), files)

    def ends(self, since: float) -> list[Place]:
        """Return the ends of the old logs that were last written after `since`."""
        found = []
        for old in self.log.old():
            if old.mtime >= since:
                with suppress(SourceUnreadable, *DAMAGE), opened(old.path) as stream:
                    found.append(walk(Reader(stream.read, beginning(self.source)), ()).end)
        return found

    def _open_live(self, files: ExitStack) -> tuple[Path, LiveFile] | None:
        path = self.log.live()
        if path is None:
            return None
        try:
            file = LiveFile(path)
        except FileNotFoundError:
            return None
        except OSError as failure:
            raise SourceUnreadable(f"{path} can't be read: {failure.strerror}") from failure
        files.callback(file.close)
        return path, file

    def _resumed(self, file: LiveFile, known: Collection[Place]) -> Reader:
        """Return a reader of the log behind the last known place in it."""
        place = beginning(self.source)
        if not known:  # a log may be large: it is not read in vain
            return Reader(file.read, place)
        with suppress(Rewritten):
            place = walk(Reader(file.read, place), known).known or place
        file.seek(place.offset)
        return Reader(file.read, place)

    def _old_with_news(self, old: Old, known: Collection[Place]) -> Current | None:
        """Open an old log behind what is known of it; None where there is nothing more."""
        files = ExitStack()
        try:
            stream = files.enter_context(opened(old.path))
            found = walk(Reader(stream.read, beginning(self.source)), known)
        except (SourceUnreadable, *DAMAGE):  # being compressed or moved at this moment, perhaps
            files.close()
            return None
        if not found.new:
            files.close()
            self._done.add(old)
            return None
        place = found.known or beginning(self.source)
        stream.seek(place.offset)
        return Current(old.path, None, Reader(stream.read, place), files)


@record
class Walk:
    """What a file turned out to hold: the last known place in it, and its end."""

    known: Place | None
    end: Place

    @property
    def new(self) -> bool:
        """Whether there are lines behind what is known of it."""
        return self.end.offset > (self.known.offset if self.known is not None else 0)


def walk(reader: Reader, known: Collection[Place]) -> Walk:
    """Read a log to its end and find the last of the known places in it."""
    wanted: dict[int, set[bytes]] = {}
    for place in known:
        wanted.setdefault(place.offset, set()).add(place.chain)
    found = None
    while (lines := reader.more()) is not None:
        for line in lines:
            if line.place.offset in wanted and line.place.chain in wanted[line.place.offset]:
                found = line.place
    return Walk(found, reader.place)
