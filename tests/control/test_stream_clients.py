"""The stream's clients: many, slow, idle, gone and come back; each hears each change once."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.control.stream import Stream
from bridge.outbox.contract import Streaming
from bridge.outbox.values import NewEntry
from bridge.outbox.views import Change, LaneTerms
from tests.control.listening import PATIENCE, Client, Square, serving, square_in
from tests.outbox.play import BOB, CAMPAIGN, entry
from tests.support.road import until

# -- many, slow, idle and gone ----------------------------------------------------------------


async def test_a_hundred_clients_hear_everything_in_order(square: Square) -> None:
    async with AsyncExitStack() as rooms:
        clients = [await rooms.enter_async_context(square.listening()) for _ in range(100)]
        for number in range(10):
            await square.put(*range(number * 5, number * 5 + 5))
        heard = await asyncio.gather(*(client.events(50) for client in clients))

    numbers = [[event.number for event in events] for events in heard]
    assert numbers == [list(range(1, 51))] * 100


async def test_an_idle_client_hears_that_somebody_is_there(tmp_path: Path) -> None:
    async with square_in(tmp_path, heartbeat=0.05) as square, square.listening() as client:
        listening = asyncio.create_task(client.event())
        await until(_heard(client, 3))
        await square.put(1)
        event = await listening

    assert set(client.comments) == {": ping"}
    assert event is not None
    assert event.number == 1


def _heard(client: Client, number: int) -> Any:
    async def enough() -> bool:
        return len(client.comments) >= number

    return enough


async def test_who_has_gone_is_forgotten(tmp_path: Path) -> None:
    async with square_in(tmp_path, heartbeat=0.05) as square:
        for _ in range(20):
            async with square.listening() as client:
                client.kill()
        streams = square.outbox._streams  # nothing public shows a leak

        async def none_left() -> bool:
            return len(streams) == 0

        await until(none_left)


class Counted:
    """The streaming side of an outbox, and how many changes it gave away."""

    def __init__(self, outbox: Streaming) -> None:
        self._outbox = outbox
        self.given = 0

    async def changes(self, after: int, limit: int = 100) -> Sequence[Change]:
        found = await self._outbox.changes(after, limit)
        self.given += len(found)
        return found

    async def last_change(self) -> int:
        return await self._outbox.last_change()

    def watch_changes(self) -> asyncio.Event:
        return self._outbox.watch_changes()


BULKY = 4000  # bytes of a change, so that no socket's buffer holds them all
MANY = 5000


def bulky(number: int) -> NewEntry:
    return replace(entry(number), feat="x" * BULKY)


@asynccontextmanager
async def sluggard(port: int) -> AsyncIterator[asyncio.StreamReader]:
    """Listen with as small a buffer as the system gives, and read nothing yet."""
    with socket.socket() as mine:
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        mine.setblocking(False)
        await asyncio.get_running_loop().sock_connect(mine, ("127.0.0.1", port))
        reader, writer = await asyncio.open_connection(sock=mine, limit=2**16)
        writer.write(
            b"GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer g4me\r\n\r\n"
        )
        try:
            await reader.readuntil(b"retry: ")
            yield reader
        finally:
            writer.transport.abort()


async def test_a_client_that_does_not_read_holds_up_nobody_and_costs_no_memory(
    square: Square,
) -> None:
    counted = Counted(square.outbox)
    slow_port = await square.rooms.enter_async_context(serving(Stream(counted)))
    async with sluggard(slow_port) as slow, square.listening() as quick:
        for begin in range(0, MANY, 500):
            await square.play.taken(*(bulky(number) for number in range(begin, begin + 500)))
        heard = await quick.events(MANY)
        given = counted.given

        assert [event.number for event in heard] == list(range(1, MANY + 1))
        assert 0 < given < MANY / 2  # what was read for it and not sent yet is on disk
        assert await read_on(slow, MANY) == list(range(1, MANY + 1))


async def read_on(reader: asyncio.StreamReader, number: int) -> list[int]:
    """Read the numbers of so many events, however the bytes are cut."""
    found: list[int] = []
    rest = b""
    async with asyncio.timeout(PATIENCE):
        while len(found) < number:
            rest += await reader.read(2**16)
            *whole, rest = rest.split(b"id: ")
            found += [int(text.partition(b"\r\n")[0]) for text in whole[1:]]
            rest = b"id: " + rest if whole or found else rest
            if rest.count(b"\r\n") >= 2 and len(found) == number - 1:
                found.append(int(rest.removeprefix(b"id: ").partition(b"\r\n")[0]))
    return found


# -- coming back ----------------------------------------------------------------------------


async def test_a_client_that_comes_back_goes_on_where_it_was(square: Square) -> None:
    await square.put(*range(1, 8))
    async with square.listening(Last_Event_ID="3") as by_header:
        heard = await by_header.events(4)
    async with square.listening("?after=5") as by_query:
        heard_by_query = await by_query.events(2)

    assert [event.number for event in heard] == [4, 5, 6, 7]
    assert [event.number for event in heard_by_query] == [6, 7]


async def test_from_zero_on_everything_is_told(square: Square) -> None:
    await square.put(*range(450))
    async with square.listening("?after=0") as client:
        heard = await client.events(450)

    assert [event.number for event in heard] == list(range(1, 451))


async def test_the_header_that_a_browser_sends_itself_counts_more_than_the_address(
    square: Square,
) -> None:
    await square.put(1, 2, 3)
    async with square.listening("?after=0", Last_Event_ID="2") as client:
        event = await client.event()

    assert event is not None
    assert event.number == 3


@pytest.mark.parametrize("seed", range(3))
async def test_however_connections_die_there_is_no_gap_and_no_double(
    square: Square, seed: int
) -> None:
    chance = random.Random(seed)
    total = 300

    async def writes() -> None:
        for number in range(total):
            await square.put(number)

    writing = asyncio.create_task(writes())
    heard: list[int] = []
    kills = 0
    last = "0"
    while len(heard) < total:
        async with square.asked(Last_Event_ID=last) as client:
            for _ in range(chance.randrange(1, 40)):
                with suppress(aiohttp.ClientError):
                    event = await client.event()
                    if event is None or event.kind == "hello":
                        continue
                    assert event.kind == "state"
                    heard.append(event.number)
                    last = event.id
                if len(heard) == total:
                    break
            client.kill()
            kills += 1
    await writing

    assert heard == list(range(1, total + 1))
    assert kills > 5


async def test_the_hello_of_a_client_that_comes_back_loses_nothing(square: Square) -> None:
    """A client that dies right after it keeps the hello's number as its last."""
    await square.put(1, 2, 3)
    async with square.asked(Last_Event_ID="1") as client:
        hello = await client.event()

    assert hello is not None
    assert hello.id == "1"


