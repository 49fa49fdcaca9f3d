"""The rigs that tests of delivery work with."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.delivery.rig import Rig, rig_in


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    """A lane on an SQLite outbox; enter `rig.working()` to run it."""
    async with rig_in(tmp_path) as made:
        yield made


@pytest.fixture
async def quick_rig() -> AsyncIterator[Rig]:
    """A lane on an outbox in memory."""
    async with rig_in(None) as made:
        yield made
