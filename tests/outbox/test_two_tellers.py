"""One payout is told twice, by a webhook and by the history, in other words: it counts once.

The API names a payout by a row's `id`, by a `transactionHash`, and in webhooks by whatever it
likes; the names need not agree.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.events import State
from bridge.outbox.contract import Outbox
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.proofs import Became, History, LookTerms, Paid, Payout, Webhook
from bridge.outbox.store import open_outbox
from bridge.outbox.views import Listing
from tests.outbox.play import ALICE, CAMPAIGN, TIMEOUT, Play, entry
from tests.support.clock import FakeClock

USER = "usr_1"
CODE = "EARN5"
LOOKS = LookTerms([1.0], 60.0, 3600.0)


class Naming(StrEnum):
    """How a webhook names the payout that the history shows as row `id` with `hash`."""

    BY_ID = "by id"
    BY_HASH = "by hash"
    OTHERWISE = "otherwise"
    NOT_AT_ALL = "not at all"


@dataclass
class World:
    """The outbox, and what the API has truly paid: (row id, wire key)."""

    outbox: Outbox
    clock: FakeClock
    play: Play
    paid: list[tuple[str, UUID]] = field(default_factory=list)
    sent: int = 0

    def pay(self, key: UUID) -> int:
        self.paid.append((f"row-{len(self.paid)}", key))
        return len(self.paid) - 1

    async def webhook(self, number: int, naming: Naming, *, keyed: bool = True) -> Became:
        row, key = self.paid[number]
        name = {
            Naming.BY_ID: row,
            Naming.BY_HASH: f"0x{row}",
            Naming.OTHERWISE: f"tx/{number}",
            Naming.NOT_AT_ALL: None,
        }[naming]
        self.sent += 1
        payout = Payout(USER, CODE, name, None, self.clock.now())
        body = str(self.sent).encode()
        proof = Paid(payout, key if keyed else None)
        digest = sha256(body).digest()[:16]
        return await self.outbox.receive(
            Webhook(digest, CAMPAIGN, "Campaign.Event.Paid", self.clock.now(), body, proof)
        )

    async def history(self, shown: int | None = None) -> None:
        """Take in the history as it shows the first payouts, or all of them."""
        rows = [
            Payout(USER, CODE, row, None, self.clock.now(), hash=f"0x{row}")
            for row, _ in self.paid[:shown]
        ]
        await self.outbox.take_history(History(CAMPAIGN, USER, rows), LOOKS)

    async def states(self) -> Counter[State]:
        found = await self.outbox.listing(Listing(limit=100))
        return Counter(view.state for view in found)

    async def accepted(self, number: int) -> UUID:
        """Return the key of an entry that the API has taken."""
        new = entry(number, player=ALICE, code=CODE)
        key = await self.play.put(new, ref=USER)
        await self.play.accept(await self.play.claim())
        return key

    async def unproven(self, number: int) -> UUID:
        """Return the key of an entry whose sending ended without an answer."""
        key = await self.play.put(entry(number, player=ALICE, code=CODE), ref=USER)
        await self.play.attempt(TIMEOUT)
        return key


@asynccontextmanager
async def world_in(folder: Path) -> AsyncIterator[World]:
    clock = FakeClock()
    async with open_outbox(folder / "outbox.db", clock) as outbox:
        yield World(outbox, clock, Play(outbox, clock))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with world_in(tmp_path) as made:
        yield made


@pytest.mark.parametrize("naming", Naming)
@pytest.mark.parametrize("keyed", [True, False])
async def test_a_payout_that_a_webhook_told_of_proves_no_second_entry_by_its_row(
    world: World, naming: Naming, *, keyed: bool
) -> None:
    paid, never = await world.accepted(1), await world.unproven(2)
    await world.webhook(world.pay(paid), naming, keyed=keyed)

    await world.history()

    assert await world.play.state(paid) is State.CONFIRMED
    assert await world.play.state(never) is State.DUE
    assert await world.outbox.strange_payouts(CAMPAIGN) == []


async def test_a_webhook_without_name_and_key_proves_nothing_and_has_the_history_read(
    world: World,
) -> None:
    """It can't be told from the same one, told again in other bytes."""
    paid = await world.accepted(1)
    world.clock.advance(1)
    assert await world.outbox.to_look_for(CAMPAIGN, 10) == []

    became = await world.webhook(world.pay(paid), Naming.NOT_AT_ALL, keyed=False)

    assert became is Became.UNMATCHED
    assert await world.play.state(paid) is State.ACCEPTED
    assert await world.outbox.to_look_for(CAMPAIGN, 10) == [USER]


@pytest.mark.parametrize("naming", Naming)
async def test_a_row_that_was_seen_first_is_what_the_webhook_tells_of(
    world: World, naming: Naming
) -> None:
    paid, never = await world.accepted(1), await world.unproven(2)
    number = world.pay(paid)
    await world.history()
    await world.webhook(number, naming)
    await world.history()

    assert await world.play.state(paid) is State.CONFIRMED
    assert await world.play.state(never) is State.DUE
    assert await world.outbox.strange_payouts(CAMPAIGN) == []


