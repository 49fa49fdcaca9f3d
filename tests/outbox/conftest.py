"""Every test that asks for `play` runs once for each backend."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.outbox.play import ALICE, BACKENDS, BOB, CAMPAIGN, Play
from tests.support.clock import FakeClock


@pytest.fixture(params=BACKENDS)
async def play(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Play]:
    """An empty outbox of each backend."""
    clock = FakeClock()
    async with BACKENDS[request.param].open(tmp_path, clock) as outbox:
        yield Play(outbox, clock)


@pytest.fixture
async def linked(play: Play) -> Play:
    """An outbox that knows Alice and Bob as two users."""
    await play.outbox.link(CAMPAIGN, ALICE, "usr_1", "test")
    await play.outbox.link(CAMPAIGN, BOB, "usr_2", "test")
    return play
