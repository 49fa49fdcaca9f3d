"""State files: a baseline that pays nothing, and everything that changes later."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from bridge.errors import MessageRejected, StoreFull
from bridge.events import RawMessage
from bridge.intake.contract import Outcome
from bridge.intake.files.state import FILE_LIMIT, TRIES, StateFiles
from bridge.testing import START
from tests.support.clock import FakeClock


@dataclass
class Recorder:
    """What outlives a reader; `{` alone is a file that is half written."""

    places: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, str, bool]] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    refused: int = 0

    async def take_file(
        self, message: RawMessage, place: str, *, baseline: bool = False
    ) -> Sequence[Outcome]:
        if self.failures:
            raise self.failures.pop(0)
        if message.body == b"{":
            self.refused += 1
            raise MessageRejected("half a file")
        self.taken.append((message.file, message.body.decode(), baseline))
        self.places[message.file] = place
        return []

    async def marks(self) -> Mapping[str, str]:
        return dict(self.places)

    async def mark(self, name: str, place: str) -> None:
        self.places[name] = place


@pytest.fixture
def road() -> Recorder:
    return Recorder()


@asynccontextmanager
async def following(
    road: Recorder, folder: Path, start: Literal["end", "beginning"] = "end"
) -> AsyncIterator[StateFiles]:
    files = StateFiles("world", folder / "*.json", road, FakeClock(START), start=start, poll=0.02)
    task = asyncio.create_task(files.run())
    try:
        await until(lambda: "/baseline" in road.places)
        yield files
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # there is nobody who would set an event
            await asyncio.sleep(0.005)


async def test_what_is_there_at_first_is_a_baseline(road: Recorder, tmp_path: Path) -> None:
    (tmp_path / "al.json").write_text("1")
    async with following(road, tmp_path):
        assert road.taken == [("al.json", "1", True)]
        (tmp_path / "al.json").write_text("1, 2")
        await until(lambda: len(road.taken) == 2)

    assert road.taken[1] == ("al.json", "1, 2", False)


async def test_a_new_file_is_read_in_full(road: Recorder, tmp_path: Path) -> None:
    async with following(road, tmp_path):
        (tmp_path / "bo.json").write_text("1")
        await until(lambda: len(road.taken) == 1)

    assert road.taken == [("bo.json", "1", False)]


async def test_from_the_beginning_there_is_no_baseline(road: Recorder, tmp_path: Path) -> None:
    (tmp_path / "al.json").write_text("1")
    async with following(road, tmp_path, "beginning"):
        await until(lambda: len(road.taken) == 1)

    assert road.taken == [("al.json", "1", False)]


async def test_after_a_restart_only_what_has_changed_is_read(
    road: Recorder, tmp_path: Path
) -> None:
    for name in ("al.json", "bo.json"):
        (tmp_path / name).write_text("1")
    async with following(road, tmp_path):
        pass
    (tmp_path / "bo.json").write_text("1, 2")
    (tmp_path / "cy.json").write_text("1")
    async with following(road, tmp_path):
        await until(lambda: len(road.taken) == 4)

    assert road.taken[2:] == [("bo.json", "1, 2", False), ("cy.json", "1", False)]


async def test_other_files_are_none_of_ours(road: Recorder, tmp_path: Path) -> None:
    async with following(road, tmp_path):
        (tmp_path / "al.json.tmp").write_text("1")
        (tmp_path / "al.json").write_text("1")
        await until(lambda: len(road.taken) == 1)

    assert road.taken == [("al.json", "1", False)]


async def test_a_half_written_file_is_read_when_it_is_whole(road: Recorder, tmp_path: Path) -> None:
    async with following(road, tmp_path) as files:
        (tmp_path / "al.json").write_text("{")
        await until(lambda: road.refused > 0)
        assert files.status.unreadable == {"al.json": "half a file"}
        (tmp_path / "al.json").write_text("{}")
        await until(lambda: len(road.taken) == 1)
        await until(lambda: not files.status.unreadable)

    assert road.taken == [("al.json", "{}", False)]


async def test_one_that_was_half_written_at_first_belongs_to_the_baseline(
    road: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "al.json").write_text("{")
    async with following(road, tmp_path):
        (tmp_path / "al.json").write_text("{}")
        await until(lambda: len(road.taken) == 1)

    assert road.taken == [("al.json", "{}", True)]


async def test_a_broken_file_is_left_until_it_changes(road: Recorder, tmp_path: Path) -> None:
    async with following(road, tmp_path):
        (tmp_path / "al.json").write_text("{")
        await until(lambda: road.refused == TRIES)
        await asyncio.sleep(0.1)

    assert road.refused == TRIES


async def test_a_file_that_is_too_large_is_named(road: Recorder, tmp_path: Path) -> None:
    async with following(road, tmp_path) as files:
        with (tmp_path / "al.json").open("wb") as file:
            file.truncate(FILE_LIMIT + 1)
        await until(lambda: "al.json" in files.status.unreadable)

    assert "larger than 8 MiB" in files.status.unreadable["al.json"]
    assert road.taken == []


async def test_a_full_disk_loses_nothing(road: Recorder, tmp_path: Path) -> None:
    async with following(road, tmp_path):
        road.failures.append(StoreFull())
        (tmp_path / "al.json").write_text("1")
        await until(lambda: len(road.taken) == 1)

    assert road.taken == [("al.json", "1", False)]


async def test_a_folder_that_comes_later_is_found(road: Recorder, tmp_path: Path) -> None:
    async with following(road, tmp_path / "world"):
        (tmp_path / "world").mkdir()
        (tmp_path / "world" / "al.json").write_text("1")
        await until(lambda: len(road.taken) == 1)

    assert road.taken == [("al.json", "1", False)]
