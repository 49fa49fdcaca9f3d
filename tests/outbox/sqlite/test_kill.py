"""Promise 1: whatever was acknowledged survives SIGKILL at any instant."""

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from bridge.events import Taken
from bridge.outbox.archive.examining import Level, examine
from bridge.outbox.store import open_outbox
from bridge.outbox.views import Listing
from bridge.sqlite.scripts import load_migrations
from tests.outbox.play import entry
from tests.support.clock import FakeClock

#: Puts for ever, eight callers at once, some entries a time, and prints each key once it is
#: acknowledged.
GAME = """
import asyncio, sys
from pathlib import Path
from bridge.outbox.store import open_outbox
from bridge.testing import FakeClock
from tests.outbox.play import entry

async def caller(outbox, number):
    size = int(sys.argv[3])
    while True:
        some = [entry(number + 8 * n) for n in range(size)]
        number += 8 * size
        taken = await outbox.put(some)
        sys.stdout.write("".join(str(each.key) + "\\n" for each in taken))
        sys.stdout.flush()

async def main():
    async with open_outbox(Path(sys.argv[1]), FakeClock()) as outbox:
        async with asyncio.TaskGroup() as callers:
            for number in range(8):
                callers.create_task(caller(outbox, int(sys.argv[2]) + number))

asyncio.run(main())
"""


def _killed_after(path: Path, first: int, size: int, acknowledged: int) -> set[UUID]:
    """Start a game, kill it after so many lines, and return the keys that it printed in whole."""
    game = subprocess.Popen(
        [sys.executable, "-c", GAME, str(path), str(first), str(size)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert game.stdout is not None
    lines = [game.stdout.readline() for _ in range(acknowledged)]
    game.send_signal(signal.SIGKILL)
    lines += game.stdout.readlines()
    game.stdout.close()

    assert game.wait(10) == -signal.SIGKILL
    return {UUID(line.strip()) for line in lines if line.endswith("\n")}


def examined(path: Path) -> list[str]:
    """Return what is wrong with an outbox."""
    migrations = load_migrations("bridge.outbox.sqlite.migrations")
    found = examine(path, migrations, None, full=True)
    return [each.told for each in found if each.level is Level.PROBLEM]


@pytest.mark.parametrize("size", [1, 100], ids=["filed at once", "as it arrives"])
@pytest.mark.parametrize("seed", range(2))
async def test_what_was_acknowledged_is_there_after_a_kill(
    tmp_path: Path, seed: int, size: int
) -> None:
    chance = Random(seed)
    path = tmp_path / "outbox.db"
    acknowledged: set[UUID] = set()
    for run in range(2):
        lines = chance.randint(1, 300) * size
        acknowledged |= _killed_after(path, run * 1_000_000, size, lines)

    async with open_outbox(path, FakeClock()) as outbox:
        kept = {view.key for view in await outbox.listing(Listing(limit=1_000_000))}

        assert acknowledged
        assert acknowledged <= kept


async def test_what_had_arrived_when_it_was_killed_is_known_before_it_is_filed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "outbox.db"
    acknowledged = _killed_after(path, 0, 100, 5000)
    with closing(sqlite3.connect(path)) as db:
        (waiting,) = db.execute("SELECT sum(n) FROM arrivals").fetchone()

    async with open_outbox(path, FakeClock()) as outbox:
        outbox.filing.many = 1
        again = await outbox.put([entry(number) for number in range(5000)])

    known = {each.key for each in again if isinstance(each, Taken) and each.duplicate}
    assert waiting
    assert known >= acknowledged & {entry(number).key for number in range(5000)}
    assert not examined(path)
