"""One POST, whatever the other end does: no harm, and a sentence that says what it was."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bridge.sandbox.webhooks.posting import Outcome, Poster
from tests.sandbox.webhooks.receiver import PATIENCE, receiving

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
LINGER = struct.pack("ii", 1, 0)


@asynccontextmanager
async def behaving(behaviour: Behaviour) -> AsyncIterator[str]:
    """A server of bare bytes."""
    done: list[asyncio.Task[None]] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        done.append(task)
        await reader.readuntil(b"{}")
        try:
            await behaviour(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*done, return_exceptions=True)


async def posted(url: str, *, within: float = PATIENCE, key: str | None = None) -> Outcome:
    async with asyncio.timeout(PATIENCE), Poster(within) as poster:
        return await poster.post(url, b"{}", {} if key is None else {"Idempotency-Key": key})


async def answered(answer: bytes) -> Outcome:
    async def says(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    async with behaving(says) as url:
        return await posted(url)


async def test_a_reset_is_no_answer() -> None:
    async def resets(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        writer.transport.abort()

    async with behaving(resets) as url:
        outcome = await posted(url)

    assert outcome.status is None
    assert not outcome.accepted
    assert outcome.said.startswith("no answer: ")


async def test_nobody_at_home_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    outcome = await posted(f"http://127.0.0.1:{port}/")

    assert outcome.status is None
    assert f"127.0.0.1:{port}" in outcome.said


@pytest.mark.parametrize(
    "said",
    [b"", b"hello\r\n\r\n", b"\x00\xff" * 50, b"HTTP/1.1 2000 OK\r\n\r\n", b"HTTP/1.1 200"],
)
async def test_what_is_not_http_is_no_answer(said: bytes) -> None:
    outcome = await answered(said)

    assert outcome.status is None
    assert outcome.said.startswith("no answer: ")
    assert outcome.said.isprintable()


async def test_silence_is_no_answer_after_its_time() -> None:
    async def waits(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with behaving(waits) as url:
        outcome = await posted(url, within=0.2)

    assert (outcome.status, outcome.said) == (None, "no answer within 0.2 s")
    assert 0.2 <= outcome.seconds < PATIENCE


async def test_an_endless_answer_is_read_to_a_bound() -> None:
    sent = 0
    gone = asyncio.Event()

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65536)
                sent += 65536
                await writer.drain()
        except ConnectionError:
            gone.set()
            raise

    async with behaving(endless) as url:
        outcome = await posted(url)
        async with asyncio.timeout(PATIENCE):
            await gone.wait()

    assert outcome.accepted
    assert outcome.said == "x" * 300
    assert sent < 64 * 1024 * 1024  # what sockets and buffers hold, and not more


async def test_an_answer_that_breaks_off_counts_by_its_status() -> None:
    outcome = await answered(b"HTTP/1.1 202 OK\r\nContent-Length: 100\r\n\r\nhalf")

    assert (outcome.status, outcome.accepted) == (202, True)


async def test_a_compressed_answer_is_not_unpacked() -> None:
    outcome = await answered(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"
    )

    assert (outcome.status, outcome.said) == (200, "not gzip!")


async def test_an_answer_in_no_known_writing_can_be_printed() -> None:
    body = "a\tb\n\n c\x1b[2J\x00\u202e".encode() + b"\xff"

    outcome = await answered(b"HTTP/1.1 500 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    assert outcome.said == "a b c [2J �"
    assert not outcome.accepted


async def test_nothing_is_kept_from_one_post_to_the_next() -> None:
    async def tells(_: web.Request) -> web.StreamResponse:
        return web.Response(headers={"Set-Cookie": "a=b"})

    async with receiving() as receiver, Poster(PATIENCE) as poster:
        receiver.answer = tells
        for _ in range(2):
            await poster.post(receiver.url, b"{}", {})

        assert [came.headers.get("Cookie") for came in receiver.came] == [None, None]
        assert [came.headers["Connection"] for came in receiver.came] == ["close", "close"]


async def test_it_says_who_it_is_and_asks_for_plain_text() -> None:
    async with receiving() as receiver:
        await posted(receiver.url)

        assert receiver.came[0].headers["User-Agent"] == "campaign-bridge-sandbox"
        assert receiver.came[0].headers["Accept-Encoding"] == "identity"


async def test_headers_arrive_as_utf8() -> None:
    async with receiving() as receiver:
        await posted(receiver.url, key="Zoë")

        assert receiver.came[0].headers["Idempotency-Key"] == "Zoë"


async def test_a_header_that_can_not_be_sent_is_no_answer() -> None:
    async with receiving() as receiver:
        outcome = await posted(receiver.url, key="a\r\nb: c")

        assert outcome.status is None
        assert receiver.came == []
