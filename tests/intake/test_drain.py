"""A socket that is emptied into memory."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from bridge.intake.drain import Buffer, Drain, bound_socket, buffer_of, widen
from bridge.intake.gulps import GULP


@pytest.fixture
async def receiver() -> AsyncIterator[socket.socket]:
    sock = await bound_socket("127.0.0.1:0")
    yield sock
    sock.close()


@pytest.fixture
def sender(receiver: socket.socket) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(receiver.getsockname())
        yield sock


def failed(failure: OSError) -> None:
    raise failure


async def take(drain: Drain, most: int = 1000) -> list[bytes]:
    async with asyncio.timeout(10):
        return [data for data, _ in await drain.take(most)]


async def turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_datagrams_are_handed_out_in_order_and_with_their_sender(
    receiver: socket.socket, sender: socket.socket
) -> None:
    drain = Drain(receiver, failed)
    drain.start()
    for number in range(5):
        sender.send(b"%d" % number)
    first = await drain.take(2)
    rest = await take(drain)
    drain.stop()

    assert first == [(b"0", sender.getsockname()), (b"1", sender.getsockname())]
    assert rest == [b"2", b"3", b"4"]


async def test_the_socket_is_emptied_while_nobody_takes(
    receiver: socket.socket, sender: socket.socket
) -> None:
    drain = Drain(receiver, failed)
    drain.start()
    sent = 0
    for _ in range(50):  # more in all than an ordinary kernel buffer holds
        for _ in range(100):
            sender.send(b"x" * 300)
            sent += 1
        await turns()
    drain.stop()

    assert len(await take(drain, sent)) == sent


async def test_a_burst_is_heard_to_its_end_before_any_work(
    receiver: socket.socket, sender: socket.socket
) -> None:
    drain = Drain(receiver, failed)
    drain.start()
    sender.send(b"0")
    await turns()
    for number in range(1, 50):
        sender.send(b"%d" % number)
    taken = await take(drain)
    drain.stop()

    assert taken == [b"%d" % number for number in range(50)]


async def test_many_senders_are_told_apart(receiver: socket.socket) -> None:
    drain = Drain(receiver, failed)
    drain.start()
    for number in range(1100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.sendto(b"%d" % number, receiver.getsockname())
        await asyncio.sleep(0)
    arrived = await drain.take(2000)
    drain.stop()

    assert [data for data, _ in arrived] == [b"%d" % number for number in range(1100)]
    assert len({peer for _, peer in arrived}) > 1


async def test_beyond_the_bound_the_kernel_holds_them_until_there_is_room(
    receiver: socket.socket, sender: socket.socket
) -> None:
    widen(receiver, 4 * 2**20)
    drain = Drain(receiver, failed, bound=2000)
    drain.start()
    for number in range(1000):
        sender.send(b"%d" % number)
    await turns()
    held_in_memory = await take(drain)
    later: list[bytes] = []
    while len(held_in_memory) + len(later) < 1000:
        later += await take(drain)
    drain.stop()

    assert len(held_in_memory) <= GULP
    assert held_in_memory + later == [b"%d" % number for number in range(1000)]


async def test_after_the_last_one_there_is_nothing(
    receiver: socket.socket, sender: socket.socket
) -> None:
    drain = Drain(receiver, failed)
    drain.start()
    sender.send(b"last")
    drain.stop()
    sender.send(b"too late")

    assert await take(drain) == [b"last"]
    assert await take(drain) == []


async def test_who_waits_is_let_go_when_it_stops(receiver: socket.socket) -> None:
    drain = Drain(receiver, failed)
    drain.start()
    waiting = asyncio.create_task(take(drain))
    await turns()
    drain.stop()

    assert await waiting == []


async def test_a_failing_socket_is_told_and_not_fatal(receiver: socket.socket) -> None:
    failures: list[OSError] = []
    drain = Drain(receiver, failures.append)
    drain.start()
    drain.stop()
    receiver.close()
    drain.stop()

    assert len(failures) == 1


def test_what_the_kernel_says_is_what_is_compared() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert widen(sock, 65_536) is None
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * 65_536


async def test_what_the_kernel_drops_is_told(
    receiver: socket.socket, sender: socket.socket
) -> None:
    widen(receiver, 4096)
    for _ in range(100):
        sender.send(bytes(1000))
    told = buffer_of(receiver)
    there = 0
    with contextlib.suppress(BlockingIOError):
        while receiver.recv(2000):
            there += 1

    assert told.given == 4096
    assert told.dropped == 100 - there > 0


def test_nothing_is_told_of_a_closed_socket() -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.close()

    assert buffer_of(sock) == Buffer(None, None)
