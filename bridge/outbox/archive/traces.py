"""What an earlier ledger has left beside a new one: backups, and files that were kept aside.

In: the path of an outbox. Out: a sentence that names one of them, "" where there is none. Changes
nothing; a file that can't be read counts as a trace, since nobody can say whose it is.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import chain
from pathlib import Path
from typing import Final
from uuid import UUID

from bridge.outbox.archive.backup import backups_in
from bridge.outbox.witness import hear, witness_path
from bridge.sqlite.connection import open_reader
from bridge.sqlite.files import LOG

#: The folder beside an outbox into which the packaged timer puts its backups.
BACKUPS: Final = "backups"
_ASIDE: Final = ("corrupt", "replaced", "before")


def trace_of(path: Path) -> str:
    """Say what an earlier ledger has left beside the outbox at `path`, "" where that is nothing."""
    with suppress(OSError):
        found = next(chain(_backups(path), _aside(path)), None)
        if found is not None:
            return f"a new, empty ledger began, and an earlier one has left {found}"
    return ""


def _aside(path: Path) -> Iterator[Path]:
    for word in _ASIDE:
        for found in sorted(path.parent.glob(f"{path.name}.{word}[.-]*")):
            if not found.name.endswith((LOG, "-shm", ".part")):
                yield found


def _backups(path: Path) -> Iterator[Path]:
    """Yield the backups of this outbox, newest first; those of others in the folder are theirs."""
    folder = path.parent / BACKUPS
    found = backups_in(folder) if folder.is_dir() else []
    others = _others(path) if found else set()
    for backup in reversed(found):
        if _identity(backup) not in others:
            yield backup


def _others(path: Path) -> set[UUID | None]:
    own = witness_path(path)
    heard = [hear(other) for other in path.parent.glob(f"*{own.suffix}") if other != own]
    return {each.testimony.ledger for each in heard if each.testimony is not None}


def _identity(backup: Path) -> UUID | None:
    with (
        suppress(sqlite3.Error, OSError, ValueError, TypeError),
        closing(open_reader(backup)) as db,
    ):
        return UUID(bytes=db.execute("SELECT identity FROM ledger").fetchone()[0])
    return None
