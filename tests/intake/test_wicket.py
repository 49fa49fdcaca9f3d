"""The wicket: plain calls are taken, all others left to aiohttp, and nobody can tell them apart."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.errors import CapReached, StoreFull, StoreUnavailable
from bridge.gate.guard import Gate
from bridge.gate.origin import Hosts
from bridge.gate.roles import Role
from bridge.gate.tokens import Tokens
from bridge.intake import wicket as wickets
from bridge.intake.counts import Counts
from bridge.intake.http import Achievements
from bridge.intake.listen import application, http_listening
from bridge.intake.wicket import Wickets, front
from tests.intake.conftest import TOKEN, Answer, Raw, RecordingSink, StandingClock

pytestmark = pytest.mark.both_loops

ITEM = b'{"player": "steam:1", "achievement": "first_blood"}'
PLAIN = ["Host: localhost", f"Authorization: Bearer {TOKEN}", "Content-Type: application/json"]


def post(body: bytes = ITEM, *headers: str, first: str = "POST /v1/achievements HTTP/1.1") -> bytes:
    lines = [first, *(headers or PLAIN), f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Door:
    """A door with its wicket, or without, and what came through each."""

    sink: RecordingSink
    gate: Gate
    counts: Counts
    address: tuple[str, int]
    fronts: list[Wickets] = field(default_factory=list)
    connections: list[Raw] = field(default_factory=list)

    async def connect(self) -> Raw:
        self.connections.append(Raw(*await asyncio.open_connection(*self.address)))
        return self.connections[-1]

    async def call(self, *requests: bytes) -> Answer:
        """Send the pieces of one call, a moment apart."""
        connection = await self.connect()
        for piece in requests:
            await connection.send(piece)
            await asyncio.sleep(0.01 * (len(requests) > 1))
        return await connection.answer()

    @property
    def wicket(self) -> Wickets:
        return self.fronts[0]


def a_gate() -> Gate:
    known = {TOKEN: Role.GAME, "r3ad": Role.READ}
    tokens = Tokens({sha256(token.encode()).digest(): role for token, role in known.items()})
    return Gate(tokens, hosts=Hosts.of(["bridge.example"]))


@asynccontextmanager
async def opened(
    *, with_wicket: bool = True, held: Sequence[socket.socket] = (), **options: Any
) -> AsyncIterator[Door]:
    sink, gate, counts = RecordingSink(), a_gate(), Counts()
    made: list[Wickets] = []
    posts = Achievements(sink, StandingClock(), counts, **options)

    def before(*args: Any) -> Wickets:
        made.append(front(posts, gate)(*args))
        return made[-1]

    app, listen = application(gate, posts.routes()), None if held else "127.0.0.1:0"
    async with http_listening(
        app, listen, front=before if with_wicket else None, held=held, linger=0.1
    ) as bound:
        door = Door(sink, gate, counts, bound.tcp[0], made)
        try:
            yield door
        finally:
            for connection in door.connections:
                connection.writer.close()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with opened() as door:
        yield door


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What went through a wicket."""
    bodies: list[bytes] = []
    take = Wickets.take

    def note(self: Wickets, wicket: Any, body: bytes, head: Any) -> None:
        bodies.append(body)
        take(self, wicket, body, head)

    monkeypatch.setattr(Wickets, "take", note)
    return bodies


# -- what it takes, and what it leaves ------------------------------------------------------


async def test_a_plain_call_is_answered_as_aiohttp_would(door: Door, taken: list[bytes]) -> None:
    first = await door.call(post())
    again = await door.call(post())
    async with opened(with_wicket=False) as other:
        expected = await other.call(post())

    assert taken == [ITEM, ITEM]
    assert (first.status, first.json) == (expected.status, expected.json)
    assert set(first.headers) == set(expected.headers)
    assert {**first.headers, "date": ""} == {**expected.headers, "date": ""}
    assert first.headers["date"] == "Mon, 23 Nov 2026 12:00:00 GMT"
    assert again.json["duplicate"] is True
    (message, _) = door.sink.messages
    assert message.headers == {"content-type": "application/json"}
    assert (message.peer, message.source) == ("127.0.0.1", "")


async def test_a_connection_stays_for_the_next_call(door: Door, taken: list[bytes]) -> None:
    connection = await door.connect()
    for _ in range(3):
        await connection.send(post())
        assert (await connection.answer()).status == 202

    assert len(taken) == 3


async def test_calls_ahead_are_answered_in_their_order(door: Door, taken: list[bytes]) -> None:
    bodies = [b'{"player": "steam:%d", "achievement": "x"}' % number for number in range(5)]
    connection = await door.connect()
    await connection.send(b"".join(post(body) for body in bodies))
    keys = [(await connection.answer()).json["key"] for _ in bodies]

    assert door.sink.bodies == taken == bodies
    assert len(set(keys)) == 5


