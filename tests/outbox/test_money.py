"""Whatever happens in whatever order: no feat is paid twice, and none is lost.

A state machine plays game servers, operators, a network that loses and delays, a crashing daemon
and a wrong wall clock against each backend. `Api` is the pure model of what is at stake: money.
"""

import tempfile
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.events import State
from bridge.outbox.contract import Outbox
from bridge.outbox.values import Accepted, Answer, Claim, Dead, Decision, Held, Later, Verdict
from bridge.outbox.views import EntryView, Listing
from tests.outbox.play import (
    ALICE,
    BACKENDS,
    BOB,
    CAMPAIGN,
    HORIZON,
    HOUR,
    LEASE,
    ManyCalls,
    entry,
    terms,
)
from tests.support.clock import FakeClock

PLAYERS = st.sampled_from([ALICE, BOB])
USERS = st.sampled_from(["usr_1", "usr_2"])
#: A request that is still under way after this long never arrives.
LONGEST_WAY = 600.0
#: How far the wall clock may be set back in all, where a restart believes it.
WRONG = HOUR
RETENTION = HORIZON + LONGEST_WAY + WRONG + 1


class Fate(StrEnum):
    """What the network and the API do to one request; the client can't know it."""

    TAKEN = "taken"
    REFUSED = "refused"
    NEVER = "never"
    LATE = "late"


SAID: dict[Fate, tuple[Verdict, ...]] = {
    Fate.TAKEN: (
        Accepted(),
        Later(0.0, "timeout"),
        Later(5.0, "http_409", conflict=True),
        Held("refused", 600.0, unsent=False),
    ),
    Fate.REFUSED: (
        Held("refused", 600.0),
        Held("user_unknown", None),
        Dead("refused"),
        Later(3.0, "http_429", unsent=True),
        Later(0.0, "timeout"),
    ),
    Fate.NEVER: (Later(0.0, "connect_refused", unsent=True), Later(1.0, "timeout")),
    Fate.LATE: (Later(0.0, "timeout"), Later(60.0, "http_503")),
}


@dataclass(slots=True)
class Api:
    """Pays once for each wire key, for as long as it remembers it."""

    paid: Counter[UUID] = field(default_factory=Counter)
    known: dict[UUID, float] = field(default_factory=dict)

    def remembers(self, wire_key: UUID, now: float) -> bool:
        return wire_key in self.known and now - self.known[wire_key] <= RETENTION

    def take(self, claim: Claim, now: float) -> None:
        if not self.remembers(claim.wire.key, now):
            self.paid[claim.key] += 1
            self.known[claim.wire.key] = now


@dataclass(frozen=True, slots=True)
class Sent:
    """A claim whose request is out."""

    claim: Claim
    fate: Fate
    at: float
    set_forward: float


