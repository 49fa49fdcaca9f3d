"""A world for each test, at a time that stands still."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.api.world import World, world_running
from tests.sandbox.play import HandClock


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def world(clock: HandClock) -> AsyncIterator[World]:
    async with world_running(clock=clock) as running:
        yield running