async def test_calls_that_come_together_are_stored_together(door: Door) -> None:
    connections = [await door.connect() for _ in range(8)]
    door.sink.open.clear()
    for connection in connections:
        connection.writer.write(post())
    await door.sink.until(lambda: len(door.sink.bodies) == 8)
    door.sink.open.set()
    for connection in connections:
        assert (await connection.answer()).status == 202

    assert len(door.sink.batches) < 8


@pytest.mark.parametrize("at", [5, 40, -len(ITEM), -1])
async def test_a_call_in_two_pieces_is_plain(door: Door, taken: list[bytes], at: int) -> None:
    answer = await door.call(post()[:at], post()[at:])

    assert answer.status == 202
    assert taken == [ITEM]


async def test_one_that_tarries_is_aiohttp_s(
    door: Door, taken: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wickets, "_PATIENCE", 0.01)
    connection = await door.connect()
    await connection.send(post()[:-1])
    await asyncio.sleep(0.1)
    await connection.send(post()[-1:])

    assert (await connection.answer()).status == 202
    assert not taken
    assert not door.wicket.open


async def test_a_token_that_is_no_longer_good_opens_nothing(door: Door) -> None:
    connection = await door.connect()
    await connection.send(post())
    before = await connection.answer()
    door.gate.replace(Tokens({sha256(b"other").digest(): Role.GAME}))
    await connection.send(post())
    after = await connection.answer()

    assert (before.status, after.status) == (202, 401)


async def test_no_token_is_kept(door: Door) -> None:
    await door.call(post())

    assert TOKEN not in repr(vars(door.wicket.heads))


