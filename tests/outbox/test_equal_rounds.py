"""Claimed and settled many at once or one by one: every row is the same."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from unittest.mock import patch
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import DecisionRefused
from bridge.outbox.ledger import delivering
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.proofs import Balance
from bridge.outbox.values import (
    Accepted,
    Answer,
    Claim,
    Dead,
    Decision,
    Doubtful,
    Held,
    Later,
    Settling,
    Verdict,
)
from bridge.outbox.views import LaneTerms
from tests.outbox.play import CAMPAIGN, HORIZON, LEASE, entry, terms
from tests.support.clock import FakeClock

#: Tables that a round writes in.
TABLES = ("entries", "attempts", "bindings", "changes", "totals", "journal", "ledger")
PLAYERS = [f"name:player_{n}" for n in range(5)]
CODES = ["EARN5", "EARN9"]
VERDICTS: list[Verdict] = [
    *[Accepted()] * 8,
    Later(0.0, "http_500"),
    Later(90.0, "unreachable", unsent=True),
    Held("refused", 600.0),
    Held("user_unknown", None),
    Dead("refused"),
    Doubtful("conflict"),
]


class Run:
    """One outbox that goes through steps that chance decides, the same with the same seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._clock = FakeClock()
        self.outbox = MemoryOutbox(self._clock)
        self._claims: list[Claim] = []
        self._put = 0
        self.told: list[object] = []

    async def put(self) -> None:
        news = []
        for _ in range(self._chance.randint(1, 8)):
            self._put += 1
            player, code = self._chance.choice(PLAYERS), self._chance.choice(CODES)
            news.append(entry(self._put, player=player, code=code))
        await self.outbox.put(news)

    async def link(self) -> None:
        player, ref = self._chance.choice(PLAYERS), f"usr_{self._chance.randint(0, 5)}"
        await self.outbox.link(CAMPAIGN, player, ref, "test")

    async def unlink(self) -> None:
        await self.outbox.unlink(CAMPAIGN, self._chance.choice(PLAYERS), "test")

    async def round(self) -> None:
        self._chance.shuffle(self._claims)
        some = self._chance.randint(0, len(self._claims))
        ended, self._claims = self._claims[:some], self._claims[some:]
        if ended and self._chance.random() < 0.1:
            ended.append(ended[0])  # told twice, as after a lease that was lost
        settlings = [self._settling(claim) for claim in ended]
        claimed = await self.outbox.settle_and_claim(settlings, CAMPAIGN, 6, terms())
        self._claims += claimed.claims
        self.told.append(claimed)

    async def later(self) -> None:
        self._clock.advance(self._chance.choice([0.1, 100, LEASE + 1, HORIZON + 1]))

    async def decide(self) -> None:
        keys = await self.outbox.keys_between(UUID(int=0), UUID(int=2**128 - 1))
        for key in self._chance.sample(keys, min(2, len(keys))):
            try:
                await self.outbox.decide(key, self._chance.choice(list(Decision)), "test")
            except DecisionRefused as refused:
                self.told.append(repr(refused))

    async def lane(self) -> None:
        history, shadow = self._chance.random() < 0.7, self._chance.random() < 0.1
        await self.outbox.adopt_lanes([LaneTerms(CAMPAIGN, shadow, history, per_user=0)])

    async def price(self) -> None:
        prices = [(code, Decimal(1)) for code in CODES if self._chance.random() < 0.5]
        await self.outbox.take_balance(Balance(CAMPAIGN, None, prices))

    def _settling(self, claim: Claim) -> Settling:
        verdict = self._chance.choice(VERDICTS)
        answer = Answer(type(verdict).__name__, 202, "words", "head", self._chance.random())
        return Settling(claim, verdict, answer)

    def rows(self) -> Iterator[tuple[str, list[tuple[object, ...]]]]:
        db = self.outbox._db
        for table in TABLES:
            columns = "sequence, quarantine, quiet" if table == "ledger" else "*"
            found = db.execute(f"SELECT {columns} FROM {table}").fetchall()
            yield table, sorted((tuple(row) for row in found), key=repr)


Step = Callable[[Run], Awaitable[None]]
SELDOM = [Run.put, Run.put, Run.link, Run.unlink, Run.later, Run.decide, Run.lane, Run.price]
STEPS: list[Step] = [*SELDOM, *[Run.round] * 8]


async def _gone_through(seed: int, steps: list[Step]) -> Run:
    run = Run(seed)
    await run.outbox.adopt_lanes([LaneTerms(CAMPAIGN, per_user=0)])
    for player in PLAYERS[:3]:
        await run.outbox.link(CAMPAIGN, player, f"usr_{player[-1]}", "test")
    for step in steps:
        await step(run)
    return run


@settings(max_examples=100)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(STEPS), max_size=30))
def test_many_at_once_or_one_by_one_every_row_is_the_same(seed: int, steps: list[Step]) -> None:
    at_once = asyncio.run(_gone_through(seed, steps))
    with ExitStack() as patches:
        for gathering in (delivering._First, delivering._Taken):
            patches.enter_context(patch.object(gathering, "takes", lambda *_: False))
        alone = asyncio.run(_gone_through(seed, steps))

    assert at_once.told == alone.told
    for here, there in zip(at_once.rows(), alone.rows(), strict=True):
        assert here == there
