"""Whatever is sent, and however often again: counters stand where paper says."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.outbox.memory import MemoryOutbox
from tests.outbox.counter_model import Event, Paper, histories
from tests.outbox.counting import made, put
from tests.outbox.play import Play
from tests.support.clock import FakeClock


@given(histories(), st.data())
@settings(max_examples=150, deadline=None)
def test_counters_stand_where_paper_says_and_resends_change_nothing(
    events: list[Event], data: st.DataObject
) -> None:
    async def check() -> None:
        clock, paper = FakeClock(), Paper()
        play = Play(MemoryOutbox(clock), clock)
        cut = data.draw(st.integers(0, len(events)))
        for part in (events[:cut], events[cut:]):
            assert await put(play, *(e.deed() for e in part)) == [paper.take(e) for e in part]
            if part:
                again = data.draw(st.lists(st.sampled_from(part), max_size=20))
                told = await put(play, *(event.deed() for event in again))
                assert told == [paper.take(event) for event in again]
            assert await made(play) == paper.made

    asyncio.run(check())
