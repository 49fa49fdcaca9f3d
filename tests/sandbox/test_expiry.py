"""Link sessions end when their time is over, and that is told once."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.errors import SandboxError
from bridge.sandbox import linking
from bridge.sandbox.expiry import Expiry
from bridge.sandbox.readings import LinkState
from bridge.sandbox.rounds import LONGEST_PAUSE
from tests.sandbox.bookkeeping import CAMPAIGN, Desk, books_open
from tests.sandbox.play import full_disk

PATIENCE = 15.0
STARTED, FAILED = "User.Account.Link.Started", "User.Account.Link.Failed"


async def begun(desk: Desk, email: str, lifetime: float = 60) -> str:
    """Begin a link that is over after so many seconds; return the session's key."""
    key = f"key of {email}"
    session, _ = await desk.do(
        lambda books: linking.initiate(books, CAMPAIGN, email, key, lifetime)
    )
    return session.session_key


async def settled(expiry: Expiry) -> None:
    async with asyncio.timeout(PATIENCE):
        await expiry.settled()


async def events(desk: Desk) -> list[str]:
    return [event for event, _ in await desk.told()]


async def test_a_session_that_nobody_decides_fails_when_its_time_is_over(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk, Expiry(desk.keeper) as expiry:
        session = await begun(desk, "a@example.com")
        desk.clock.turn(59.999)
        await settled(expiry)
        just_before = await events(desk)
        desk.clock.turn(0.001)
        await settled(expiry)
        stored = await desk.do(lambda books: books.sessions.find(session))
        told = await desk.told()

        data: dict[str, Any] = {
            "campaignId": CAMPAIGN,
            "sessionKey": session,
            "user_ref": None,
            "metadata": {"idempotencyKey": "key of a@example.com"},
        }
        assert just_before == [STARTED]
        assert told == [(STARTED, data), (FAILED, data)]
        assert stored is not None
        assert stored.state is LinkState.EXPIRED


async def test_it_wakes_by_itself(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk, Expiry(desk.keeper):
        news = desk.keeper.watch()
        await begun(desk, "a@example.com", lifetime=0.05)
        desk.clock.turn(0.05)
        async with asyncio.timeout(LONGEST_PAUSE / 2):
            while FAILED not in await events(desk):
                news.clear()
                if FAILED not in await events(desk):
                    await news.wait()

        assert await events(desk) == [STARTED, FAILED]


async def test_a_session_that_was_decided_does_not_fail(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk, Expiry(desk.keeper) as expiry:
        approved, declined = await begun(desk, "a@example.com"), await begun(desk, "b@example.com")
        await desk.do(lambda books: linking.approve(books, approved))
        await desk.do(lambda books: linking.decline(books, declined))
        desk.clock.turn(61)
        await settled(expiry)

        assert FAILED not in await events(desk)


async def test_each_of_many_fails_once_in_the_order_of_their_ends(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk:
        for n in range(450):
            await begun(desk, f"{n}@example.com", lifetime=1000 - n)
        desk.clock.turn(1000)
        async with Expiry(desk.keeper) as expiry:
            await settled(expiry)
            await settled(expiry)
        left = await desk.do(lambda books: books.sessions.next_expiry())
        failed = await desk.do(lambda books: books.webhooks.deliveries(CAMPAIGN, 1000, 0))

        counted = Counter(one.event for one in failed)
        assert left is None
        assert counted == {STARTED: 450, FAILED: 450}
        assert failed[0].idempotency_key == "key of 0@example.com"  # newest first: the last to end


async def test_what_ended_while_nobody_looked_is_told_at_the_next_start(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk:
        async with Expiry(desk.keeper) as first:
            await begun(desk, "a@example.com")
            await settled(first)
        desk.clock.turn(3600)
        async with Expiry(desk.keeper) as second:
            await settled(second)

        assert await events(desk) == [STARTED, FAILED]


async def test_a_full_disk_delays_it_only(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk, Expiry(desk.keeper) as expiry:
        await begun(desk, "a@example.com")
        with full_disk(), capture_logs() as logs:
            desk.clock.turn(60)
            settling = asyncio.create_task(settled(expiry))
            async with asyncio.timeout(PATIENCE):
                while not any(line["action"] == "sandbox_waits" for line in logs):
                    await desk.told()  # reading goes on
            meanwhile = await events(desk)
        await settling

        assert meanwhile == [STARTED]
        assert await events(desk) == [STARTED, FAILED]


async def test_without_its_worker_it_says_so(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk:
        expiry = Expiry(desk.keeper)
        async with expiry:
            pass

        with pytest.raises(SandboxError, match="expiries have stopped"):
            await expiry.settled()