async def test_what_is_not_kept_any_more_is_a_gap_that_is_told(square: Square) -> None:
    await square.outbox.adopt_lanes([LaneTerms(CAMPAIGN, shadow=True)])
    await square.play.put(entry(1))
    await square.play.put(entry(2))
    await square.outbox.forget_shadow("olga")
    await square.play.taken(entry(3, player=BOB))
    async with square.listening(Last_Event_ID="0") as client:
        gap, event = await client.events(2)

    assert (gap.kind, gap.id) == ("gap", "2")
    assert (gap.data["after"], gap.data["until"]) == (0, 2)
    assert (event.kind, event.number) == ("state", 3)


async def test_without_a_gap_none_is_told(square: Square) -> None:
    await square.put(1, 2, 3)
    async with square.listening(Last_Event_ID="1") as client:
        kinds = [event.kind for event in await client.events(2)]

    assert kinds == ["state", "state"]


async def test_a_number_of_another_ledger_is_a_gap_and_the_client_hears_what_comes(
    square: Square,
) -> None:
    await square.put(1)
    async with square.listening(Last_Event_ID="999") as client:
        gap = await client.event()
        await square.put(2)
        event = await client.event()

    assert gap is not None
    assert event is not None
    assert (gap.kind, gap.id, gap.data["after"]) == ("gap", "1", 999)
    assert event.number == 2


@pytest.mark.parametrize("given", ["abc", "-1", "1e3", "1.5", "9" * 19, "0x1", "\uff11"])
async def test_a_number_that_the_stream_never_told_is_refused(square: Square, given: str) -> None:
    async with square.asked(f"?after={given}") as client:
        problem = await client.answer.json(content_type="application/problem+json")

    assert client.answer.status == 422
    assert [error["pointer"] for error in problem["errors"]] == ["/after"]


# -- the end -------------------------------------------------------------------------------


async def test_a_shutdown_ends_a_hundred_clients_within_a_second(square: Square) -> None:
    async with AsyncExitStack() as rooms:
        clients = [await rooms.enter_async_context(square.listening()) for _ in range(100)]
        took = await seconds(square)
        ends = await asyncio.gather(*(client.event() for client in clients))

    assert took < 1.0
    assert ends == [None] * 100


async def test_a_client_that_does_not_read_does_not_hold_up_a_shutdown(square: Square) -> None:
    async with sluggard(square.port), square.listening() as quick:
        for begin in range(0, MANY, 500):
            await square.play.taken(*(bulky(number) for number in range(begin, begin + 500)))
        await quick.events(MANY)
        took = await seconds(square)

    assert took < 1.0


async def seconds(square: Square) -> float:
    """Shut the server down; return how long that took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await square.rooms.aclose()
    return loop.time() - began