async def test_heads_that_never_come_again_are_forgotten(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.intake.heads._REMEMBERED", 10)
    connection = await door.connect()
    for number in range(25):
        await connection.send(post(ITEM, *PLAIN, f"X-Request: {number}"))
        assert (await connection.answer()).status == 202

    assert len(door.wicket.heads._verdicts) <= 10


ODD_HEADS = [
    ["Host: localhost"],
    ["Host: localhost", "Authorization: Bearer wrong"],
    ["Host: localhost", "Authorization: Bearer r3ad"],
    ["Host: localhost", f"Authorization: Basic {TOKEN}"],
    ["Host: localhost", f"authorization:   bearer   {TOKEN}  "],
    ["Host: bridge.example:80", *PLAIN[1:]],
    ["Host: evil.example", *PLAIN[1:]],
    [*PLAIN, "Host: localhost"],
    PLAIN[1:],
    [*PLAIN, "Origin: http://evil.example"],
    [*PLAIN, "Origin: http://localhost"],
    [*PLAIN, "Sec-Fetch-Site: cross-site"],
    [*PLAIN, "Expect: 100-continue"],
    [*PLAIN, "Expect: miracles"],
    [*PLAIN, "Content-Encoding: gzip"],
    [*PLAIN, "Content-Encoding: identity"],
    [*PLAIN, "Upgrade: websocket", "Connection: Upgrade"],
    [*PLAIN, "Connection: close"],
    [*PLAIN, "Connection: Keep-Alive"],
    [*PLAIN, "Connection: keep-alive, close"],
    [*PLAIN, "Content-Length: 3"],
    [*PLAIN, "Transfer-Encoding: chunked"],
    [*PLAIN, "X-Name: \u00e9"],
    [*PLAIN, "X-Zero: \0"],
    [*PLAIN, " folded: x"],
    [*PLAIN, "no colon"],
    [*PLAIN, "Bad Name: x"],
    [*PLAIN, "X-Long: " + "x" * 9000],
    [*PLAIN[:2], "Content-Type: text/plain", "User-Agent: " + "x" * 300],
    [*PLAIN[:2], "Content-Type: application/x-ndjson"],
    [*PLAIN[:2], "Content-Type: image/png"],
    [*PLAIN[:2]],
]
FIRSTS = [
    "POST /v1/achievements HTTP/1.0",
    "POST /v1/achievements?token=x HTTP/1.1",
    "POST //v1/achievements HTTP/1.1",
    "POST http://localhost/v1/achievements HTTP/1.1",
    "PUT /v1/achievements HTTP/1.1",
    "post /v1/achievements HTTP/1.1",
    "POST  /v1/achievements HTTP/1.1",
    "POST /v1/nothing HTTP/1.1",
    "GET /v1/achievements HTTP/1.1",
    "nonsense",
]
BODIES = [
    ITEM,
    b" \n" + ITEM + b"\0",
    b"\xef\xbb\xbf" + ITEM,
    b"",
    b"?",
    b"[" + ITEM + b"]",
    b"[]",
    b"7",
    b"{}",
    b'{"player": "name:\xc3\xa9", "achievement": "x"}',
    b'{"player": "name:\xff", "achievement": "x"}',
    b'{"player": NaN}',
    b'{"player": "a", "achievement": "unknown"}',
    b'{"player": "a", "achievement": "win"}',
    b'{"player": "a", "achievement": "y", "details": {"new": true}}',
    b'{"player": "a", "achievement": "' + b"x" * 5000 + b'"}',
    b'{"player": "a", "achievement": "' + b"x" * 70_000 + b'"}',
    b'{"player": "a"} x',
    b"player=a&achievement=b",
]


async def seen(door: Door, request: bytes) -> Any:
    """Return all that a caller sees of an answer."""
    answer = await door.call(request)
    return answer.status, {**answer.headers, "date": ""}, answer.body, answer.interim


async def hold_equal(requests: Sequence[bytes]) -> None:
    async with opened() as one, opened(with_wicket=False) as other:
        for request in requests:
            assert await seen(one, request) == await seen(other, request), request
        assert one.sink.messages == other.sink.messages
        assert one.counts == other.counts


async def test_odd_heads_are_answered_the_same() -> None:
    await hold_equal([post(ITEM, *headers) for headers in ODD_HEADS])


async def test_odd_calls_are_answered_the_same() -> None:
    await hold_equal([post(ITEM, first=first) for first in FIRSTS])


async def test_odd_bodies_are_answered_the_same() -> None:
    await hold_equal([post(body) for body in BODIES])


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(BODIES),
            st.sampled_from(ODD_HEADS) | st.just(PLAIN),
            st.sampled_from(FIRSTS) | st.just("POST /v1/achievements HTTP/1.1"),
            st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=3)), max_size=1),
        ),
        max_size=6,
    )
)
def test_any_call_is_answered_the_same(calls: Any) -> None:
    requests = []
    for body, headers, first, damages in calls:
        request = post(body, *headers, first=first)
        for at, damage in damages:
            request = request[:at] + damage + request[at + len(damage) :]
        requests.append(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
    with pytest.MonkeyPatch.context() as patched:  # what is cut is left to aiohttp soon
        patched.setattr(wickets, "_PATIENCE", 0.02)
        asyncio.run(_hold_equal_or_silent(requests))


async def _hold_equal_or_silent(requests: Sequence[bytes]) -> None:
    async with (
        opened(body_seconds=0.2) as one,
        opened(with_wicket=False, body_seconds=0.2) as other,
    ):
        for request in requests:
            heard, expected = await _heard_of_both(one, other, request)
            assert heard == expected, request
        assert one.sink.messages == other.sink.messages


async def _heard_of_both(one: Door, other: Door, request: bytes) -> list[Any]:
    """Return what each answers: where one does, the other is waited for, however busy we are."""
    calls = [asyncio.create_task(seen(door, request)) for door in (one, other)]
    done, _ = await asyncio.wait(calls, timeout=0.5, return_when=asyncio.FIRST_COMPLETED)
    if done:
        await asyncio.wait(calls, timeout=10)
    for call in calls:
        call.cancel()
    ends = await asyncio.gather(*calls, return_exceptions=True)
    return [_end_of_call(end) for end in ends]


def _end_of_call(end: Any) -> Any:
    if isinstance(end, asyncio.CancelledError):
        return "silence"
    return "cut" if isinstance(end, (asyncio.IncompleteReadError, ConnectionError)) else end


# -- refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure", [StoreFull(), StoreUnavailable(), CapReached(), RuntimeError("a bug")]
)
async def test_what_fails_is_told_the_same(failure: Exception) -> None:
    answers = []
    for with_wicket in (True, False):
        async with opened(with_wicket=with_wicket) as door:
            door.sink.failures.append(failure)
            answers.append((await seen(door, post()), door.counts))

    assert answers[0][0] == answers[1][0]
    assert answers[0][1].received == answers[1][1].received == 1


async def test_beyond_the_bound_calls_are_refused_each_for_itself(taken: list[bytes]) -> None:
    async with opened(waiting=2) as door:
        door.sink.open.clear()
        connections = [await door.connect() for _ in range(5)]
        for connection in connections:
            await connection.send(post())
        await door.sink.until(lambda: len(door.sink.bodies) == 2)
        asyncio.get_running_loop().call_later(0.1, door.sink.open.set)
        answers = [await connection.answer() for connection in connections]

    assert sorted(answer.status for answer in answers) == [202, 202, 429, 429, 429]
    assert all("retry-after" in answer.headers for answer in answers if answer.status == 429)
    assert len(taken) == 5


