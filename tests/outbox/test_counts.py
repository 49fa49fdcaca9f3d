"""What an outbox counts while it works is what counting its entries would give."""

import hashlib
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge.errors import BridgeError
from bridge.events import State
from bridge.outbox.contract import Outbox
from bridge.outbox.proofs import Balance, Failed, History, LookTerms, Paid, Payout, Proof, Webhook
from bridge.outbox.values import (
    Accepted,
    Answer,
    Brakes,
    Dead,
    Decision,
    Doubtful,
    Held,
    Later,
    Verdict,
)
from bridge.outbox.views import EntryView, LaneCount, LaneTerms, Listing
from bridge.testing import START
from tests.outbox.play import ALICE, BACKENDS, BOB, CAMPAIGN, HORIZON, ManyCalls, entry, terms
from tests.support.clock import FakeClock

OTHER = "camp_2"
LANES = st.sampled_from([CAMPAIGN, OTHER])
PLAYERS = st.sampled_from([ALICE, BOB])
USERS = st.sampled_from(["usr_1", "usr_2"])
CODES = st.sampled_from(["EARN5", "EARN9"])
LOOKS = LookTerms([3.0], 60.0, 3600.0)
VERDICTS: list[Verdict] = [
    Accepted(),
    Later(0.0, "timeout"),
    Later(5.0, "connect_refused", unsent=True),
    Held("refused", 600.0),
    Held("user_unknown", None),
    Dead("refused"),
    Doubtful("lost"),
]
BRAKES: list[Brakes | None] = [
    None,
    Brakes("rule", "day", player_day=1),
    Brakes("rule", "day", campaign_day=Decimal(3)),
    Brakes("rule", "day", player_day=1, per_user=True, once=True),
    Brakes("rule", "day", player_day=1, refuse=True),
]


