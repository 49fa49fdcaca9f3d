"""A log that is followed: each line once, whatever becomes of the file."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.errors import StoreFull
from bridge.testing import START
from tests.intake.files.play import ROTATIONS, SOURCE, Recorder, Writer, following
from tests.support.clock import FakeClock


@pytest.fixture
def road() -> Recorder:
    return Recorder()


@pytest.fixture
def writer(tmp_path: Path) -> Writer:
    return Writer(tmp_path / "latest.log")


async def test_what_is_written_is_read(road: Recorder, writer: Writer) -> None:
    writer.path.touch()
    async with following(road, writer.path):
        writer.write(3)
        assert await road.until(3) == writer.written
        writer.write(2)
        assert await road.until(5) == writer.written


async def test_what_was_there_at_first_is_passed_over(road: Recorder, writer: Writer) -> None:
    writer.write(3)
    async with following(road, writer.path):
        writer.write(1)
        lines = await road.until(1)

    assert lines == ["line 4"]


async def test_what_was_rotated_before_is_passed_over_too(road: Recorder, writer: Writer) -> None:
    writer.write(3)
    writer.rename()
    writer.write(3)
    async with following(road, writer.path, start="beginning"):
        writer.write(1)
        lines = await road.until(4)

    assert lines == writer.written[3:]


async def test_from_the_beginning_is_said_explicitly(road: Recorder, writer: Writer) -> None:
    writer.write(3)
    async with following(road, writer.path, start="beginning"):
        assert await road.until(3) == writer.written


async def test_a_file_that_appears_later_is_read_from_its_beginning(
    road: Recorder, tmp_path: Path
) -> None:
    writer = Writer(tmp_path / "not" / "yet" / "latest.log")
    async with following(road, writer.path):
        writer.path.parent.mkdir(parents=True)
        writer.write(2)
        assert await road.until(2) == writer.written


async def test_half_a_line_waits_for_its_other_half(road: Recorder, writer: Writer) -> None:
    writer.path.touch()
    async with following(road, writer.path) as follower:
        writer.path.write_bytes(b"one\ntw")
        assert await road.until(1) == ["one"]
        with writer.path.open("ab") as file:
            file.write(b"o\n")
        assert await road.until(2) == ["one", "two"]

    assert follower.status.offset == 8


async def test_line_ends_of_windows_and_broken_text_are_read(
    road: Recorder, writer: Writer
) -> None:
    writer.path.touch()
    async with following(road, writer.path):
        writer.path.write_bytes(b"one\r\n\xff\xfe two\r\n\n")
        await road.until(3)

    assert [message.body for message in road.taken] == [b"one", b"\xff\xfe two", b""]


async def test_a_position_is_the_chain_of_all_lines_before(road: Recorder, writer: Writer) -> None:
    writer.write(2)
    async with following(road, writer.path):
        writer.write(1)
        await road.until(1)
    chain = hashlib.sha256(SOURCE.encode()).digest()
    for line in writer.written:
        chain = hashlib.sha256(chain + line.encode()).digest()

    assert road.taken[0].position == chain.hex()


async def test_a_line_without_end_is_counted_and_names_its_place_all_the_same(
    road: Recorder, writer: Writer
) -> None:
    writer.path.touch()
    endless = b"x" * 1_000_000
    async with following(road, writer.path) as follower:
        writer.path.write_bytes(b"one\n" + endless + b"\r\ntwo\n")
        await road.until(2)
    chain = hashlib.sha256(SOURCE.encode()).digest()
    for line in (b"one", endless, b"two"):
        chain = hashlib.sha256(chain + line).digest()

    assert road.lines == ["one", "two"]
    assert road.taken[1].position == chain.hex()
    assert follower.status.too_long == 1


@pytest.mark.parametrize("rotate", ROTATIONS.values(), ids=ROTATIONS)
async def test_a_rotation_loses_and_doubles_nothing(
    road: Recorder, writer: Writer, rotate: Callable[[Writer], object]
) -> None:
    writer.path.touch()
    async with following(road, writer.path):
        writer.write(3)
        await road.until(3)
        rotate(writer)
        writer.write(3)
        assert await road.until(6) == writer.written
        rotate(writer)
        writer.write(1)
        assert await road.until(7) == writer.written


@pytest.mark.parametrize("rotate", ROTATIONS.values(), ids=ROTATIONS)
async def test_rotations_while_nobody_reads_lose_and_double_nothing(
    road: Recorder, writer: Writer, rotate: Callable[[Writer], object]
) -> None:
    writer.path.touch()
    clock = FakeClock(START)
    async with following(road, writer.path, clock):
        writer.write(3)
        await road.until(3)
    for _ in range(4):
        writer.write(2)
        rotate(writer)
    writer.write(1)
    async with following(road, writer.path, clock):
        lines = await road.until(12)
        await asyncio.sleep(0.2)

    assert sorted(lines) == sorted(writer.written)
    assert len(road.lines) == len(writer.written)


async def test_a_log_that_is_deleted_and_made_anew_is_read_on(
    road: Recorder, writer: Writer
) -> None:
    writer.path.touch()
    async with following(road, writer.path):
        writer.write(2)
        await road.until(2)
        writer.path.unlink()
        writer.write(2)
        assert await road.until(4) == writer.written


async def test_a_log_that_is_written_anew_with_more_than_before_is_noticed(
    road: Recorder, writer: Writer
) -> None:
    writer.path.touch()
    async with following(road, writer.path) as follower:
        writer.path.write_bytes(b"one\n")
        await road.until(1)
        with writer.path.open("r+b") as file:  # the same file, other content
            file.write(b"another\nand one more\n")
        lines = await road.until(3)

    assert lines == ["one", "another", "and one more"]
    assert follower.status.rewritten == 1


async def test_after_a_crash_reading_goes_on_behind_what_was_kept(
    road: Recorder, writer: Writer
) -> None:
    writer.path.touch()
    clock = FakeClock(START)
    async with following(road, writer.path, clock):
        writer.write(5)
        await road.until(5)
    writer.write(2)
    async with following(road, writer.path, clock):
        lines = await road.until(7)

    assert lines == writer.written


async def test_a_full_disk_loses_no_line(
    road: Recorder, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.intake.files.follow.RETRY", 0.01)
    writer.path.touch()
    async with following(road, writer.path):
        road.failures += [StoreFull(), StoreFull()]
        writer.write(2)
        assert await road.until(2) == writer.written


async def test_a_log_that_may_not_be_read_says_so_and_is_read_when_it_may(
    road: Recorder, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.intake.files.follow.RETRY", 0.01)
    async with following(road, writer.path) as follower:
        writer.path.symlink_to(writer.path)  # stands for a file that can't be opened
        for _ in range(100):
            if follower.status.file is None:
                await asyncio.sleep(0.01)
        writer.path.unlink()
        writer.write(1)
        assert await road.until(1) == writer.written


async def test_of_a_sequence_of_files_each_is_read_from_its_beginning(
    road: Recorder, tmp_path: Path
) -> None:
    (tmp_path / "L1128001.log").write_text("before\n")
    async with following(road, tmp_path / "L*.log"):
        with (tmp_path / "L1128001.log").open("a") as file:
            file.write("first map\n")
        await road.until(1)
        (tmp_path / "L1128002.log").write_text("second map\n")
        await road.until(2)
        (tmp_path / "L1128003.log").write_text("third map\n")
        lines = await road.until(3)

    assert lines == ["first map", "second map", "third map"]


async def test_another_servers_log_beside_it_is_no_old_one(road: Recorder, tmp_path: Path) -> None:
    writer = Writer(tmp_path / "server.log")
    async with following(road, writer.path):
        for name in ("server-2.log", "server-errors.log", "server.txt", "other.log.1"):
            (tmp_path / name).write_text("not ours\n")
        writer.write(1)
        await road.until(1)
        writer.rename()
        writer.write(1)
        lines = await road.until(2)

    assert lines == writer.written


async def test_names_of_old_logs_can_be_said(road: Recorder, tmp_path: Path) -> None:
    writer = Writer(tmp_path / "server.log")
    clock = FakeClock(START)
    async with following(road, writer.path, clock, rotated=("backup_*",)):
        writer.write(1)
        await road.until(1)
    writer.write(1)
    writer.path.rename(tmp_path / "backup_server")
    writer.write(1)
    async with following(road, writer.path, clock, rotated=("backup_*",)):
        lines = await road.until(3)

    assert lines == writer.written


async def test_an_old_log_whose_compression_is_not_finished_is_read_when_it_is(
    road: Recorder, writer: Writer
) -> None:
    clock = FakeClock(START)
    async with following(road, writer.path, clock):
        writer.write(2)
        await road.until(2)
    writer.write(2)
    packed = writer.compress()
    whole = packed.read_bytes()
    packed.write_bytes(whole[:-9])
    async with following(road, writer.path, clock):
        await asyncio.sleep(0.1)
        assert road.lines == writer.written[:2]
        packed.write_bytes(whole)
        lines = await road.until(4)

    assert lines == writer.written


@pytest.mark.parametrize("seed", range(6))
async def test_mixed_rotations_and_crashes_count_each_line_once(
    road: Recorder, writer: Writer, seed: int
) -> None:
    chance = random.Random(seed)
    kinds = [kind for name, kind in ROTATIONS.items() if name != "shift"]
    writer.path.touch()
    clock = FakeClock(START)
    async with following(road, writer.path, clock):
        writer.write(1)
        await road.until(1)
    for _ in range(8):
        async with following(road, writer.path, clock):
            for _ in range(chance.randrange(4)):
                writer.write(chance.randrange(1, 2000))
                chance.choice(kinds)(writer)
                await asyncio.sleep(chance.random() * 0.02)
    writer.write(1)
    async with following(road, writer.path, clock):
        await road.until(len(writer.written))

    assert len(road.lines) == len(writer.written)
    assert set(road.lines) == set(writer.written)
    assert len({message.position for message in road.taken}) == len(writer.written)
