"""kill -9 changes nothing: every acknowledged event is paid once, and nothing else is."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bridge.cli.stage import Program
from tests.acceptance.conftest import CODES, KILLS, PLAYERS, Theatre, effects
from tests.acceptance.load import Load

FEW = max(KILLS // 5, 1)
FAULTS = {
    "error_500": 0.05,
    "rate_limit": 0.01,
    "answer_lost": 0.03,
    "reset_before": 0.03,
    "reset_after": 0.03,
    "late_arrival": 0.02,
}


@asynccontextmanager
async def under_load(theatre: Theatre, seed: int) -> AsyncIterator[Load]:
    """Four games post by HTTP, four by acknowledged UDP; half of the players are linked late."""
    load = Load(PLAYERS, CODES, random.Random(seed))
    stage = theatre.stage
    token, udp = stage.secret("token"), ("127.0.0.1", stage.udp_port)
    await theatre.link(PLAYERS[::2])
    await theatre.admin.set_faults(FAULTS)
    async with asyncio.TaskGroup() as games:
        for _ in range(4):
            games.create_task(load.by_http(stage.bridge_url, token))
            games.create_task(load.by_udp(udp, token))
        yield load
        load.stopping = True
    await theatre.link(PLAYERS[1::2])
    await theatre.admin.set_faults(dict.fromkeys(FAULTS, 0.0))


async def kill_at_random(programs: list[Program], times: int, chance: random.Random) -> None:
    """SIGKILL, leave it away for a moment, start again."""
    for _ in range(times):
        await asyncio.sleep(chance.uniform(0.05, 0.6))
        await asyncio.gather(*(program.kill() for program in programs))
        await asyncio.sleep(chance.uniform(0.0, 0.2))
        await asyncio.gather(*(program.start() for program in programs))


async def check(theatre: Theatre, load: Load) -> None:
    """Compare what was acknowledged with what was paid, with and without keys."""
    await theatre.all_paid(len(load.calls), 90)
    ledger = await theatre.ledger()
    entries = await theatre.entries()
    wanted = Counter((theatre.refs[c["player"]], c["achievement"]) for c in load.calls.values())
    print(
        f"achieved={len(load.calls)} acknowledged={len(load.acknowledged)} paid={len(ledger)} "
        f"resent={load.resent}"
    )

    assert load.acknowledged.keys() == load.calls.keys()
    assert entries == {"confirmed": len(load.calls)}
    assert effects(ledger) == wanted
    assert Counter(payout.key for payout in ledger) == Counter(
        answer["key"] for answer in load.acknowledged.values()
    )


async def test_kills_of_the_daemon_under_load_pay_every_event_once(theatre: Theatre) -> None:
    async with under_load(theatre, 20) as load:
        await kill_at_random([theatre.daemon], KILLS, random.Random(1))

    await check(theatre, load)


async def test_kills_of_the_sandbox_under_load_pay_every_event_once(theatre: Theatre) -> None:
    async with under_load(theatre, 21) as load:
        await kill_at_random([theatre.sandbox], FEW, random.Random(2))

    await check(theatre, load)


async def test_kills_of_both_at_once_under_load_pay_every_event_once(theatre: Theatre) -> None:
    async with under_load(theatre, 22) as load:
        await kill_at_random([theatre.sandbox, theatre.daemon], FEW, random.Random(3))

    await check(theatre, load)


async def test_sigterm_drains_and_loses_nothing(theatre: Theatre) -> None:
    async with under_load(theatre, 23) as load:
        for _ in range(FEW):
            await asyncio.sleep(0.5)
            await theatre.daemon.stop()
            assert theatre.daemon.process is not None
            assert theatre.daemon.process.returncode == 0
            await theatre.daemon.start()

    await check(theatre, load)