class Money(RuleBasedStateMachine):
    """Everything that can happen to an outbox; a backend's machine says how it is opened."""

    backend = ""

    def __init__(self) -> None:
        super().__init__()
        self.runner = ManyCalls()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = FakeClock()
        self.api = Api()
        self.open: list[Sent] = []
        self.under_way: list[Sent] = []
        self.set_back = 0.0
        self.set_forward = 0.0
        self.start()

    def start(self) -> None:
        self.rooms = AsyncExitStack()
        opened = BACKENDS[self.backend].open(Path(self.folder.name), self.clock)
        self.outbox: Outbox = self.runner.run(self.rooms.enter_async_context(opened))

    def stop(self) -> None:
        self.runner.run(self.rooms.aclose())

    def views(self) -> dict[UUID, EntryView]:
        listed = self.runner.run(self.outbox.listing(Listing(limit=10_000)))
        return {view.key: view for view in listed}

    @initialize(alice=USERS, bob=USERS)
    def begin(self, alice: str, bob: str) -> None:
        self.link(ALICE, alice)
        self.link(BOB, bob)
        self.put(1, ALICE, "EARN5")

    # -- games, players ---------------------------------------------------------------------

    @rule(number=st.integers(1, 2), player=PLAYERS, code=st.sampled_from(["EARN5", "EARN9"]))
    def put(self, number: int, player: str, code: str) -> None:
        known = set(self.views())
        (taken,) = self.runner.run(self.outbox.put([entry(number, player=player, code=code)]))

        assert getattr(taken, "duplicate", None) is (getattr(taken, "key", None) in known)

    @rule(player=PLAYERS, user=USERS)
    def link(self, player: str, user: str) -> None:
        self.runner.run(self.outbox.link(CAMPAIGN, player, user, "test"))

    @rule(player=PLAYERS)
    def unlink(self, player: str) -> None:
        self.runner.run(self.outbox.unlink(CAMPAIGN, player, "test"))

    # -- delivery ---------------------------------------------------------------------------

    @rule(limit=st.integers(1, 4), fates=st.lists(st.sampled_from(Fate), min_size=4, max_size=4))
    def claim(self, limit: int, fates: list[Fate]) -> None:
        claimed = self.runner.run(self.outbox.claim(CAMPAIGN, limit, terms()))

        assert len(claimed.claims) <= limit
        for claim, fate in zip(claimed.claims, fates, strict=False):
            self.send(claim, fate)

    def send(self, claim: Claim, fate: Fate) -> None:
        now = self.clock.monotonic()
        for other in self.open:  # a wall clock that is set forward may end a lease early
            over = other.at + LEASE <= now or other.set_forward < self.set_forward
            assert other.claim.key != claim.key or over
        if fate is Fate.REFUSED and self.api.remembers(claim.wire.key, now):
            fate = Fate.TAKEN  # it repeats its 202
        if fate is Fate.TAKEN:
            self.api.take(claim, now)
        sent = Sent(claim, fate, now, self.set_forward)
        self.open.append(sent)
        if fate is Fate.LATE:
            self.under_way.append(sent)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """The answer comes; late, where the clock went on since the claim."""
        sent = self.open.pop(data.draw(st.integers(0, len(self.open) - 1)))
        self.hear(sent, data.draw(st.sampled_from(SAID[sent.fate])))

    def hear(self, sent: Sent, verdict: Verdict) -> None:
        self.runner.run(self.outbox.settle(sent.claim, verdict, Answer(type(verdict).__name__)))

    @rule(fate=st.sampled_from(Fate), which=st.integers(0, 9))
    def attempt(self, fate: Fate, which: int) -> None:
        """One entry is claimed, sent and answered in time."""
        for claim in self.runner.run(self.outbox.claim(CAMPAIGN, 1, terms())).claims:
            self.send(claim, fate)
            sent = self.open.pop()
            said = SAID[sent.fate]
            self.hear(sent, said[which % len(said)])

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 99))
    def forget(self, which: int) -> None:
        """The task that sent it dies; nobody will ever tell the outbox."""
        self.open.pop(which % len(self.open))

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 99))
    def arrive(self, which: int) -> None:
        sent = self.under_way.pop(which % len(self.under_way))
        self.api.take(sent.claim, self.clock.monotonic())

    # -- time -------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1.0, LEASE + 1, LONGEST_WAY, HORIZON / 2, RETENTION + 1]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        limit = self.clock.monotonic() - LONGEST_WAY
        self.under_way = [sent for sent in self.under_way if sent.at >= limit]

    @rule(seconds=st.sampled_from([600.0, HOUR]))
    def jump_back(self, seconds: float) -> None:
        if self.set_back + seconds <= WRONG:
            self.set_back += seconds
            self.clock.jump(-seconds)

    @rule(seconds=st.sampled_from([60.0, HOUR, HORIZON]))
    def jump_forward(self, seconds: float) -> None:
        self.set_forward += seconds
        self.clock.jump(seconds)

    # -- the operator, who looks before deciding --------------------------------------------

    @precondition(lambda self: not self.under_way)
    @rule(which=st.integers(0, 99))
    def resolve(self, which: int) -> None:
        doubts = [view.key for view in self.views().values() if view.state is State.UNCERTAIN]
        if doubts:
            self.tell_the_truth(doubts[which % len(doubts)])

    def tell_the_truth(self, key: UUID) -> None:
        decision = Decision.PAID if self.api.paid[key] else Decision.UNPAID
        self.runner.run(self.outbox.decide(key, decision, "olga"))

    @rule(which=st.integers(0, 99), decision=st.sampled_from([Decision.RETRY, Decision.DISCARD]))
    def decide(self, which: int, decision: Decision) -> None:
        can = {State.DUE, State.DEAD} | ({State.HELD} if decision is Decision.DISCARD else set())
        keys = [key for key, view in self.views().items() if view.state in can and view.user_ref]
        if keys:
            self.runner.run(self.outbox.decide(keys[which % len(keys)], decision, "olga"))

    # -- what always holds ------------------------------------------------------------------

    @invariant()
    def nothing_is_paid_twice(self) -> None:
        assert all(times <= 1 for times in self.api.paid.values())

    @invariant()
    def the_ledger_tells_the_truth(self) -> None:
        """Only what was paid is accepted, of one fence one is unproven, only the due are fenced."""
        views = self.views()
        in_doubt = Counter(
            (view.user_ref, view.event_code)
            for view in views.values()
            if view.unproven_since is not None or view.state in {State.SENDING, State.UNCERTAIN}
        )

        assert all(count == 1 for count in in_doubt.values())
        for key, view in views.items():
            assert view.state is not State.ACCEPTED or self.api.paid[key] == 1
            assert view.state is State.DUE or not view.fenced

    # -- the end ----------------------------------------------------------------------------

    def teardown(self) -> None:
        """When all goes well again, every feat that nobody discarded is paid: none is stuck."""
        try:
            self.open.clear()
            self.under_way.clear()
            linked = {link.player for link in self.runner.run(self.outbox.links())}
            for player in {ALICE, BOB} - linked:  # a link made anew would lift every fence
                self.link(player, "usr_1")
            for _ in range(40):
                self.settle_everything()
                self.nothing_is_paid_twice()
            for key, view in self.views().items():
                assert view.state in {State.ACCEPTED, State.DISCARDED}, view
                assert view.state is State.DISCARDED or self.api.paid[key] == 1
        finally:
            self.stop()
            self.runner.close()
            self.folder.cleanup()

    def settle_everything(self) -> None:
        self.wait(LONGEST_WAY + LEASE)
        for claim in self.runner.run(self.outbox.claim(CAMPAIGN, 16, terms())).claims:
            self.api.take(claim, self.clock.monotonic())
            self.runner.run(self.outbox.settle(claim, Accepted(), Answer("accepted", 202)))
        for key, view in self.views().items():
            if view.state is State.UNCERTAIN:
                self.tell_the_truth(key)
            elif view.state in {State.DEAD, State.HELD}:
                self.runner.run(self.outbox.decide(key, Decision.RETRY, "olga"))


class InMemory(Money):
    """The memory backend: fast, so that much is tried."""

    backend = "memory"


class InAFile(Money):
    """The SQLite backend, which also stops and starts again in the middle."""

    backend = "sqlite"

    @rule()
    def restart(self) -> None:
        self.open.clear()
        self.stop()
        self.start()


CALM: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}
TestMoneyInMemory = InMemory.TestCase
TestMoneyInMemory.settings = settings(max_examples=80, stateful_step_count=40, **CALM)
TestMoneyInAFile = InAFile.TestCase
TestMoneyInAFile.settings = settings(max_examples=8, stateful_step_count=30, **CALM)
