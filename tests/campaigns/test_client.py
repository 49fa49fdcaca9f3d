"""One campaign's client against real servers: what it sends, and what it makes of odd answers."""

import asyncio
import contextlib
import gzip
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager

import pytest

from bridge.campaigns.outcomes import Accepted, PauseLane, Retry, Sent
from bridge.campaigns.transport import LONGEST_ANSWER
from bridge.errors import CampaignError
from tests.campaigns.play import BODY, KEY, client_of, sent_to
from tests.delivery import far
from tests.delivery.far import Far, closed_port, says
from tests.delivery.rig import API_KEY

pytestmark = pytest.mark.both_loops

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[int]:
    """Listen on a bare socket and let `talk` answer; leave once every connection is closed."""
    open_ones: set[asyncio.Task[None]] = set()

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ones.add(task)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await talk(reader, writer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async with await asyncio.start_server(met, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
    await asyncio.gather(*open_ones)


async def answered(data: bytes) -> Sent:
    """Send an event to a server that answers with these bytes and closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        await writer.drain()

    async with talking(talk) as port:
        return await sent_to(f"http://127.0.0.1:{port}/api")


# -- what is sent ---------------------------------------------------------------------------


async def test_an_event_is_sent_as_documented(there: Far) -> None:
    sent = await sent_to(there.url)
    (call,) = there.calls

    assert sent.outcome == Accepted()
    assert (call.method, call.path) == ("POST", "/api/v1/campaign/camp_1/events")
    assert call.body == BODY
    assert call.headers["Idempotency-Key"] == str(KEY)
    assert call.headers["Authorization"] == f"Bearer {API_KEY}"
    assert call.headers["X-Oncade-API-Version"] == "v1"
    assert call.headers["X-Campaign-Id"] == "camp_1"
    assert call.headers["Content-Type"] == "application/json"


async def test_a_campaigns_name_can_not_leave_its_place_in_the_path(there: Far) -> None:
    async with client_of(there.url, "../secrets?a=b#c") as client:
        await client.send_event(KEY, BODY, "EARN5")

    assert [call.path for call in there.calls] == ["/api/v1/campaign/../secrets?a=b#c/events"]


async def test_a_redirect_is_never_followed(there: Far) -> None:
    there.always = says(307, b"", Location=f"{there.url}/elsewhere")
    sent = await sent_to(there.url)

    assert sent.outcome == PauseLane("redirected", maybe_sent=True)
    assert len(there.calls) == 1


async def test_a_redirected_read_is_not_followed_either(there: Far) -> None:
    there.standing = says(302, b"", Location=f"{there.url}/elsewhere")
    async with client_of(there.url) as client:
        with pytest.raises(CampaignError, match="answered 302"):
            await client.standing()

    assert len(there.calls) == 1


async def test_cookies_are_not_kept(there: Far) -> None:
    there.always = says(202, far.TAKEN, Set_Cookie="tracked=yes")
    async with client_of(there.url) as client:
        await client.send_event(KEY, BODY, "EARN5")
        await client.send_event(KEY, BODY, "EARN5")

    assert all("Cookie" not in call.headers for call in there.calls)


# -- nothing was sent -----------------------------------------------------------------------


async def test_a_refused_connection_proves_that_nothing_was_sent() -> None:
    sent = await sent_to(f"http://127.0.0.1:{closed_port()}/api")

    assert sent.outcome == Retry("unreachable", maybe_sent=False)
    assert sent.status is None


async def test_a_failed_tls_handshake_proves_that_nothing_was_sent(there: Far) -> None:
    sent = await sent_to(there.url.replace("http://", "https://"))

    assert sent.outcome == Retry("unreachable", maybe_sent=False)
    assert there.calls == []


async def test_a_handshake_that_takes_too_long_proves_that_nothing_was_sent() -> None:
    async def dumb(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with talking(dumb) as port:
        sent = await sent_to(f"https://127.0.0.1:{port}/api")

    assert sent.outcome == Retry("unreachable", maybe_sent=False)


async def test_a_name_that_does_not_resolve_proves_that_nothing_was_sent() -> None:
    longest = ".".join(letter * 63 for letter in "abcd")  # refused without asking anybody
    sent = await sent_to(f"https://{longest}.invalid/api")

    assert sent.outcome == Retry("unreachable", maybe_sent=False)


async def test_a_name_server_that_is_silent_proves_that_nothing_was_sent(there: Far) -> None:
    with busy_resolver():
        sent = await sent_to(there.url.replace("127.0.0.1", "localhost"))

    assert sent.outcome == Retry("unreachable", maybe_sent=False)
    assert there.calls == []


@contextmanager
def busy_resolver() -> Iterator[None]:
    """Keep the one thread that names are looked up in busy until the test is over."""
    over = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        asyncio.get_running_loop().set_default_executor(pool)
        pool.submit(over.wait)
        try:
            yield
        finally:
            over.set()


# -- nobody knows ---------------------------------------------------------------------------


async def test_silence_is_a_timeout_that_proves_nothing(there: Far) -> None:
    there.always = far.silence
    sent = await sent_to(there.url)

    assert sent.outcome == Retry("timeout", maybe_sent=True, answered=False)
    assert len(there.posts) == 1


async def test_a_reset_proves_nothing(there: Far) -> None:
    there.always = far.reset
    sent = await sent_to(there.url)

    assert sent.outcome == Retry("connection_lost", maybe_sent=True, answered=False)
    assert len(there.posts) == 1


async def test_a_kept_connection_that_was_closed_is_not_tried_again_by_itself() -> None:
    """A library that silently sends again would send without a claim."""
    requests: list[bytes] = []

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = await reader.readexactly(len(BODY))
        requests.append(body)
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}")
        await reader.readuntil(b"\r\n\r\n")
        requests.append(b"second on the same connection")

    async with talking(once) as port, client_of(f"http://127.0.0.1:{port}/api") as client:
        first = await client.send_event(KEY, BODY, "EARN5")
        second = await client.send_event(KEY, BODY, "EARN5")

    assert first.outcome == Accepted()
    assert second.outcome == Retry("connection_lost", maybe_sent=True, answered=False)
    assert requests == [BODY, b"second on the same connection"]


CUT = {
    "closed without a word": b"",
    "half a status line": b"HTTP/1.1 20",
    "no http at all": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "a bad status": b"HTTP/1.1 abc OK\r\n\r\n",
    "a body that is cut": b"HTTP/1.1 202 Accepted\r\nContent-Length: 99\r\n\r\n{}",
    "chunks that are cut": b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}",
    "chunks that are none": b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "two lengths": b"HTTP/1.1 202 A\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "a length that is none": b"HTTP/1.1 202 A\r\nContent-Length: x\r\n\r\n{}",
    "endless headers": b"HTTP/1.1 202 A\r\nX: " + b"x" * 100_000 + b"\r\n\r\n{}",
    "broken gzip": b"HTTP/1.1 202 A\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    "gzip that is cut": b"HTTP/1.1 202 A\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n"
    + gzip.compress(b'{"success": true}')[:12],
}


@pytest.mark.parametrize("case", CUT)
async def test_an_answer_that_can_not_be_read_proves_nothing(case: str) -> None:
    sent = await answered(CUT[case])

    assert isinstance(sent.outcome, Retry | PauseLane)
    assert sent.outcome.maybe_sent


async def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(b'{"success": true, "x": "' + b" " * 10_000_000 + b'"}')
    head = f"HTTP/1.1 202 A\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    sent = await answered(head.encode() + bomb)

    assert isinstance(sent.outcome, Retry | PauseLane)
    assert sent.outcome.maybe_sent


async def test_an_endless_answer_is_read_as_far_as_an_answer_can_be_long() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n\r\n")
        while True:  # until the client has had enough
            writer.write(b"{" * 65536)
            await writer.drain()

    async with talking(endless) as port, asyncio.timeout(5):
        sent = await sent_to(f"http://127.0.0.1:{port}/api")

    assert sent.outcome == PauseLane("unexpected_answer", maybe_sent=True)
    assert len(sent.head) == 300 < LONGEST_ANSWER
