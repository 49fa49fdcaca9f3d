"""Sockets that systemd holds: each finds its door, and what fits none is said."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.daemon.sockets import Held, handed_over
from bridge.errors import SettingsError
from bridge.settings.models import Settings
from bridge.settings.sources import SourceSettings

#: Far above what a test run has open.
FIRST = 700

Handing = Callable[..., Held]


@pytest.fixture
def hand(tmp_path: Path) -> Iterator[Handing]:
    """Hand sockets over from descriptor FIRST on, as systemd does from 3."""
    taken: list[Held] = []

    def handing(*sockets: socket.socket, names: str | None = None, **more: str) -> Held:
        for number, sock in enumerate(sockets):
            os.dup2(sock.fileno(), FIRST + number)
            sock.close()
        environ = {"LISTEN_PID": "17", "LISTEN_FDS": str(len(sockets)), **more}
        if names is not None:
            environ["LISTEN_FDNAMES"] = names
        held = handed_over(environ, first=FIRST, pid=17)
        assert not environ
        taken.append(held)
        return held

    yield handing
    for held in taken:
        held.close()
    for number in range(FIRST, FIRST + 8):
        try:
            os.close(number)
        except OSError:
            continue


def tcp(host: str = "127.0.0.1") -> socket.socket:
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.bind((host, 0))
    sock.listen()
    return sock


def udp() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    return sock


def unix(path: Path) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(str(path))
    sock.listen()
    return sock


def address(sock: socket.socket) -> str:
    host, port, *_ = sock.getsockname()
    return f"{host}:{port}"


def connection() -> socket.socket:
    ours, theirs = socket.socketpair()
    theirs.close()
    return ours


ARENA = SourceSettings(name="arena", adapter="x", udp="127.0.0.1:9", allowed_senders=("::1",))


def test_every_door_can_be_held(hand: Handing, tmp_path: Path) -> None:
    sockets = [tcp(), udp(), unix(tmp_path / "s"), tcp(), udp()]
    addresses = [address(sockets[n]) for n in (0, 1, 3, 4)]
    held = hand(*sockets, names="http:udp:unix:webhooks:source-arena")
    settings = held.over(Settings(sources=(ARENA,)))

    assert [
        settings.http.listen,
        settings.udp.listen,
        settings.webhooks.listen,
        settings.sources[0].udp,
    ] == addresses
    assert settings.http.unix == tmp_path / "s"
    assert list(held.sources()) == ["arena"]


@pytest.mark.parametrize("names", [None, "a.socket:a.socket:a.socket", "unknown:unknown:unknown"])
def test_those_without_a_name_of_ours_are_told_apart_by_their_kind(
    hand: Handing, tmp_path: Path, names: str | None
) -> None:
    held = hand(tcp(), udp(), unix(tmp_path / "s"), names=names)

    assert list(held.doors) == ["http", "udp", "unix"]


def test_of_several_addresses_the_most_open_one_counts(hand: Handing) -> None:
    held = hand(tcp(), tcp("0.0.0.0"), names="http:http")
    listen = held.over(Settings()).http.listen

    assert listen is not None
    assert listen.startswith("0.0.0.0:")
    assert len(held.of("http")) == 2


def test_without_sockets_the_settings_stay_as_they_are() -> None:
    settings = Settings(sources=(ARENA,))

    assert handed_over({}).over(settings) == settings


def test_sockets_for_another_process_are_left_alone() -> None:
    assert handed_over({"LISTEN_PID": "1", "LISTEN_FDS": "3"}, pid=17) == Held()


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("htpp", tcp, "unknown name 'htpp'"),
        ("http", udp, "the socket http is a UDP socket; it must be TCP"),
        ("udp", tcp, "the socket udp is a TCP socket; it must be UDP"),
        ("unix", tcp, "the socket unix is a TCP socket; it must be unix"),
        ("source-arena", tcp, "must be UDP"),
        ("http", connection, "a connection is handed over"),
        ("udp", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), "a kind that nothing"),
    ],
)
def test_a_socket_that_fits_no_door_is_refused(
    hand: Handing, name: str, make: Callable[[], socket.socket], words: str
) -> None:
    with pytest.raises(SettingsError, match=words) as refused:
        hand(make(), names=name)
    assert refused.value.hint


def test_what_is_no_socket_is_refused() -> None:
    ours, theirs = os.pipe()
    try:
        with pytest.raises(SettingsError, match="is no socket"):
            handed_over({"LISTEN_PID": "17", "LISTEN_FDS": "1"}, first=ours, pid=17)
    finally:
        os.close(ours)
        os.close(theirs)


def test_two_sockets_for_datagrams_are_one_too_many(hand: Handing) -> None:
    with pytest.raises(SettingsError, match="two sockets are handed over for udp"):
        hand(udp(), udp(), names="udp:udp")


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("source-arena", udp, "no source 'arena' that comes by udp"),
        ("link-page", tcp, "the settings have no link page"),
    ],
)
def test_a_socket_for_a_door_that_the_settings_lack_is_refused(
    hand: Handing, name: str, make: Callable[[], socket.socket], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        hand(make(), names=name).over(Settings())
