"""Connections that are kept: what is sent on them, which are used again, and when they end."""

import asyncio
import shutil
import socket
import ssl
import struct
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from bridge.campaigns.posting import connections
from bridge.campaigns.posting.connection import LONGEST_BODY, LONGEST_HEAD, Lost
from bridge.campaigns.posting.connections import NotSent
from bridge.campaigns.posting.post import Post, post
from tests.campaigns.play import BODY, KEY

pytestmark = pytest.mark.both_loops

HEADERS = {"Authorization": "Bearer secret", "User-Agent": "campaign-bridge"}
OK = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}"


class Server:
    """A host on bare sockets: it notes requests by connection and says what a test wants."""

    def __init__(self) -> None:
        self.requests: list[tuple[int, bytes]] = []
        self.open: list[asyncio.Transport] = []
        self.says: Callable[[int], bytes] = lambda _: OK
        self.hold: asyncio.Event | None = None
        self.changed = asyncio.Event()
        self.lost = 0
        self.port = 0

    @property
    def connections(self) -> list[int]:
        return [number for number, _ in self.requests]

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not ready():
                self.changed.clear()
                await self.changed.wait()


class Met(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._number = -1
        self._got = b""
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert hasattr(transport, "write")  # uvloop's say of themselves that they are none
        self._transport = transport
        self._number = len(self._server.open)
        self._server.open.append(transport)
        self._server.changed.set()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, end, body = self._got.partition(b"\r\n\r\n")
        if not end or len(body) < len(BODY):
            return
        self._got = b""
        self._server.requests.append((self._number, head + end + body))
        self._server.changed.set()
        number = len(self._server.requests)
        self._task = asyncio.get_running_loop().create_task(self._say(number))

    def connection_lost(self, error: Exception | None) -> None:
        self._server.lost += 1
        self._server.changed.set()

    async def _say(self, number: int) -> None:
        if self._server.hold is not None:
            await self._server.hold.wait()
        self._transport.write(self._server.says(number))


@asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server()
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(lambda: Met(server), "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server
        for transport in server.open:
            transport.abort()


@asynccontextmanager
async def posting(
    server: Server, total: float = 5.0, url: str = "http://127.0.0.1"
) -> AsyncIterator[Post]:
    target = f"{url}:{server.port}/api/v1/campaign/c%2F1/events"
    async with post(target, HEADERS, connect=1.0, total=total) as made:
        yield made


# -- what is sent ---------------------------------------------------------------------------


async def test_a_request_is_whole_and_nothing_but_itself() -> None:
    async with serving() as server, posting(server) as events:
        await events.send(KEY, BODY)
    (request,) = [request for _, request in server.requests]
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.decode().split("\r\n")

    assert line == "POST /api/v1/campaign/c%2F1/events HTTP/1.1"
    assert headers == [
        f"Host: 127.0.0.1:{server.port}",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Authorization: Bearer secret",
        "User-Agent: campaign-bridge",
        "Content-Type: application/json",
        f"Idempotency-Key: {KEY}",
        f"Content-Length: {len(BODY)}",
    ]
    assert body == BODY


async def test_a_header_can_not_hold_another() -> None:
    with pytest.raises(ValueError, match="line break"):
        async with post("http://127.0.0.1:1/", {"X": "a\r\nY: b"}, connect=1, total=1):
            pass


# -- which connections are used -------------------------------------------------------------


async def test_one_connection_does_for_calls_in_turn() -> None:
    async with serving() as server, posting(server) as events:
        for _ in range(5):
            await events.send(uuid4(), BODY)

    assert server.connections == [0] * 5


async def test_calls_at_once_have_a_connection_each_and_their_own_answers() -> None:
    async with serving() as server, posting(server) as events:
        server.says = lambda number: OK.replace(b"{}", b"%02d" % number)
        for _ in range(3):
            sent = [uuid4() for _ in range(20)]
            replies = await asyncio.gather(*(events.send(key, BODY) for key in sent))
            asked = {key_in(request): n for n, (_, request) in enumerate(server.requests, 1)}
            assert [int(reply.body) for reply in replies] == [asked[key] for key in sent]

    assert len(server.open) == 20


def key_in(request: bytes) -> UUID:
    return UUID(request.partition(b"Idempotency-Key: ")[2][:36].decode())


ONCE = {
    "it says so": b"HTTP/1.1 202 A\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
    "old": b"HTTP/1.0 202 A\r\nContent-Length: 2\r\n\r\n{}",
    "more than was asked for": OK + OK,
    "more, and no HTTP": OK + b"more",
    "another protocol": b"HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
    "more, after it said that it closes": b"HTTP/1.1 202 A\r\nConnection: close\r\n"
    b"Content-Length: 2\r\n\r\n{}HTTP/1.1",
}


@pytest.mark.parametrize("case", ONCE)
async def test_a_connection_that_may_hold_something_else_is_not_used_again(case: str) -> None:
    async with serving() as server, posting(server) as events:
        server.says = lambda number: ONCE[case] if number == 1 else OK
        first = await events.send(KEY, BODY)
        second = await events.send(KEY, BODY)

    assert first.status in {202, 101}
    assert (second.status, second.body) == (202, b"{}")
    assert server.connections == [0, 1]


async def test_an_answer_that_comes_unasked_is_nobodys() -> None:
    async with serving() as server, posting(server) as events:
        await events.send(KEY, BODY)
        server.open[0].write(OK.replace(b"{}", b"no"))
        await server.until(lambda: server.lost == 1)
        reply = await events.send(KEY, BODY)

    assert reply.body == b"{}"
    assert server.connections == [0, 1]


async def test_a_connection_that_was_closed_meanwhile_is_not_used() -> None:
    async with serving() as server, posting(server) as events:
        await events.send(KEY, BODY)
        server.open[0].close()
        await server.until(lambda: server.lost == 1)
        await asyncio.sleep(0.01)
        await events.send(KEY, BODY)

    assert server.connections == [0, 1]


async def test_connections_that_rest_too_long_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_REST", 0.05)
    async with serving() as server, posting(server) as events:
        await asyncio.gather(*(events.send(uuid4(), BODY) for _ in range(3)))
        await server.until(lambda: server.lost == 3)
        await events.send(KEY, BODY)

    assert server.connections[-1] == 3


# -- answers in pieces ----------------------------------------------------------------------

CHUNKED = (
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nRetry-After: 7\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
    b'8;x=y\r\n{"a": 1,\r\n7\r\n "b": 2\r\n1\r\n}\r\n0\r\nT: r\r\n\r\n'
)


async def test_an_answer_may_come_byte_by_byte_and_its_connection_is_kept() -> None:
    async with serving() as server, posting(server) as events:
        for at in range(1, len(CHUNKED)):
            server.says = lambda _, at=at: CHUNKED[:at]  # type: ignore[misc]
            reply = asyncio.create_task(events.send(KEY, BODY))
            await server.until(lambda: len(server.requests) == at)  # noqa: B023
            await asyncio.sleep(0)
            server.open[0].write(CHUNKED[at:])
            answer = await reply
            assert (answer.status, answer.body) == (202, b'{"a": 1, "b": 2}')
            assert answer.headers[b"retry-after"] == b"7"

    assert set(server.connections) == {0}


async def test_of_two_headers_with_one_name_the_first_counts() -> None:
    async with serving() as server, posting(server) as events:
        said = b"HTTP/1.1 429 S\r\nRETRY-After: 1\r\nretry-after: 2\r\nContent-Length: 0\r\n\r\n"
        server.says = lambda _: said
        reply = await events.send(KEY, BODY)

    assert reply.headers[b"retry-after"] == b"1"


# -- answers that are too much --------------------------------------------------------------


@pytest.mark.parametrize("spread", [False, True])
async def test_headers_without_an_end_are_lost(spread: bool) -> None:
    line = b"X-%d: " + b"x" * 1000 + b"\r\n"
    head = b"".join(line % n for n in range(LONGEST_HEAD // 900)) if spread else b""
    async with serving() as server, posting(server) as events:
        server.says = lambda _: b"HTTP/1.1 202 A\r\n" + (head or b"X: " + b"x" * LONGEST_HEAD)
        with pytest.raises(Lost, match="no end"):
            await events.send(KEY, BODY)


async def test_hints_without_an_end_are_lost() -> None:
    async with serving() as server, posting(server) as events:
        server.says = lambda _: b"HTTP/1.1 103 Early\r\n\r\n" * 5000
        with pytest.raises(Lost, match="no end"):
            await events.send(KEY, BODY)


async def test_a_body_is_read_as_far_as_an_answer_can_be_long() -> None:
    async with serving() as server, posting(server) as events:
        length = 3 * LONGEST_BODY
        server.says = lambda _: (
            b"HTTP/1.1 202 A\r\nContent-Length: %d\r\n\r\n" % length + (b"x" * length)
        )
        reply = await events.send(KEY, BODY)
        again = await events.send(KEY, BODY)

    assert LONGEST_BODY <= len(reply.body) < 2 * LONGEST_BODY
    assert again.status == 202
    assert server.connections == [0, 1]


# -- time and ends --------------------------------------------------------------------------


async def test_a_call_that_takes_too_long_is_given_up_and_so_is_its_connection() -> None:
    async with serving() as server, posting(server, total=0.1) as events:
        server.hold = asyncio.Event()
        results = await asyncio.gather(
            *(events.send(uuid4(), BODY) for _ in range(5)), return_exceptions=True
        )
        server.hold = None
        reply = await events.send(KEY, BODY)
        await server.until(lambda: server.lost == 5)

    assert [type(result) for result in results] == [TimeoutError] * 5
    assert reply.status == 202
    assert server.connections[-1] == 5


async def test_slow_answers_do_not_get_more_time_by_dripping() -> None:
    async with serving() as server, posting(server, total=0.2) as events:
        server.says = lambda _: b"HTTP/1.1 202 A\r\n"
        call = asyncio.create_task(events.send(KEY, BODY))
        await server.until(lambda: len(server.requests) == 1)

        async def drip() -> None:
            while True:
                server.open[0].write(b"X: y\r\n")
                await asyncio.sleep(0.01)

        dripping = asyncio.create_task(drip())
        with pytest.raises(TimeoutError):
            await call
        dripping.cancel()


async def test_a_call_that_is_cut_off_leaves_no_answer_to_the_next() -> None:
    async with serving() as server, posting(server) as events:
        server.hold = asyncio.Event()
        call = asyncio.create_task(events.send(KEY, BODY))
        await server.until(lambda: len(server.requests) == 1)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        server.says = lambda number: OK.replace(b"{}", b"%02d" % number)
        server.hold.set()
        reply = await events.send(uuid4(), BODY)

    assert server.connections == [0, 1]
    assert reply.body == b"02"


async def test_cutting_off_a_call_that_has_its_answer_cuts_off_no_other() -> None:
    async with serving() as server, posting(server) as events:
        server.hold = asyncio.Event()
        call = asyncio.create_task(events.send(KEY, BODY))
        await server.until(lambda: len(server.requests) == 1)
        connection = next(iter(events._connections._all))
        done = asyncio.get_running_loop().create_future()
        rests = connection._rests

        def resting(again: object) -> None:
            rests(connection)
            call.cancel()  # in the turn of the loop in which its answer came
            done.set_result(asyncio.create_task(events.send(uuid4(), BODY)))

        connection._rests = resting
        server.hold.set()
        other = await done
        connection._rests = rests
        await asyncio.gather(call, return_exceptions=True)
        reply = await asyncio.wait_for(other, 5)

    assert reply.status == 202


async def test_leaving_closes_everything_and_is_not_held_up() -> None:
    async with serving() as server:
        server.hold = asyncio.Event()
        async with posting(server) as events:
            call = asyncio.create_task(events.send(KEY, BODY))
            await server.until(lambda: len(server.requests) == 1)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        await server.until(lambda: server.lost == 1)


# -- TLS ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of localhost that signs itself, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl")
    made = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", str(made)),
            *("-out", str(made.with_suffix(".crt"))),
        ],
        check=True,
        capture_output=True,
    )
    made.write_text(made.read_text() + made.with_suffix(".crt").read_text())
    return made


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    connections._tls.cache_clear()
    yield
    connections._tls.cache_clear()


def speaking_tls(certificate: Path, names: list[str | None]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    context.sni_callback = lambda _, name, __: names.append(name)
    return context


@pytest.mark.usefixtures("trusted")
async def test_over_tls_the_host_is_named_and_its_connection_kept(certificate: Path) -> None:
    names: list[str | None] = []
    async with (
        serving(speaking_tls(certificate, names)) as server,
        posting(server, url="https://localhost") as events,
    ):
        for _ in range(3):
            reply = await events.send(KEY, BODY)

    assert (reply.status, server.connections, names) == (202, [0] * 3, ["localhost"])


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_of_another_name_is_refused(certificate: Path) -> None:
    async with (
        serving(speaking_tls(certificate, [])) as server,
        posting(server, url="https://127.0.0.1") as events,
    ):
        with pytest.raises(NotSent, match="certificate"):
            await events.send(KEY, BODY)

    assert server.requests == []


async def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    async with (
        serving(speaking_tls(certificate, [])) as server,
        posting(server, url="https://localhost") as events,
    ):
        with pytest.raises(NotSent, match="certificate"):
            await events.send(KEY, BODY)

    assert server.requests == []


HANDSHAKES = {
    "hangs up": (b"", False),
    "hangs up hard": (b"", True),
    "speaks no TLS": (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", False),
    "breaks off": (b"\x16\x03\x03\x00\x7a\x02", False),
    "breaks off hard": (b"\x16\x03\x03\x00\x7a\x02", True),
    "is alarmed": (b"\x15\x03\x03\x00\x02\x02\x28", False),
    "says nothing": (None, False),
}


@pytest.mark.parametrize("case", HANDSHAKES)
async def test_of_a_handshake_that_fails_it_is_certain_that_nothing_was_sent(case: str) -> None:
    said, hard = HANDSHAKES[case]
    over = asyncio.Event()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(5)
        if said is None:
            await over.wait()
        else:
            writer.write(said)
            await writer.drain()
        if hard:
            lingering = struct.pack("ii", 1, 0)
            connection = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingering)
            writer.transport.abort()
        writer.close()

    async with await asyncio.start_server(met, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/x"
        async with post(url, {}, connect=0.5, total=5) as events:
            with pytest.raises(NotSent):
                await events.send(KEY, BODY)
        over.set()
