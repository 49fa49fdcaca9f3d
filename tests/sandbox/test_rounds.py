"""The worker looks again when there is a reason, and not otherwise."""

import asyncio
from pathlib import Path

import pytest

from bridge.errors import SandboxError
from bridge.sandbox.rounds import LONGEST_PAUSE, Round, Rounds
from tests.sandbox.bookkeeping import Desk, books_open

#: Less than the pause after which it would look anyway.
SOON = LONGEST_PAUSE / 2


class Looks:
    """Counts looks; each finds what the test says."""

    def __init__(self, *found: Round) -> None:
        self.found = list(found)
        self.count = 0
        self.news = asyncio.Condition()

    async def __call__(self) -> Round:
        async with self.news:
            self.count += 1
            self.news.notify_all()
        return self.found.pop(0) if self.found else Round(at_rest=True, next_at=None)

    async def reach(self, count: int) -> None:
        async with asyncio.timeout(SOON), self.news:
            await self.news.wait_for(lambda: self.count >= count)


async def test_it_looks_at_its_start_and_after_every_commit(tmp_path: Path) -> None:
    looks = Looks()
    async with books_open(tmp_path / "sandbox.db") as desk, Rounds(desk.keeper, "looks", looks):
        await looks.reach(1)
        await desk.do(lambda _: None)
        await looks.reach(2)

        assert looks.count == 2


async def test_two_workers_are_both_woken_by_one_commit(tmp_path: Path) -> None:
    one, other = Looks(), Looks()
    async with (
        books_open(tmp_path / "sandbox.db") as desk,
        Rounds(desk.keeper, "ones", one),
        Rounds(desk.keeper, "others", other),
    ):
        await one.reach(1)
        await other.reach(1)
        await desk.do(lambda _: None)
        await one.reach(2)
        await other.reach(2)

        assert (one.count, other.count) == (2, 2)


async def test_a_commit_during_a_look_is_looked_at(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk:
        looks = _Busy(desk)
        async with Rounds(desk.keeper, "looks", looks) as rounds:
            async with asyncio.timeout(SOON):
                await rounds.settled()

            assert looks.seen == 1


class _Busy(Looks):
    """Writes during its first look; a later look sees that."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.seen = 0

    async def __call__(self) -> Round:
        found = await super().__call__()
        if self.count == 1:
            await self.desk.do(lambda _: None)
        else:
            self.seen = 1
        return found


async def test_it_looks_when_the_next_time_has_come(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk:
        looks = Looks(Round(at_rest=True, next_at=desk.keeper.milliseconds() + 30))
        async with Rounds(desk.keeper, "looks", looks):
            await looks.reach(2)

            assert looks.count == 2


async def test_a_time_that_is_over_is_no_hot_loop(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk:
        past = Round(at_rest=True, next_at=desk.keeper.milliseconds() - 1)
        looks = Looks(*[past] * 20)
        began = asyncio.get_running_loop().time()
        async with Rounds(desk.keeper, "looks", looks):
            await looks.reach(20)

        assert asyncio.get_running_loop().time() - began > 19 * 0.001


async def test_it_is_not_settled_while_something_is_under_way(tmp_path: Path) -> None:
    under_way, looks = True, Looks()

    async def look() -> Round:
        await looks()
        return Round(at_rest=not under_way, next_at=None)

    async with (
        books_open(tmp_path / "sandbox.db") as desk,
        Rounds(desk.keeper, "l", look) as rounds,
    ):
        settling = asyncio.create_task(rounds.settled())
        for count in range(1, 5):
            await looks.reach(count)
            rounds.again()
        before = settling.done()
        under_way = False
        rounds.again()
        async with asyncio.timeout(SOON):
            await settling

        assert not before


async def test_a_look_that_began_before_does_not_settle_it(tmp_path: Path) -> None:
    looks, gate = Looks(), asyncio.Semaphore(0)

    async def look() -> Round:
        await looks()
        await gate.acquire()
        return Round(at_rest=True, next_at=None)

    async with (
        books_open(tmp_path / "sandbox.db") as desk,
        Rounds(desk.keeper, "l", look) as rounds,
    ):
        await looks.reach(1)
        settling = asyncio.create_task(rounds.settled())
        await _turns_of_the_loop()  # it asks, while the first look has seen all that it will see
        gate.release()
        await looks.reach(2)
        await _turns_of_the_loop()
        after_the_first = settling.done()
        gate.release()
        async with asyncio.timeout(SOON):
            await settling

        assert not after_the_first


async def _turns_of_the_loop() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_look_that_fails_ends_it_and_whoever_waits_is_told(tmp_path: Path) -> None:
    async def fails() -> Round:
        raise ZeroDivisionError

    async with books_open(tmp_path / "sandbox.db") as desk:
        rounds = Rounds(desk.keeper, "looks", fails)
        await rounds.__aenter__()
        with pytest.raises(SandboxError, match="the sandbox's looks have stopped"):
            await rounds.settled()
        with pytest.raises(ZeroDivisionError):
            await rounds.__aexit__()
