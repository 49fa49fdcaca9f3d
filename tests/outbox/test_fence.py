"""However the line behind a fence is disturbed, it never comes to a stop for ever."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import DecisionRefused
from bridge.events import State
from bridge.outbox.memory import MemoryOutbox
from bridge.outbox.values import Accepted, Claim, Decision, Doubtful, Verdict
from bridge.outbox.views import Listing
from tests.outbox.play import ALICE, BOB, CAMPAIGN, CONNECT_REFUSED, REFUSED, TIMEOUT, Play, entry
from tests.support.clock import FakeClock

PLAYERS = (ALICE, BOB)
KEYS = [entry(number, player=player).key for player in PLAYERS for number in range(3)]
FINAL = {State.ACCEPTED, State.DISCARDED}


class Line:
    """Six entries of one fence, of two players who are one user."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.play = Play(MemoryOutbox(clock), clock)
        self.open: list[Claim] = []

    async def begin(self) -> None:
        for player in PLAYERS:
            for number in range(3):
                await self.play.put(entry(number, player=player))

    async def claim(self) -> None:
        self.open += await self.play.claims()

    async def answer(self, verdict: Verdict) -> None:
        await self.claim()
        if self.open:
            await self.play.settle(self.open.pop(0), verdict)

    async def decide(self, which: int, decision: Decision) -> None:
        state = await self.play.state(KEYS[which])
        if state in {State.DUE, State.DEAD}:
            with suppress(DecisionRefused):  # its player is not linked now
                await self.play.outbox.decide(KEYS[which], decision, "olga")

    async def link(self, player: str, user: str) -> None:
        await self.play.outbox.link(CAMPAIGN, player, user, "test")

    async def unlink(self, player: str) -> None:
        await self.play.outbox.unlink(CAMPAIGN, player, "test")

    async def wait(self) -> None:
        self.play.clock.advance(700)

    async def left(self) -> list[str]:
        """Let all go well; return what is stuck all the same."""
        linked = {link.player for link in await self.play.outbox.links()}
        for player in set(PLAYERS) - linked:
            await self.link(player, "usr_1")
        for _ in range(2 * len(KEYS)):
            await self.wait()
            for claim in await self.play.claims():
                await self.play.accept(claim)
            for view in await self.play.outbox.listing(Listing(state=State.UNCERTAIN)):
                await self.play.outbox.decide(view.key, Decision.PAID, "olga")
        views = await self.play.outbox.listing(Listing())
        return [f"{view.occurrence} {view.state}" for view in views if view.state not in FINAL]


Step = Callable[[Line], Awaitable[None]]
VERDICTS: list[Verdict] = [Accepted(), TIMEOUT, CONNECT_REFUSED, REFUSED, Doubtful("lost")]
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.just(Line.claim),
    st.just(Line.wait),
    st.sampled_from(VERDICTS).map(lambda verdict: lambda line: line.answer(verdict)),
    st.integers(0, 5).map(lambda which: lambda line: line.decide(which, Decision.DISCARD)),
    st.integers(0, 5).map(lambda which: lambda line: line.decide(which, Decision.RETRY)),
    st.sampled_from(PLAYERS).map(lambda player: lambda line: line.unlink(player)),
    st.tuples(st.sampled_from(PLAYERS), st.sampled_from(["usr_1", "usr_2"])).map(
        lambda both: lambda line: line.link(*both)
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_a_line_that_is_disturbed_goes_on(steps: list[Step]) -> None:
    async def story() -> list[str]:
        line = Line()
        await line.begin()
        for step in steps:
            await step(line)
        return await line.left()

    assert asyncio.run(story()) == []
