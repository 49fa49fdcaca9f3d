"""The watchdog is fed by what moves, and by nothing else."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog

from bridge.daemon.pulse import Pulse
from bridge.daemon.systemd import Notifier
from bridge.errors import StoreUnavailable
from tests.intake.conftest import StandingClock
from tests.support.road import Town, road_of


@dataclass
class Rooms:
    """A life that moves as it is told to."""

    commits_done: int = 0
    answers: bool = True
    failure: Exception | None = None
    dead: list[str] = field(default_factory=list)
    words: str = "ready"
    open: asyncio.Event = field(default_factory=asyncio.Event)

    def commits(self) -> int:
        return self.commits_done

    async def answered(self) -> None:
        if self.failure is not None:
            raise self.failure
        if not self.answers:
            await self.open.wait()

    def dead_lanes(self) -> list[str]:
        return self.dead

    async def line(self) -> str:
        return self.words


@dataclass
class Ear:
    """What the supervisor has heard."""

    sock: socket.socket
    path: str

    def heard(self) -> list[str]:
        found = []
        while True:
            try:
                found.append(self.sock.recv(65536).decode())
            except BlockingIOError:
                return found


@pytest.fixture
def ear(tmp_path: Path) -> Iterator[Ear]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        yield Ear(sock, str(tmp_path / "notify"))


@dataclass
class Rig:
    """A pulse whose turns and time the test makes."""

    pulse: Pulse
    life: Rooms
    clock: StandingClock
    ear: Ear

    async def turns(self, count: int, seconds: float = 1.0) -> list[str]:
        for _ in range(count):
            self.clock.seconds += seconds
            self.pulse.turn()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return self.ear.heard()

    def fed(self, heard: list[str]) -> int:
        return sum("WATCHDOG=1" in datagram for datagram in heard)


@pytest.fixture
async def rig(ear: Ear, clock: StandingClock) -> "Iterator[Rig]":
    notifier = Notifier(ear.path)
    pulse, life = Pulse(notifier, clock, watchdog=6.0), Rooms()
    pulse.watch(life)
    yield Rig(pulse, life, clock, ear)
    life.open.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    notifier.close()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


async def test_it_is_fed_three_times_in_the_time_that_kills(rig: Rig) -> None:
    assert rig.fed(await rig.turns(12)) == 6


async def test_a_writer_that_does_not_answer_is_not_fed(rig: Rig) -> None:
    await rig.turns(3)
    rig.life.answers = False
    await rig.turns(2)
    with structlog.testing.capture_logs() as logged:
        silent = rig.fed(await rig.turns(10))
    rig.life.open.set()
    rig.life.answers = True

    assert silent == 0
    assert [line["action"] for line in logged] == ["watchdog_withheld"]
    assert rig.fed(await rig.turns(3)) >= 1


async def test_commits_are_progress_though_the_queue_is_long(rig: Rig) -> None:
    rig.life.answers = False
    fed = 0
    for _ in range(12):
        rig.life.commits_done += 1
        fed += rig.fed(await rig.turns(1))

    assert fed >= 4


async def test_a_disk_that_refuses_is_no_standstill(rig: Rig) -> None:
    rig.life.failure = StoreUnavailable()

    assert rig.fed(await rig.turns(6)) >= 2


async def test_a_dead_lane_is_not_fed_and_named(rig: Rig) -> None:
    await rig.turns(3)
    rig.life.dead = ["camp_1"]
    heard = await rig.turns(6)

    assert rig.fed(heard) == 0
    assert any("standstill: the delivery of camp_1" in datagram for datagram in heard)


async def test_before_and_after_its_life_the_turning_loop_is_enough(rig: Rig) -> None:
    rig.life.answers = False
    rig.pulse.ending()

    assert rig.fed(await rig.turns(12)) == 6


async def test_the_status_is_told_when_it_is_a_new_one_and_once_a_second(rig: Rig) -> None:
    told = await rig.turns(3)
    again = [word for word in await rig.turns(5) if "STATUS" in word]
    rig.life.words = "degraded: udp-buffer-cut"
    new = await rig.turns(3)
    fast = []
    for number in range(40):
        rig.life.words = f"ready {number}"
        fast += [word for word in await rig.turns(1, 0.1) if "STATUS" in word]

    assert sum("STATUS=ready" in word for word in told) == 1
    assert again == []
    assert sum("STATUS=degraded: udp-buffer-cut" in word for word in new) == 1
    assert len(fast) <= 4


async def test_a_status_that_the_reload_told_is_not_taken_for_the_old_one(
    rig: Rig, ear: Ear
) -> None:
    await rig.turns(3)
    rig.pulse._notifier.ready("degraded: reload-refused")
    ear.heard()

    assert any("STATUS=ready" in word for word in await rig.turns(2))


async def test_without_a_watchdog_nobody_is_fed(ear: Ear, clock: StandingClock) -> None:
    notifier = Notifier(ear.path)
    pulse = Pulse(notifier, clock)
    rig = Rig(pulse, Rooms(), clock, ear)
    pulse.watch(rig.life)
    heard = await rig.turns(10)
    notifier.close()

    assert rig.fed(heard) == 0


async def test_a_job_that_blocks_the_writer_of_a_real_bridge_starves_the_watchdog(
    town: Town, ear: Ear, clock: StandingClock
) -> None:
    over = threading.Event()
    async with road_of(town) as road:
        notifier = Notifier(ear.path)
        pulse = Pulse(notifier, clock, watchdog=6.0)
        pulse.watch(road.daemon.life)
        database = road.daemon.report.database
        stuck = asyncio.create_task(database.write(lambda _: over.wait(30)))
        await asyncio.sleep(0.05)
        rig = Rig(pulse, Rooms(), clock, ear)
        await rig.turns(2)
        starved = rig.fed(await rig.turns(10))
        over.set()
        await stuck
        await database.answered()
        fed = 0
        while not fed:
            await asyncio.sleep(0.01)
            fed = rig.fed(await rig.turns(1))
        notifier.close()
        await database.answered()

    assert starved == 0
