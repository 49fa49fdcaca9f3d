"""Histories taken in many at once or row by row: every row is the same."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.outbox.ledger import looking
from bridge.outbox.proofs import Failed, History, LookTerms, Paid, Payout, Proof, Webhook
from bridge.outbox.values import Claim, Settling
from bridge.outbox.views import LaneTerms
from bridge.testing import START
from tests.outbox import test_equal_rounds as rounds
from tests.outbox.play import CAMPAIGN

USERS = [f"usr_{n}" for n in range(6)]
DAY = 86_400.0
LOOKS = LookTerms([3.0, 10.0, 60.0], 3600, DAY)
AMOUNTS = [Decimal(1), Decimal("0.25"), None]


class Run(rounds.Run):
    """As a run of rounds, with an API that pays, mostly, and tells of it by histories and more."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._paid = random.Random(seed + 1)
        self._histories: dict[str, list[Payout]] = {user: [] for user in USERS}
        self._sent: list[Claim] = []

    def _settling(self, claim: Claim) -> Settling:
        self._sent.append(claim)
        if self._paid.random() < 0.8:
            self._pay(claim.user_ref, claim.event_code)
        return super()._settling(claim)

    def _pay(self, user: str, code: str) -> None:
        number = sum(map(len, self._histories.values()))
        at = self._clock.now() + timedelta(seconds=self._paid.choice([0, 0, 0, 30, -300, -5000]))
        payout = Payout(
            user,
            code,
            self._paid.choice([f"tx-{number:03}"] * 9 + [None]),
            self._paid.choice(AMOUNTS),
            self._paid.choice([at, at, at, None]),
            self._paid.choice([f"0x{number}", f"0x{number}", None, "0x0", f"tx-{number - 1:03}"]),
        )
        self._histories[user].append(payout)

    async def strange(self) -> None:
        self._pay(self._paid.choice(USERS), self._paid.choice(rounds.CODES))

    async def look(self) -> None:
        users = await self.outbox.to_look_for(CAMPAIGN, 10)
        await self._take(users)

    async def look_at_any(self) -> None:
        await self._take(self._paid.sample(USERS, 3))

    async def _take(self, users: Sequence[str]) -> None:
        histories = [
            History(CAMPAIGN, user, tuple(self._histories[user]), self._paid.random())
            for user in users
        ]
        self.told.append(await self.outbox.take_histories(histories, LOOKS))

    async def webhook(self) -> None:
        if not self._sent:
            return
        claim = self._paid.choice(self._sent)
        known = [payout for payout in self._histories[claim.user_ref] if payout.id]
        payout = self._paid.choice(
            [Payout(claim.user_ref, claim.event_code, "told", Decimal(1), START), *known[-3:]]
        )
        name = self._paid.choice([payout.id, payout.hash, "hook", None])
        key = self._paid.choice([claim.wire.key, None])
        proof: Proof = Paid(Payout(payout.user_ref, payout.event_code, name, payout.amount), key)
        if self._paid.random() < 0.1:
            proof = Failed(claim.wire.key, "no funds")
        digest = self._paid.randbytes(16)
        self.told.append(
            await self.outbox.receive(Webhook(digest, CAMPAIGN, "Event", START, b"{}", proof))
        )

    async def distrust(self) -> None:
        await self.outbox.quarantine("a test")

    async def days(self) -> None:
        self._clock.advance(2 * DAY)

    async def trust(self) -> None:
        await self.outbox.release("quarantine", "test")

    async def not_ours(self) -> None:
        await self.outbox.accept_total(CAMPAIGN, "test")

    def rows(self) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
        yield from super().rows()
        found = self.outbox._db.execute("SELECT * FROM payouts").fetchall()
        yield "payouts", sorted((tuple(row) for row in found), key=repr)


Step = Callable[[Run], Awaitable[None]]
SELDOM: list[Step] = [
    Run.link,
    Run.unlink,
    Run.decide,
    Run.price,
    Run.later,
    Run.days,
    Run.webhook,
    Run.strange,
    Run.distrust,
    Run.trust,
    Run.not_ours,
]
OFTEN: list[Step] = [Run.put, Run.round, Run.round, Run.look, Run.look_at_any]
STEPS: list[Step] = [*SELDOM, *OFTEN * 10]


async def _gone_through(seed: int, steps: list[Step]) -> Run:
    run = Run(seed)
    await run.outbox.adopt_lanes([LaneTerms(CAMPAIGN, per_user=0)])
    for player in rounds.PLAYERS:
        await run.outbox.link(CAMPAIGN, player, f"usr_{player[-1]}", "test")
    for step in steps:
        await step(run)
    return run


@settings(max_examples=100)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(STEPS), min_size=10, max_size=40))
def test_many_at_once_or_row_by_row_every_row_is_the_same(seed: int, steps: list[Step]) -> None:
    at_once = asyncio.run(_gone_through(seed, steps))
    with patch.object(looking, "_plain_codes", lambda *_: frozenset()):
        alone = asyncio.run(_gone_through(seed, steps))

    assert at_once.told == alone.told
    for here, there in zip(at_once.rows(), alone.rows(), strict=True):
        assert here == there
