"""What the kernel tells of a folder."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.intake.files.inotify import Inotify

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


class Heard:
    """Counts the calls, and waits for the next one."""

    def __init__(self) -> None:
        self.calls = 0
        self._called = asyncio.Event()

    def __call__(self) -> None:
        self.calls += 1
        self._called.set()

    async def next(self) -> None:
        async with asyncio.timeout(10):
            await self._called.wait()
        self._called.clear()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def watched(tmp_path: Path, heard: Heard) -> AsyncIterator[Inotify]:
    folder = tmp_path / "logs"
    folder.mkdir()
    (folder / "old.log").write_text("old\n")
    with Inotify(folder, heard, 0.01) as watched:
        yield watched


async def test_each_kind_of_change_is_told(watched: Inotify, heard: Heard, tmp_path: Path) -> None:
    log, moved = tmp_path / "logs" / "old.log", tmp_path / "logs" / "moved.log"
    with log.open("a") as writing:
        writing.write("more\n")
    await heard.next()
    log.rename(moved)
    await heard.next()
    moved.write_text("")
    await heard.next()
    moved.chmod(0o600)
    await heard.next()
    moved.unlink()
    await heard.next()
    (tmp_path / "logs" / "new.log").touch()
    await heard.next()
    assert not watched.gone.is_set()


async def test_nothing_is_told_of_quiet_folders(
    watched: Inotify, heard: Heard, tmp_path: Path
) -> None:
    (tmp_path / "logs" / "old.log").read_text()
    (tmp_path / "elsewhere").touch()
    await asyncio.sleep(0.05)
    assert heard.calls == 0


async def test_many_changes_are_few_calls(watched: Inotify, heard: Heard, tmp_path: Path) -> None:
    with (tmp_path / "logs" / "old.log").open("ab", buffering=0) as writing:
        for _ in range(2000):
            writing.write(b"line\n")
    await heard.next()
    await asyncio.sleep(0.1)
    assert heard.calls < 10


async def test_a_folder_that_goes_is_told(watched: Inotify, heard: Heard, tmp_path: Path) -> None:
    (tmp_path / "logs").rename(tmp_path / "away")
    await heard.next()
    assert watched.gone.is_set()


@pytest.mark.parametrize("name", ["nowhere", "file"])
async def test_what_is_no_folder_cant_be_watched(tmp_path: Path, heard: Heard, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError), Inotify(tmp_path / name, heard, 0.01):  # noqa: PT011
        pass
