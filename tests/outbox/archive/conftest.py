"""One whole outbox for all tests of a module, and a copy of it for each."""

import asyncio
import shutil
from pathlib import Path

import pytest

from tests.outbox.archive.full import made

#: Entries in it, beside one of every kind.
ENTRIES = 400


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outbox with rows of every kind, in one file; tests work on copies of its folder."""
    path = tmp_path_factory.mktemp("whole") / "outbox.db"
    asyncio.run(made(path, ENTRIES))
    return path


@pytest.fixture
def path(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to be used up."""
    shutil.copytree(whole.parent, tmp_path / "state")
    return tmp_path / "state" / "outbox.db"
