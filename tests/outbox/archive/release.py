"""An outbox as a release left it: rows of every kind, as SQL, frozen for the tests of upgrades.

In: nothing. Out: `tests/outbox/releases/VERSION.sql`. Made once a release, and never again:
`python -m tests.outbox.archive.release`. Until 0.1.0 is released, its schema may still change, and
its dump is then made anew.
"""

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.outbox.archive.full import made

RELEASES: Final = Path(__file__).parents[1] / "releases"


def dumped(path: Path) -> str:
    """Return a database as SQL."""
    with closing(sqlite3.connect(path)) as db:
        number: int = db.execute("PRAGMA user_version").fetchone()[0]
        lines = [line for line in db.iterdump() if "COMMIT" not in line]
    return "\n".join([*lines, f"PRAGMA user_version = {number};", "COMMIT;", ""])


def loaded(sql: Path, path: Path) -> Path:
    """Make the outbox of a dump at `path`."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(sql.read_text(encoding="utf-8"))
    return path


def write() -> Path:
    """Freeze what this version makes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.db"
        asyncio.run(made(path))
        target = RELEASES / f"{version('campaign-bridge')}.sql"
        target.write_text(dumped(path), encoding="utf-8")
    return target


if __name__ == "__main__":
    print(write())