@pytest.mark.parametrize("naming", Naming)
async def test_a_webhook_that_is_told_again_in_other_bytes_is_one_payout(
    world: World, naming: Naming
) -> None:
    number = world.pay(await world.accepted(1))
    await world.webhook(number, naming)
    await world.webhook(number, naming)
    await world.history()

    assert await world.outbox.strange_payouts(CAMPAIGN) == []


@pytest.mark.parametrize("naming", [Naming.BY_ID, Naming.BY_HASH, Naming.OTHERWISE])
async def test_a_second_payout_under_one_key_is_found(world: World, naming: Naming) -> None:
    key = await world.accepted(1)
    await world.webhook(world.pay(key), naming)
    await world.webhook(world.pay(key), naming)
    await world.history()

    (strange,) = await world.outbox.strange_payouts(CAMPAIGN)
    assert strange.twice == key


async def test_what_an_operator_says_is_not_ours_is_no_finding_and_proves_nothing(
    world: World,
) -> None:
    world.pay(UUID(int=1))
    await world.accepted(1)
    await world.history()  # counted for the entry, since nothing tells them apart
    world.pay(UUID(int=2))
    await world.history()
    before = await world.outbox.strange_payouts(CAMPAIGN)

    await world.outbox.accept_total(CAMPAIGN, "operator")
    later = await world.accepted(2)
    await world.history()

    assert len(before) == 1
    assert await world.outbox.strange_payouts(CAMPAIGN) == []
    assert await world.play.state(later) is State.ACCEPTED


# -- any order ------------------------------------------------------------------------------


class Step(StrEnum):
    """What happens next."""

    PAID = "an entry is accepted and paid"
    WAITS = "an entry is accepted and not paid yet"
    LATE = "one that waits is paid"
    UNPROVEN = "an entry is sent, and nobody knows"
    ARRIVED = "one that nobody knew of was paid"
    BEHIND = "somebody else is paid for the same"
    WEBHOOK = "a webhook arrives"
    HISTORY = "the history is read"


#: Every webhook names its payout in one way, or some of them don't name it.
NAMINGS = [
    *([naming] for naming in Naming),
    *([naming, Naming.NOT_AT_ALL] for naming in Naming if naming is not Naming.NOT_AT_ALL),
]


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
@given(
    steps=st.lists(st.sampled_from(Step), min_size=4, max_size=14),
    namings=st.sampled_from(NAMINGS),
    keyed=st.booleans(),
    chance=st.randoms(use_true_random=False),
)
def test_never_are_more_entries_confirmed_than_were_paid_and_in_the_end_all_that_were(
    steps: list[Step], namings: list[Naming], *, keyed: bool, chance: random.Random
) -> None:
    clock = FakeClock()
    outbox = MemoryOutbox(clock)  # the same ledger as a file's, and no disk to wait for
    world = World(outbox, clock, Play(outbox, clock))

    asyncio.run(_any_order(world, steps, namings, keyed=keyed, chance=chance))


async def _any_order(  # noqa: C901  # one branch a step
    world: World, steps: list[Step], namings: list[Naming], *, keyed: bool, chance: random.Random
) -> None:
    waiting: list[UUID] = []
    unknown: list[UUID] = []
    for number, step in enumerate(steps):
        # An unproven entry fences the others of its kind: no more are sent.
        fenced = bool(unknown)
        if step in {Step.PAID, Step.WAITS} and not fenced:
            key = await world.accepted(number)
            if step is Step.PAID:
                world.pay(key)
            else:
                waiting.append(key)
        elif step is Step.UNPROVEN and not fenced:
            unknown.append(await world.unproven(number))
        elif step is Step.LATE and waiting:
            world.pay(waiting.pop(0))
        elif step is Step.ARRIVED and unknown and unknown[-1] not in [k for _, k in world.paid]:
            world.pay(unknown[-1])
        elif step is Step.BEHIND:
            world.pay(UUID(int=number))
        elif step is Step.WEBHOOK and world.paid:
            told = chance.randrange(len(world.paid))
            await world.webhook(told, chance.choice(namings), keyed=keyed)
        elif step is Step.HISTORY:
            await world.history(chance.randint(0, len(world.paid)))
        confirmed = (await world.states())[State.CONFIRMED]
        assert confirmed <= len(world.paid), (number, step)
    await world.history()
    states = await world.states()
    ours = {key for _, key in world.paid if key.int > len(steps)}
    assert len(ours) <= states[State.CONFIRMED] <= min(len(world.paid), states.total())
    strange = await world.outbox.strange_payouts(CAMPAIGN)
    assert len(strange) == len(world.paid) - states[State.CONFIRMED]
