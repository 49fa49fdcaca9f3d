"""The disk's own figures: rows a second that SQLite alone makes durable, and bare syncs a second.

In: a folder on the disk to be measured. Out: rows a second in groups of N (S100, S1000), and
`fdatasync`s a second of a preallocated file (F). Knows nothing of the bridge.

Run by itself it prints one figure: `python -m benchmarks.references.rows rows FOLDER GROUP TOTAL`
or `… syncs FOLDER COUNT`; that is how it is measured, in a process of its own.
"""

import asyncio
import json
import os
import secrets
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from benchmarks.contract import Bench

#: An event is about this long, with its details.
EVENT = 320
#: What is written before each `fdatasync`.
PAGE = 4096
#: Rows and syncs of one measurement: full, and quick; some two seconds and half a one.
_ROWS, _QUICK_ROWS = 200_000, 40_000
_SYNCS, _QUICK_SYNCS = 10_000, 2_000
#: Seconds that one measurement may take, also on a slow disk.
_LIMIT = 300.0

_TABLE = """
CREATE TABLE events (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, state TEXT NOT NULL, body BLOB NOT NULL
) STRICT
"""
_INSERT = "INSERT INTO events (key, state, body) VALUES (?, 'due', ?) ON CONFLICT DO NOTHING"


def rows(folder: Path, group: int, total: int) -> float:
    """Return rows a second: `total` rows in commits of `group`, each commit synced.

    WAL, `synchronous=FULL`, one `executemany` a commit, a random unique key of 16 bytes and a
    body of 320 a row. Keys and bodies are made before the clock starts.
    """
    with (
        tempfile.TemporaryDirectory(prefix="rows-", dir=folder) as place,
        closing(_database(Path(place) / "rows.db")) as database,
    ):
        groups = list(_groups(group, total))
        begun = time.perf_counter()
        for one in groups:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(_INSERT, one)
            database.execute("COMMIT")
        taken = time.perf_counter() - begun
        _counted(database, total)
    return total / taken


def syncs(folder: Path, count: int) -> float:
    """Return `fdatasync`s a second, each after 4 KiB into a file whose blocks are there (F)."""
    page = secrets.token_bytes(PAGE)
    with tempfile.TemporaryFile(prefix="syncs-", dir=folder) as file:
        for _ in range(count):
            file.write(page)  # not only allocated: written, else each sync also marks an extent
        file.flush()
        os.fsync(file.fileno())
        begun = time.perf_counter()
        for number in range(count):
            os.pwrite(file.fileno(), page, number * PAGE)
            os.fdatasync(file.fileno())
        return count / (time.perf_counter() - begun)


async def measured_rows(bench: Bench, group: int) -> float:
    """Measure `rows` in a process of its own on the served processor."""
    total = _QUICK_ROWS if bench.quick else _ROWS
    return await _measured(bench, "rows", group, max(group, total // 4 if group < 100 else total))


async def measured_syncs(bench: Bench) -> float:
    """Measure `syncs` in a process of its own on the served processor."""
    return await _measured(bench, "syncs", _QUICK_SYNCS if bench.quick else _SYNCS)


async def _measured(bench: Bench, what: str, *numbers: int) -> float:
    """Run this module as a program, pinned; raises `RuntimeError` with its last words."""
    arguments = ["-m", __name__, f"--cpu={bench.serve}", what, str(bench.folder)]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        *map(str, numbers),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        stdin=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_LIMIT):
            said, complaints = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        last = complaints.decode(errors="replace").strip()[-300:]
        raise RuntimeError(f"the reference {what} ended with {process.returncode}: {last}")
    return float(json.loads(said)["per_second"])


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute(_TABLE)
    return database


def _groups(group: int, total: int) -> Iterator[list[tuple[bytes, bytes]]]:
    for start in range(0, total, group):
        size = min(group, total - start)
        yield [(secrets.token_bytes(16), secrets.token_bytes(EVENT)) for _ in range(size)]


def _counted(database: sqlite3.Connection, total: int) -> None:
    (kept,) = database.execute("SELECT count(*) FROM events").fetchone()
    if kept != total:
        raise RuntimeError(f"{total} rows were written and {kept} kept: the figure means nothing")


def main(arguments: list[str]) -> int:
    """Print the figure that the command line asks for as JSON: `{"per_second": …}`."""
    if arguments and arguments[0].startswith("--cpu="):
        os.sched_setaffinity(0, {int(arguments.pop(0).partition("=")[2])})
    match arguments:
        case ["rows", folder, group, total]:
            figure = rows(Path(folder), int(group), int(total))
        case ["syncs", folder, count]:
            figure = syncs(Path(folder), int(count))
        case _:
            sys.stderr.write("usage: rows FOLDER GROUP TOTAL | syncs FOLDER COUNT\n")
            return 2
    sys.stdout.write(json.dumps({"per_second": figure}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
