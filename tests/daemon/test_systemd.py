"""The supervisor is told in systemd's words, and a deaf one does no harm."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from bridge.daemon.systemd import Notifier, status_word, watchdog_seconds


@pytest.fixture(params=["path", "abstract"])
def listener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    path = str(tmp_path / "notify") if request.param == "path" else f"@cb-{os.getpid()}-{tmp_path}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path.replace("@", "\0", 1) if path.startswith("@") else path)
        sock.settimeout(5)
        yield path, sock


def test_each_word_is_one_datagram_with_its_status(listener: tuple[str, socket.socket]) -> None:
    address, sock = listener
    notifier = Notifier.of({"NOTIFY_SOCKET": address})
    notifier.ready("ready · nothing waits")
    notifier.reloading(12.5, "reading the settings again")
    notifier.stopping("stopping")
    notifier.tell("WATCHDOG=1")
    notifier.close()

    assert [sock.recv(4096).decode() for _ in range(4)] == [
        "READY=1\nSTATUS=ready · nothing waits",
        "RELOADING=1\nMONOTONIC_USEC=12500000\nSTATUS=reading the settings again",
        "STOPPING=1\nSTATUS=stopping",
        "WATCHDOG=1",
    ]


def test_without_a_supervisor_nobody_is_told() -> None:
    notifier = Notifier.of({})

    assert not notifier.listening
    assert not notifier.tell("READY=1")


@pytest.mark.parametrize("address", ["vsock:2:99", "relative"])
def test_a_kind_of_address_that_is_not_spoken_is_said_once(address: str) -> None:
    with structlog.testing.capture_logs() as logged:
        notifier = Notifier(address)
        notifier.ready("x")

    assert [line["action"] for line in logged] == ["supervisor_unreachable"]


def test_a_supervisor_that_has_gone_is_complained_of_once_and_heard_again(tmp_path: Path) -> None:
    path = tmp_path / "notify"
    notifier = Notifier(str(path))
    with structlog.testing.capture_logs() as logged:
        told = [notifier.tell("WATCHDOG=1"), notifier.tell("WATCHDOG=1")]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(str(path))
        told.append(notifier.tell("WATCHDOG=1"))
    notifier.close()

    assert told == [False, False, True]
    assert len(logged) == 1


def test_a_status_is_one_line_of_bounded_length() -> None:
    assert status_word("a\nREADY=1\x1b[2J\u2028b") == "STATUS=a READY=1 [2J b"
    assert len(status_word("x" * 10_000)) < 500


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, 0.0),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "17"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "18"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({"WATCHDOG_USEC": "-5"}, 0.0),
    ],
)
def test_the_watchdog_is_ours_only_where_it_names_us(
    environ: dict[str, str], seconds: float
) -> None:
    assert watchdog_seconds(environ, pid=17) == seconds
