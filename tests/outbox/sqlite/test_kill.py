"""Promise 1: whatever was acknowledged survives SIGKILL at any instant."""

import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from bridge.outbox.store import open_outbox
from bridge.outbox.views import Listing
from tests.support.clock import FakeClock

#: Puts for ever, eight callers at once, and prints each key once it is acknowledged.
GAME = """
import asyncio, sys
from pathlib import Path
from bridge.outbox.store import open_outbox
from bridge.testing import FakeClock
from tests.outbox.play import entry

async def caller(outbox, number):
    while True:
        number += 8
        (taken,) = await outbox.put([entry(number)])
        sys.stdout.write(taken.key + "\\n")
        sys.stdout.flush()

async def main():
    async with open_outbox(Path(sys.argv[1]), FakeClock()) as outbox:
        async with asyncio.TaskGroup() as callers:
            for number in range(8):
                callers.create_task(caller(outbox, int(sys.argv[2]) + number))

asyncio.run(main())
"""


def _killed_after(path: Path, first: int, acknowledged: int) -> set[UUID]:
    """Start a game, kill it after so many lines, and return the keys that it printed in whole."""
    game = subprocess.Popen(
        [sys.executable, "-c", GAME, str(path), str(first)], stdout=subprocess.PIPE, text=True
    )
    assert game.stdout is not None
    lines = [game.stdout.readline() for _ in range(acknowledged)]
    game.send_signal(signal.SIGKILL)
    lines += game.stdout.readlines()
    game.stdout.close()

    assert game.wait(10) == -signal.SIGKILL
    return {UUID(line.strip()) for line in lines if line.endswith("\n")}


@pytest.mark.parametrize("seed", range(2))
async def test_what_was_acknowledged_is_there_after_a_kill(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    path = tmp_path / "outbox.db"
    acknowledged: set[UUID] = set()
    for run in range(2):
        acknowledged |= _killed_after(path, run * 1_000_000, chance.randint(1, 300))

    async with open_outbox(path, FakeClock()) as outbox:
        kept = {view.key for view in await outbox.listing(Listing(limit=1_000_000))}

        assert acknowledged
        assert acknowledged <= kept
