"""Every test that asks for `play` runs once for each backend."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.outbox.play import BACKENDS, Play
from tests.support.clock import FakeClock


@pytest.fixture(params=BACKENDS)
async def play(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Play]:
    """An empty outbox of each backend."""
    clock = FakeClock()
    async with BACKENDS[request.param].open(tmp_path, clock) as outbox:
        yield Play(outbox, clock)