async def test_a_caller_that_has_gone_spoils_nothing(door: Door) -> None:
    door.sink.open.clear()
    gone, stays = await door.connect(), await door.connect()
    for connection in (gone, stays):
        await connection.send(post())
    await door.sink.until(lambda: len(door.sink.bodies) == 2)
    gone.writer.transport.abort()
    await asyncio.sleep(0.02)
    door.sink.open.set()

    assert (await stays.answer()).status == 202


async def test_an_answer_that_fails_spoils_no_other(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.sink.open.clear()
    bad, good = await door.connect(), await door.connect()
    await bad.send(post() + b"POST /v1/achievements HTTP/1.1\r\nHost: x\r\n\r\n")
    await good.send(post())
    await door.sink.until(lambda: len(door.sink.bodies) == 2)
    monkeypatch.setattr(door.wicket.heads, "judge", None)
    door.sink.open.set()

    assert (await good.answer()).status == 202
    assert (await bad.answer()).status == 202
    assert await bad.reader.read() == b""


# -- callers that are slow, idle or many ----------------------------------------------------


async def test_one_that_only_talks_is_read_no_further(door: Door) -> None:
    door.sink.open.clear()
    connection = await door.connect()
    connection.writer.write(post() * 60_000)
    await asyncio.sleep(0.3)
    (wicket,) = door.wicket.open

    assert len(wicket._got) < 1024 * 1024
    assert len(door.sink.bodies) == 1
    connection.writer.transport.abort()
    door.sink.open.set()


async def test_one_that_never_reads_its_answers_has_to_wait(door: Door) -> None:
    connection = await door.connect()
    connection.writer.transport.pause_reading()
    connection.writer.write(post() * 60_000)
    await asyncio.sleep(1.0)
    stuck = len(door.sink.bodies)
    await asyncio.sleep(0.3)

    assert len(door.sink.bodies) - stuck < 20_000
    (wicket,) = door.wicket.open
    assert wicket._transport.get_write_buffer_size() < 1024 * 1024
    connection.writer.transport.abort()


async def test_one_that_rests_too_long_is_closed() -> None:
    posts = Achievements(RecordingSink(), StandingClock())
    loop = asyncio.get_running_loop()
    made = Wickets(posts, a_gate(), asyncio.Protocol, rest=0.0)
    server = await loop.create_server(made, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    await asyncio.sleep(0.05)
    made._sweep()

    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    server.close()
    await made.end(1.0)


# -- the end --------------------------------------------------------------------------------


async def test_a_call_under_way_is_answered_before_the_end(taken: list[bytes]) -> None:
    async with opened() as door:
        door.sink.open.clear()
        connection, idle = await door.connect(), await door.connect()
        await connection.send(post())
        await door.sink.until(lambda: len(door.sink.bodies) == 1)
        asyncio.get_running_loop().call_later(0.1, door.sink.open.set)
        answering = asyncio.create_task(connection.answer())
        door.connections.clear()
    answer = await answering

    assert answer.headers["connection"] == "close"
    assert await asyncio.wait_for(connection.reader.read(), 5) == b""
    assert await asyncio.wait_for(idle.reader.read(), 5) == b""
    connection.writer.close()
    idle.writer.close()
    assert len(taken) == 1


@pytest.fixture
def listener() -> Any:
    sock = socket.create_server(("127.0.0.1", 0), backlog=100)
    sock.setblocking(False)
    yield sock
    sock.close()


def held_by(listener: socket.socket) -> AbstractAsyncContextManager[Door]:
    return opened(held=[listener.dup()])


async def test_one_that_is_kept_open_is_told_to_come_anew(
    listener: socket.socket, taken: list[bytes]
) -> None:
    async with held_by(listener) as door:
        connection = await door.connect()
        await connection.send(post())
        first = await connection.answer()
        door.connections.clear()

        async def later() -> Answer:
            await asyncio.sleep(0.1)
            await connection.send(post())
            return await connection.answer()

        calling = asyncio.create_task(later())
    last = await calling
    connection.writer.close()

    assert "connection" not in first.headers
    assert (last.status, last.headers["connection"]) == (202, "close")
    assert len(taken) == 2


async def test_one_that_was_accepted_and_calls_late_is_answered(listener: socket.socket) -> None:
    async with held_by(listener) as door:
        late, quick = await door.connect(), await door.connect()
        await quick.send(post())
        await quick.answer()  # so both are accepted
        door.connections.clear()

        async def calls() -> Answer:
            await asyncio.sleep(0.6)
            await late.send(post())
            return await late.answer()

        calling = asyncio.create_task(calls())
    answer = await calling
    late.writer.close()
    quick.writer.close()

    assert answer.status == 202


async def test_who_comes_at_the_very_end_is_aiohttp_s(door: Door) -> None:
    door.wicket.ended = True
    answer = await door.call(post())

    assert answer.status == 202
    assert not door.wicket.open
