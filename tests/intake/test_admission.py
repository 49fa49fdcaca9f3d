"""The bound on what waits for the disk."""

import asyncio
from typing import Any

import pytest

from bridge.errors import Overloaded, StoreFull
from bridge.events import RawMessage
from bridge.intake.admission import Admission


def messages(clock: Any, count: int) -> list[RawMessage]:
    return [RawMessage("", b'{"player": "a:%d"}' % n, clock.now()) for n in range(count)]


async def test_what_exceeds_the_bound_is_refused_and_not_handed_on(sink: Any, clock: Any) -> None:
    door = Admission(sink, 3)
    sink.open.clear()
    waiting = asyncio.create_task(door(messages(clock, 2)))
    await sink.until(lambda: len(sink.batches) == 1)

    with pytest.raises(Overloaded):
        await door(messages(clock, 2))
    fits = asyncio.create_task(door(messages(clock, 1)))
    sink.open.set()
    await asyncio.gather(waiting, fits)

    assert [len(batch) for batch in sink.batches] == [2, 1]


async def test_a_call_larger_than_the_bound_passes_when_it_is_alone(sink: Any, clock: Any) -> None:
    outcomes = await Admission(sink, 3)(messages(clock, 10))

    assert len(outcomes) == 10


async def test_a_failure_makes_room_again(sink: Any, clock: Any) -> None:
    door = Admission(sink, 1)
    sink.failures.append(StoreFull())

    with pytest.raises(StoreFull):
        await door(messages(clock, 1))

    assert len(await door(messages(clock, 1))) == 1


async def test_the_patient_wait_until_there_is_room(sink: Any, clock: Any) -> None:
    door = Admission(sink, 1)
    sink.open.clear()
    tasks = [asyncio.create_task(door.patiently(messages(clock, 1))) for _ in range(5)]
    await sink.until(lambda: len(sink.batches) == 1)
    sink.open.set()
    async with asyncio.timeout(5):
        outcomes = await asyncio.gather(*tasks)

    assert len(outcomes) == 5
