"""Held sockets: who has come when we end is served, and who comes then waits for the next of us."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import pytest
from aiohttp import web

from bridge.gate.guard import Gate
from bridge.intake.drain import opened_socket
from bridge.intake.listen import Bound, application, http_listening
from tests.intake.conftest import Raw

pytestmark = pytest.mark.both_loops

GET = b"GET /here HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def held() -> Iterator[socket.socket]:
    """What systemd holds: its own descriptor, which outlives ours."""
    sock = socket.create_server(("127.0.0.1", 0), backlog=100)
    sock.setblocking(False)
    yield sock
    sock.close()


def serving(gate: Gate, held: socket.socket) -> AbstractAsyncContextManager[Bound]:
    async def here(_: web.Request) -> web.Response:
        return web.Response(text="here")

    return http_listening(application(gate, [web.get("/here", here)]), None, held=[held.dup()])


async def connected(held: socket.socket) -> Raw:
    return Raw(*await asyncio.open_connection(*held.getsockname()))


async def test_a_held_socket_is_served_and_stays_open(gate: Gate, held: socket.socket) -> None:
    async with serving(gate, held) as bound:
        before = await connected(held)
        await before.send(GET)
        first = await before.answer()
    waiting = await connected(held)  # nobody accepts now
    await waiting.send(GET)
    async with serving(gate, held):
        second = await waiting.answer()
    before.writer.close()
    waiting.writer.close()

    assert bound.tcp == (held.getsockname(),)
    assert (first.body, second.body) == (b"here", b"here")


async def test_one_that_was_accepted_and_calls_late_is_answered(
    gate: Gate, held: socket.socket
) -> None:
    async with serving(gate, held):
        late = await connected(held)
        quick = await connected(held)
        await quick.send(GET)
        await quick.answer()  # so both are accepted
        calling = asyncio.create_task(_calls_late(late))
    answer = await calling
    late.writer.close()
    quick.writer.close()

    assert answer == b"here"


async def _calls_late(connection: Raw) -> bytes:
    await asyncio.sleep(0.6)
    await connection.send(GET)
    return (await connection.answer()).body


async def test_those_who_are_accepted_in_the_last_moment_are_answered(
    gate: Gate, held: socket.socket
) -> None:
    async with serving(gate, held):
        clients = [socket.create_connection(held.getsockname()) for _ in range(20)]
        for client in clients:
            client.sendall(GET)
        await asyncio.sleep(0)  # accepted in this turn; nothing of them has been looked at
        await asyncio.sleep(0)
    waiting = asyncio.get_running_loop()
    async with serving(gate, held):
        for client in clients:
            client.setblocking(False)
            answer = await asyncio.wait_for(waiting.sock_recv(client, 4096), 10)
            client.close()

            assert answer.startswith(b"HTTP/1.1 200")


async def test_who_comes_while_we_end_waits_for_the_next_of_us(
    gate: Gate, held: socket.socket
) -> None:
    async with serving(gate, held):
        before = await connected(held)  # and says nothing: it is waited for
        coming = asyncio.create_task(_comes_late(held, before))
    late = await coming
    await late.send(GET)  # whoever had accepted it would be gone by now
    async with serving(gate, held):
        answer = await late.answer()
    before.writer.close()
    late.writer.close()

    assert answer.body == b"here"


async def _comes_late(held: socket.socket, before: Raw) -> Raw:
    await asyncio.sleep(0.1)
    late = await connected(held)
    await before.send(GET)  # all have called now who were accepted
    return late


async def test_one_that_is_kept_open_is_told_to_come_anew(gate: Gate, held: socket.socket) -> None:
    async with serving(gate, held):
        connection = await connected(held)
        await connection.send(GET)
        first = await connection.answer()
        calling = asyncio.create_task(_calls_soon(connection))
    last = await calling
    connection.writer.close()

    assert "connection" not in first.headers
    assert last == "close"


async def _calls_soon(connection: Raw) -> str:
    await asyncio.sleep(0.1)
    await connection.send(GET)
    return (await connection.answer()).headers["connection"]


async def test_the_buffer_of_a_held_socket_stays_as_it_is() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as held:
        held.bind(("127.0.0.1", 0))
        held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 100_000)
        before = held.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        sock, cut = await opened_socket("127.0.0.1:0", 4_000_000, held)

        assert sock is held
        assert held.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == before
        assert cut == before // 2
