"""Datagrams, many in one go: both ways of taking them do the same."""

import socket
import sys
from collections.abc import Iterator

import pytest

from bridge.intake.drain import widen
from bridge.intake.gulps import GULP, Many, Mouth, OneByOne, Peer, mouth_of

linux = pytest.mark.skipif(sys.platform != "linux", reason="recvmmsg is Linux's")
KINDS = [OneByOne, pytest.param(Many, marks=linux)]
HOSTS = ["127.0.0.1", "::1"]


@pytest.fixture(params=HOSTS)
def receiver(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        widen(sock, 4 * 2**20)
        sock.setblocking(False)
        try:
            sock.bind((request.param, 0))
        except OSError:
            pytest.skip(f"this machine has no {request.param}")
        yield sock


@pytest.fixture
def sender(receiver: socket.socket) -> Iterator[socket.socket]:
    with socket.socket(receiver.family, socket.SOCK_DGRAM) as sock:
        sock.connect(receiver.getsockname())
        yield sock


def failed(failure: OSError) -> None:
    raise failure


@pytest.fixture(params=KINDS)
def mouth(request: pytest.FixtureRequest, receiver: socket.socket) -> Mouth:
    made: Mouth = request.param(receiver, failed)
    return made


def gulped(mouth: Mouth) -> list[tuple[bytes, Peer]]:
    bodies, peers = mouth.gulp()
    return list(zip(bodies, peers, strict=True))


def test_nothing_is_nothing(mouth: Mouth) -> None:
    assert gulped(mouth) == []


def test_what_came_is_taken_in_order_with_its_sender(mouth: Mouth, sender: socket.socket) -> None:
    sizes = [0, 1, 420, 4096, 4097, 60_000, 7, 0, 65_000, 3]
    sent = [bytes([number]) * size for number, size in enumerate(sizes)]
    for datagram in sent:
        sender.send(datagram)

    assert gulped(mouth) == [(datagram, sender.getsockname()) for datagram in sent]
    assert gulped(mouth) == []


def test_a_gulp_has_its_bound(mouth: Mouth, sender: socket.socket) -> None:
    for number in range(GULP + 10):
        sender.send(b"%d" % number)

    assert [body for body, _ in gulped(mouth)] == [b"%d" % number for number in range(GULP)]
    assert len(gulped(mouth)) == 10


def test_what_was_taken_stays_as_it_was(mouth: Mouth, sender: socket.socket) -> None:
    sender.send(b"first" * 1000)
    (first, _), *_ = gulped(mouth)
    sender.send(b"other" * 1000)
    (other, _), *_ = gulped(mouth)

    assert (first, other) == (b"first" * 1000, b"other" * 1000)


def test_one_sender_is_one_object_and_others_are_told_apart(
    mouth: Mouth, receiver: socket.socket, sender: socket.socket
) -> None:
    sender.send(b"1")
    sender.send(b"2")
    with socket.socket(receiver.family, socket.SOCK_DGRAM) as other:
        other.sendto(b"3", receiver.getsockname())
        (_, first), (_, second), (_, third) = gulped(mouth)
        assert third[:2] == (first[0], other.getsockname()[1])

    assert first is second


def test_senders_beyond_those_that_are_remembered_are_known_all_the_same(
    mouth: Mouth, receiver: socket.socket
) -> None:
    for _ in range(1100):
        with socket.socket(receiver.family, socket.SOCK_DGRAM) as other:
            other.sendto(b"x", receiver.getsockname())
            ((_, peer),) = gulped(mouth)
            assert peer[1] == other.getsockname()[1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_failing_socket_is_told_of(kind: type[OneByOne] | type[Many]) -> None:
    failures: list[OSError] = []
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    mouth = kind(sock, failures.append)
    sock.close()

    assert gulped(mouth) == []
    assert len(failures) == 1


@linux
def test_this_system_has_the_fast_one(receiver: socket.socket) -> None:
    assert isinstance(mouth_of(receiver, failed), Many)