class Counting(RuleBasedStateMachine):
    """Everything that moves entries, in any order; a backend's machine says how it is opened."""

    backend = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = ManyCalls()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.news = 0
        self.start()

    def start(self) -> None:
        self.rooms = AsyncExitStack()
        opened = BACKENDS[self.backend].open(Path(self.folder.name), self.clock)
        self.outbox: Outbox = self.runner.run(self.rooms.enter_async_context(opened))

    def teardown(self) -> None:
        self.runner.run(self.rooms.aclose())
        self.runner.close()
        self.folder.cleanup()

    def views(self, campaign: str) -> Sequence[EntryView]:
        return self.runner.run(self.outbox.listing(Listing(campaign, limit=10_000)))

    # -- what moves entries -------------------------------------------------------------------

    @initialize()
    def begin(self) -> None:
        self.adopt(CAMPAIGN, shadow=False, history=True)
        self.adopt(OTHER, shadow=False, history=True)
        for player, user in ((ALICE, "usr_1"), (BOB, "usr_2")):
            self.link(CAMPAIGN, player, user)

    @rule(
        number=st.integers(0, 3),
        player=PLAYERS,
        code=CODES,
        campaign=LANES,
        brakes=st.sampled_from(BRAKES),
    )
    def put(
        self, number: int, player: str, code: str, campaign: str, brakes: Brakes | None
    ) -> None:
        new = entry(number, player=player, code=code, campaign=campaign)
        self.runner.run(self.outbox.put([replace(new, brakes=brakes)]))

    @rule(campaign=LANES, player=PLAYERS, user=USERS)
    def link(self, campaign: str, player: str, user: str) -> None:
        self.runner.run(self.outbox.link(campaign, player, user, "test"))

    @rule(campaign=LANES, player=PLAYERS)
    def unlink(self, campaign: str, player: str) -> None:
        self.runner.run(self.outbox.unlink(campaign, player, "test"))

    @rule(campaign=LANES, limit=st.integers(1, 4), verdict=st.sampled_from([None, *VERDICTS]))
    def deliver(self, campaign: str, limit: int, verdict: Verdict | None) -> None:
        claimed = self.runner.run(self.outbox.claim(campaign, limit, terms()))
        for claim in claimed.claims if verdict is not None else ():
            self.runner.run(self.outbox.settle(claim, verdict, Answer("test")))  # type: ignore[arg-type]  # not None here

    @rule(which=st.integers(0, 99), decision=st.sampled_from(Decision), campaign=LANES)
    def decide(self, which: int, decision: Decision, campaign: str) -> None:
        if views := self.views(campaign):
            try:
                key = views[which % len(views)].key
                self.runner.run(self.outbox.decide(key, decision, "olga"))
            except BridgeError:  # its state doesn't allow it
                pass

    @rule(campaign=LANES, rows=st.integers(0, 3), user=USERS, code=CODES)
    def read_history(self, campaign: str, rows: int, user: str, code: str) -> None:
        payouts = [Payout(user, code, f"tx_{user}_{code}_{row}") for row in range(rows)]
        history = History(campaign, user, payouts)
        self.runner.run(self.outbox.take_history(history, LOOKS))

    @rule(campaign=LANES, which=st.integers(0, 99), amount=st.integers(1, 9), paid=st.booleans())
    def hear(self, campaign: str, which: int, amount: int, *, paid: bool) -> None:
        if not (views := self.views(campaign)):
            return
        view = views[which % len(views)]
        self.news += 1
        payout = Payout(view.user_ref or "", view.event_code, f"w_{self.news}", Decimal(amount))
        proof: Proof = Paid(payout, view.key) if paid else Failed(view.key, "no funds")
        digest = hashlib.sha256(str(self.news).encode()).digest()[:16]
        self.runner.run(
            self.outbox.receive(Webhook(digest, campaign, "Event", START, b"{}", proof))
        )

    @rule(campaign=LANES, five=st.integers(1, 3), nine=st.integers(0, 3))
    def learn_prices(self, campaign: str, five: int, nine: int) -> None:
        told = [("EARN5", Decimal(five)), *([("EARN9", Decimal(nine))] if nine else [])]
        self.runner.run(self.outbox.take_balance(Balance(campaign, Decimal(100), told)))

    @rule(campaign=LANES, shadow=st.booleans(), history=st.booleans())
    def adopt(self, campaign: str, *, shadow: bool, history: bool) -> None:
        lane = LaneTerms(campaign, shadow=shadow, history=history, per_user=0)
        self.runner.run(self.outbox.adopt_lanes([lane]))

    @rule(reason=st.sampled_from(["over_cap", "price_unknown", "shadow", "quarantine"]))
    def release(self, reason: str) -> None:
        self.runner.run(self.outbox.release(reason, "olga"))

    @rule()
    def forget_shadow(self) -> None:
        self.runner.run(self.outbox.forget_shadow("olga"))

    @rule()
    def quarantine(self) -> None:
        self.runner.run(self.outbox.quarantine("an old copy"))
        self.runner.run(self.outbox.release("quarantine", "olga"))

    @rule(older=st.sampled_from([0.0, 600.0]))
    def expire(self, older: float) -> None:
        self.runner.run(self.outbox.expire(older, "olga"))

    @rule(seconds=st.sampled_from([1.0, 61.0, 700.0, HORIZON + 1]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)

    # -- what always holds --------------------------------------------------------------------

    @invariant()
    def every_number_is_what_counting_gives(self) -> None:
        lanes = {lane.campaign: lane for lane in self.runner.run(self.outbox.counts())}
        for campaign in (CAMPAIGN, OTHER):
            views = self.views(campaign)
            lane = lanes.pop(campaign, LaneCount(campaign))

            assert lane.states == Counter(view.state for view in views)
            assert lane.amounts == sums(views)
            assert lane.held == Counter(v.reason for v in views if v.state is State.HELD)
            assert lane.fenced == sum(view.fenced for view in views)
            assert lane.shadow_cost == sum(
                (v.amount or Decimal(0) for v in views if v.reason == "shadow"), Decimal(0)
            )
            assert lane.oldest_due == self.oldest(views)
            assert lane.oldest_uncertain == self.oldest_doubt(views)
        assert not lanes

    def oldest(self, views: Sequence[EntryView]) -> float | None:
        dues = [v.due_at for v in views if v.state is State.DUE and v.due_at is not None]
        ages = [max(0.0, (self.clock.now() - at).total_seconds()) for at in dues]
        return max(ages, default=None)

    def oldest_doubt(self, views: Sequence[EntryView]) -> float | None:
        doubts = [v.unproven_since for v in views if v.state is State.UNCERTAIN]
        ages = [(self.clock.now() - at).total_seconds() for at in doubts if at is not None]
        return max(ages, default=None)

    @invariant()
    def an_amount_is_known_or_waited_for(self) -> None:
        """What waits for a price has none, and what has a price doesn't wait for it."""
        views = [*self.views(CAMPAIGN), *self.views(OTHER)]

        assert all(view.amount is None for view in views if view.reason == "price_unknown")


def sums(views: Sequence[EntryView]) -> dict[State, Decimal]:
    """Return what the entries of each state cost, where that is anything."""
    found: dict[State, Decimal] = {}
    for view in views:
        if view.amount:
            found[view.state] = found.get(view.state, Decimal(0)) + view.amount
    return found


class InMemory(Counting):
    """The memory backend: fast, so that much is tried."""

    backend = "memory"


class InAFile(Counting):
    """The SQLite backend, which also stops and starts again in the middle."""

    backend = "sqlite"

    @rule()
    def restart(self) -> None:
        self.runner.run(self.rooms.aclose())
        self.start()


CALM: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
TestCountsInMemory = InMemory.TestCase
TestCountsInMemory.settings = settings(max_examples=60, stateful_step_count=40, **CALM)
TestCountsInAFile = InAFile.TestCase
TestCountsInAFile.settings = settings(max_examples=8, stateful_step_count=30, **CALM)
