"""A town to pay in."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.road import Town, town_in


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    async with town_in(tmp_path) as opened:
        yield opened
