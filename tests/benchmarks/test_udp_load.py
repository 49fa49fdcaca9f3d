"""The generator of datagrams counts what was answered, and sends again what was not."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from benchmarks import machine
from benchmarks.contract import Bench
from benchmarks.daemon import throwaway
from benchmarks.load.udp import Order, fly, responder


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    cores = machine.cores()
    return Bench(tmp_path, quick=True, pairs=1, serve=cores[0], load=cores[-1])


@pytest.fixture
def forgetful() -> Iterator[int]:
    """Answer each second datagram of those that come, and say no to id 3."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        thread = Thread(target=_answer_half, args=(sock,), daemon=True)
        thread.start()
        yield sock.getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", sock.getsockname())
        thread.join(5)


def _answer_half(sock: socket.socket) -> None:
    number = 0
    while True:
        data, peer = sock.recvfrom(2048)
        if not data:
            return
        number += 1
        if number % 2:
            own = data.partition(b'"id":"')[2].partition(b'"')[0]
            error = b',"error":{}' if own.endswith(b"3") else b""
            with suppress(OSError):
                sock.sendto(b'{"id":"%s"%s}' % (own, error), peer)


async def test_each_is_sent_until_it_is_answered(bench: Bench, forgetful: int) -> None:
    flight = await fly(bench, Order(forgetful, "token", "acked", 10, window=4))
    assert flight.answered == flight.sent == 10
    assert flight.resent > 0
    assert flight.refused == 1
    assert flight.ended > flight.began


async def test_it_reaches_the_responder(bench: Bench) -> None:
    async with responder(bench) as port:
        flight = await fly(bench, Order(port, "token", "alone", 500, window=64))
    assert (flight.answered, flight.refused) == (500, 0)
    assert flight.per_second > 0


async def test_what_is_acknowledged_is_kept(bench: Bench) -> None:
    async with throwaway(bench) as running:
        port, token = running.udp[1], running.token
        acked = await fly(bench, Order(port, token, "acked", 200, window=32))
        flat = await fly(bench, Order(port, token, "burst", 100))
        assert (acked.answered, acked.refused) == (200, 0)
        assert (flat.sent, flat.answered) == (100, 0)
        again = await fly(bench, Order(port, token, "burst", 100, window=32))
        assert again.answered == 100
        await running.holds(300)


async def test_silence_is_told(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="ended with 1"):
        await fly(bench, Order(1, "token", "acked", 1, window=1))
