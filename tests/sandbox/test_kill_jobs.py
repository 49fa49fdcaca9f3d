"""SIGKILL at every stage of every job: nothing is doubled, nothing is lost, the ledger balances.

A stage is a statement of a transaction: the process dies before the first, before the second and
so on, until one life survives them all and is killed from outside, after the commit.
"""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from random import Random

import aiohttp
import pytest
import pytest_asyncio

from tests.sandbox.graveyard import (
    LONG,
    TOKEN,
    Graveyard,
    Life,
    Remains,
    called,
    campaign_of,
    funded,
    graveyard_open,
    remains,
    reopened,
    seen,
)
from tests.sandbox.play import Play, playing

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: What the transaction of a batch of jobs begins with, and that of a call.
BATCH, CALL = "SELECT * FROM job INDEXED BY job_enqueued", "JOIN api_key"
#: For each call the steps that lead to it, and what its effect leaves behind.
BEFORE = {"start": (), "stop": ("start",), "withdraw": ("start", "stop"), "event": ("start",)}
MILLION = 10**6
AFTER = {
    "start": ("Active", (10, 0, 0, 10), "Campaign.Started"),
    "stop": ("Stopped", (10, 0, 0, 10), "Campaign.Stopped"),
    "withdraw": ("Withdrawn", (10, 0, 10, 0), "Campaign.Withdrawn"),
    "event": ("Active", (10, 5, 0, 5), "Campaign.Event.Paid"),
}
WAITING = {"start": "Starting", "stop": "Stopping", "withdraw": "Withdrawing", "event": "Active"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def graveyard() -> AsyncIterator[Graveyard]:
    async with graveyard_open() as opened:
        yield opened


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "books.db"


@pytest_asyncio.fixture(loop_scope="module")
async def plays(db: Path) -> dict[str, Play]:
    """Make a campaign for each kind of call, in the status that it needs."""
    made = {}
    for kind, steps in BEFORE.items():
        async with playing(db=db, active=False, admin_token=TOKEN) as play:
            await play.admin.fund(play.campaign.id, 10)
            await play.admin.add_user(play.campaign.id, "usr_1")
            for step in steps:
                await play.done(step)
            await play.call(
                "PUT",
                f"/sandbox/v1/campaigns/{play.campaign.id}/webhook",
                b'{"url": "http://127.0.0.1:9/"}',
                headers={"Authorization": f"Bearer {TOKEN}"},
            )
        made[kind] = play
    return made


async def test_a_batch_of_all_kinds_is_done_whole_or_not_at_all(
    db: Path, graveyard: Graveyard, plays: dict[str, Play]
) -> None:
    async with reopened(db, LONG) as sandbox, aiohttp.ClientSession() as http:
        for kind, play in plays.items():
            assert await called(play, kind, sandbox.url, http, "key") == 202
    for stage in count():
        copy = Path(shutil.copy(db, db.with_name(f"{stage}.db")))
        life = await graveyard.life(copy, begins=BATCH, dies_at=stage)
        if life is not None:
            await _killed_once_done(life, plays["withdraw"])
        left = {kind: remains(copy, play.campaign.id) for kind, play in plays.items()}
        done = {one.unfinished for one in left.values()} == {0}
        for kind, one in left.items():
            _is_done(kind, one) if done else _is_waiting(kind, one)
        await _comes_right(copy, plays)
        if done:
            break

    assert stage > 20


@pytest.mark.parametrize("kind", BEFORE)
async def test_a_call_is_accepted_whole_or_not_at_all(
    db: Path, graveyard: Graveyard, plays: dict[str, Play], kind: str
) -> None:
    play = plays[kind]
    before = remains(db, play.campaign.id)
    for stage in count():
        copy = Path(shutil.copy(db, db.with_name(f"{stage}.db")))
        life = await graveyard.life(copy, begins=CALL, dies_at=stage, job_delay=LONG)
        assert life is not None
        async with aiohttp.ClientSession() as http:
            answered = await called(play, kind, life.url, http, "key")
        life.kill()
        await life.ended()
        left = remains(copy, play.campaign.id)
        _is_waiting(kind, left) if left != before else None
        async with reopened(copy) as sandbox, aiohttp.ClientSession() as http:
            again = await called(play, kind, sandbox.url, http, "key")
            await sandbox.jobs.settled()
        _is_done(kind, remains(copy, play.campaign.id))

        assert again == 202
        if answered is not None:
            break

    assert (answered, left == before) == (202, False)
    assert stage > 5


@pytest.mark.parametrize("seed", range(2))
async def test_events_are_paid_once_each_whenever_the_process_dies(
    db: Path, graveyard: Graveyard, plays: dict[str, Play], seed: int
) -> None:
    """Whoever sends one key until it is accepted is paid once, over ten lives."""
    random, play, keys = Random(seed), plays["event"], ["key-1", "key-2"]
    for _ in range(10):
        life = await graveyard.life(db, job_delay=random.choice((0, 0.01)))
        assert life is not None
        asyncio.get_running_loop().call_later(random.uniform(0, 0.08), life.kill)
        async with aiohttp.ClientSession() as http:
            while all([await called(play, "event", life.url, http, key) for key in keys]):
                pass
        await life.ended()
        _balances(remains(db, play.campaign.id))
    async with reopened(db) as sandbox, aiohttp.ClientSession() as http:
        for key in keys:
            await called(play, "event", sandbox.url, http, key)
        await sandbox.jobs.settled()
    left = remains(db, play.campaign.id)

    assert Counter(left.paid_keys) == dict.fromkeys(keys, 1)
    assert left.balances == (10 * MILLION, 10 * MILLION, 0, 0)


async def test_money_stays_counted_over_lifecycles_that_die_at_any_instant(
    db: Path, graveyard: Graveyard, plays: dict[str, Play]
) -> None:
    random, play, accepted = Random(3), plays["start"], set[str]()
    for number in range(10):
        life = await graveyard.life(db)
        assert life is not None
        asyncio.get_running_loop().call_later(random.uniform(0.02, 0.2), life.kill)
        async with aiohttp.ClientSession() as http:
            turn = count()
            while await funded(play, life.url, http):
                accepted |= await _gone_round(play, life, http, f"{number}-{next(turn)}")
        await life.ended()
        _balances(remains(db, play.campaign.id))
    async with reopened(db) as sandbox:
        await sandbox.jobs.settled()
        campaign = await campaign_of(sandbox, play.campaign.id)
    left = remains(db, play.campaign.id)
    _balances(left)

    assert left.unfinished == 0
    assert campaign.status in {"Active", "Stopped", "Withdrawn"}
    assert accepted <= set(left.finished_keys)
    assert set(Counter(left.finished_keys).values()) == {1}
    assert campaign.paid_out > 0
    assert campaign.withdrawn > 0


# -- what is looked at -------------------------------------------------------------------------


async def _gone_round(play: Play, life: Life, http: aiohttp.ClientSession, number: str) -> set[str]:
    """Start, pay, stop and withdraw, each as soon as it can be; return the accepted event's key."""
    accepted = set()
    for kind, status in (("start", "Active"), ("event", "Active"), ("stop", "Stopped")):
        if await called(play, kind, life.url, http, f"{kind}-{number}") == 202 and kind == "event":
            accepted.add(f"{kind}-{number}")
        while await seen(play, life.url, http) == WAITING[kind] != status:
            pass
    await called(play, "withdraw", life.url, http, f"withdraw-{number}")
    while await seen(play, life.url, http) == "Withdrawing":
        pass
    return accepted


async def _killed_once_done(life: Life, last: Play) -> None:
    """Kill the process when its jobs are done, unless it dies before that."""
    async with aiohttp.ClientSession() as http:
        while await seen(last, life.url, http) not in {None, "Withdrawn"}:
            pass
    life.kill()
    await life.ended()


async def _comes_right(copy: Path, plays: dict[str, Play]) -> None:
    """Check that the next life finishes what was left, once."""
    async with reopened(copy) as sandbox:
        await sandbox.jobs.settled()
    for kind, play in plays.items():
        _is_done(kind, remains(copy, play.campaign.id))


def _is_waiting(kind: str, left: Remains) -> None:
    """Check that a call was accepted and nothing was done about it."""
    assert (left.status, left.unfinished) == (WAITING[kind], 1)
    assert left.balances == (10 * MILLION, 0, 0, 10 * MILLION)
    assert (left.paid_keys, left.told) == ((), ())


def _is_done(kind: str, left: Remains) -> None:
    """Check that a call has had its effect, once, and that one webhook tells of it."""
    status, balances, hook = AFTER[kind]

    assert (left.status, left.unfinished) == (status, 0)
    assert left.balances == tuple(MILLION * amount for amount in balances)
    assert left.paid_keys == (("key",) if kind == "event" else ())
    assert left.told == (hook,)


def _balances(left: Remains) -> None:
    funded, paid_out, withdrawn, available = left.balances

    assert funded == paid_out + withdrawn + available
    assert paid_out == len(left.paid_keys) * 5 * MILLION
    assert available >= 0
