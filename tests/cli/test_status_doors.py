"""The doors on `status`: every address at which a game may call."""

import pytest

from bridge.cli.status import _print_daemon

DAEMON = {
    "started_at": "2026-01-01T00:00:00+00:00",
    "version": "0.1.0",
    "pid": 7,
    "config": "/etc/campaign-bridge/config.toml",
    "http": ["127.0.0.1:8797"],
    "udp": None,
}


@pytest.mark.parametrize(
    ("unix", "told"),
    [
        (["/run/campaign-bridge.sock"], "udp off · unix /run/campaign-bridge.sock\n"),
        ([], "udp off\n"),
    ],
)
def test_a_unix_socket_is_told_of_with_its_path(
    capsys: pytest.CaptureFixture[str], unix: list[str], told: str
) -> None:
    _print_daemon({**DAEMON, "unix": unix})

    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "told"), [({"loop": "uvloop"}, "pid 7, on uvloop\n"), ({}, "pid 7\n")]
)
def test_what_turns_the_daemon_is_told_unless_it_does_not_say(
    capsys: pytest.CaptureFixture[str], more: dict[str, str], told: str
) -> None:
    _print_daemon({**DAEMON, **more})

    assert told in capsys.readouterr().out
