"""Every test of the road has one of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.outbox.store import open_outbox
from tests.pipeline.play import Road, pipeline_on
from tests.support.clock import FakeClock


@pytest.fixture
async def road(tmp_path: Path) -> AsyncIterator[Road]:
    clock = FakeClock()
    async with open_outbox(tmp_path / "outbox.db", clock) as outbox:
        yield Road(pipeline_on(outbox), outbox, clock)
