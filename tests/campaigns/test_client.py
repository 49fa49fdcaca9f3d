"""One campaign's client against real servers: what it sends, and what it makes of odd answers."""

import asyncio
import contextlib
import gzip
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.campaigns.client import LONGEST_ANSWER, CampaignClient, campaign_client, retry_after
from bridge.campaigns.outcomes import Accepted, PauseLane, Refused, Retry, Sent
from bridge.campaigns.schemas import ConfiguredEvent, event_body
from bridge.errors import CampaignError
from bridge.testing import START, FakeClock
from tests.delivery import far
from tests.delivery.far import Far, closed_port, far_end, says
from tests.delivery.rig import API_KEY, campaign_at, quick

KEY = UUID("0b1f2a3c-4d5e-4f60-8a7b-9c0d1e2f3a4b")
BODY = event_body("EARN5", "usr_1")


@asynccontextmanager
async def client_of(
    url: str, name: str = far.CAMPAIGN, **delivery: Any
) -> AsyncIterator[CampaignClient]:
    async with campaign_client(
        campaign_at(url, name), API_KEY, quick(**delivery), FakeClock()
    ) as made:
        yield made


async def sent_to(url: str) -> Sent:
    async with client_of(url) as client:
        return await client.send_event(KEY, BODY, "EARN5")


@pytest.fixture
async def there() -> AsyncIterator[Far]:
    async with far_end() as made:
        yield made


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


# -- retry-after ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Thu, 01 Jan 2026 00:01:00 -0000", 60.0),
        ("Thu, 01 Jan 2026 01:00:30 +0100", 30.0),
        ("Wed, 31 Dec 2025 23:00:00 GMT", 0.0),
        ("Thursday, 01-Jan-26 00:01:00 GMT", 60.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Thu, 01 Jan 2026 00:00:00 +99999999999999999", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, START) == seconds


def test_an_absurd_number_of_seconds_is_more_than_any_cap() -> None:
    absurd = retry_after("9" * 400, START)

    assert absurd is not None
    assert absurd > 1e100


_PART = st.sampled_from(
    [
        "Mon,",
        "01",
        "Jan",
        "2026",
        "9" * 20,
        "00:00:00",
        "99:99",
        "GMT",
        "+0100",
        "+" + "9" * 15,
        "²",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(_PART, max_size=8).map(" ".join)))
@example("Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
def test_retry_after_may_hold_anything(value: str) -> None:
    seconds = retry_after(value, datetime(2026, 1, 1, tzinfo=UTC))

    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("value", ["30", "Thu, 01 Jan 2026 00:00:30 GMT"])
@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
async def test_retry_after_comes_with_every_answer_that_is_retried(
    there: Far, status: int, value: str
) -> None:
    there.always = says(status, Retry_After=value)
    sent = await sent_to(there.url)

    assert isinstance(sent.outcome, Retry)
    assert sent.outcome.after == 30
    assert sent.outcome.slow_down == (status in {429, 503})


# -- reading the campaign -------------------------------------------------------------------


async def test_the_campaign_and_its_events_are_read(there: Far) -> None:
    there.codes = ("EARN5", "EARN6")
    async with client_of(there.url) as client:
        standing = await client.standing()
        events = await client.configured_events()

    assert (standing.status, standing.environment) == ("Active", "test")
    assert events == [ConfiguredEvent("EARN5", "", None), ConfiguredEvent("EARN6", "", None)]
    assert {call.headers["Authorization"] for call in there.calls} == {f"Bearer {API_KEY}"}
    assert all("Idempotency-Key" not in call.headers for call in there.calls)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_told_as_such(there: Far, status: int) -> None:
    there.standing = says(status)
    error = await failed_standing(there)

    assert error.reason == "key_refused"
    assert "the API says no" in str(error)
    assert "api_key_file" in error.hint


@pytest.mark.parametrize(
    "answer",
    [
        says(200, far.PAGE),
        says(200, b""),
        says(200, b"[]"),
        says(200, b'{"success": true}'),
        says(200, b'{"success": false, "campaign": {"status": "Active"}}'),
        says(202, b'{"campaign": {"status": "Active"}}'),
        says(204, b""),
        says(302, b"", Location="/elsewhere"),
        says(404),
        says(500),
        says(503, far.PAGE),
    ],
)
async def test_an_answer_that_is_no_campaign_is_told_as_such(
    there: Far, answer: far.Answer
) -> None:
    there.standing = answer
    error = await failed_standing(there)

    assert error.reason == "unexpected_answer"


@pytest.mark.parametrize("answer", [far.silence, far.reset])
async def test_a_campaign_that_does_not_answer_is_unreachable(
    there: Far, answer: far.Answer
) -> None:
    there.standing = answer
    error = await failed_standing(there)

    assert error.reason == "unreachable"


async def failed_standing(there: Far) -> CampaignError:
    async with client_of(there.url) as client:
        with pytest.raises(CampaignError) as raised:
            await client.standing()
    return raised.value


# -- the key is a secret --------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 409, 429, 500])
async def test_a_key_that_is_echoed_is_kept_nowhere(there: Far, status: int) -> None:
    there.always = far.echoes(status)
    sent = await sent_to(there.url)

    assert "Bearer" in sent.head
    assert API_KEY not in repr(sent)


@pytest.mark.parametrize("status", [200, 401, 403, 500])
async def test_a_key_that_is_echoed_is_in_no_error(there: Far, status: int) -> None:
    there.standing = far.echoes(status)
    error = await failed_standing(there)

    assert API_KEY not in repr(error)
    assert API_KEY not in str(error)


async def test_failures_to_connect_do_not_tell_the_key() -> None:
    sent = await sent_to(f"http://127.0.0.1:{closed_port()}/api")

    assert sent.detail
    assert API_KEY not in repr(sent)


# -- what is kept of an answer --------------------------------------------------------------


async def test_the_head_of_an_answer_and_its_words_are_kept(there: Far) -> None:
    there.always = says(400, json.dumps({"success": False, "error": "Bad code"}).encode())
    sent = await sent_to(there.url)

    assert sent == Sent(
        Refused("refused", maybe_sent=False),
        400,
        "Bad code",
        '{"success": false, "error": "Bad code"}',
    )


async def test_bytes_that_are_no_text_are_kept_as_far_as_they_are(there: Far) -> None:
    there.always = says(500, b"\xff\xfeoh no" + b"x" * 1000)
    sent = await sent_to(there.url)

    assert sent.head.startswith("��oh no")
    assert len(sent.head) == 300
