"""Under a supervisor, with real processes: ready when it listens, fed when it gets on."""

import http.client
import json
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.supervisor import Supervisor, supervisor_in


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with supervisor_in(tmp_path) as opened:
        yield opened


def call(
    sock: socket.socket,
    method: str,
    path: str,
    body: object = None,
    token: str = "operator-token-1",
) -> tuple[int, Any]:
    host, port = sock.getsockname()
    connection = http.client.HTTPConnection(host, port, timeout=20)
    try:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


# -- ready ----------------------------------------------------------------------------------


def test_it_is_ready_once_it_listens_and_says_so_of_its_end(supervisor: Supervisor) -> None:
    http_socket = supervisor.hold("http", socket.SOCK_STREAM)
    supervisor.start()
    status, _ = call(http_socket, "GET", "/healthz")
    code = supervisor.stop()
    supervisor.listen(0.1)

    assert (status, code) == (200, 0)
    assert [list(words) for words in supervisor.told[:2]] == [["STATUS"], ["READY", "STATUS"]]
    assert supervisor.told[0]["STATUS"] == "starting"
    assert "nothing waits" in supervisor.told[1]["STATUS"]
    assert "STOPPING" in supervisor.told[-1]


def test_one_that_can_not_start_is_never_ready_and_says_why(supervisor: Supervisor) -> None:
    (supervisor.folder / "api-key").unlink()
    with pytest.raises(AssertionError, match="never told READY"):
        supervisor.start()

    assert "api-key can't be read" in supervisor.told[-1]["STATUS"]
    assert supervisor.process is not None
    assert supervisor.process.wait() == 1


def test_the_status_is_kept_fresh(supervisor: Supervisor) -> None:
    http_socket = supervisor.hold("http", socket.SOCK_STREAM)
    supervisor.start()
    message = {"player": "name:Al", "achievement": "first_blood", "id": "1"}
    call(http_socket, "PUT", "/v1/players/name:Al", {"userRef": "usr_1"})
    call(http_socket, "POST", "/v1/achievements", message, "token-1")
    told = supervisor.hear("STATUS", "1 to send, the oldest due for")["STATUS"]

    assert told.startswith("degraded: lane-unreachable")  # nobody answers at port 9


# -- the watchdog ---------------------------------------------------------------------------


def test_it_is_fed_while_it_runs_and_not_while_it_is_stopped(supervisor: Supervisor) -> None:
    supervisor.start(watchdog=1.0)
    supervisor.hear("WATCHDOG")
    supervisor.signal(signal.SIGSTOP)
    supervisor.listen(0.5)
    stopped = supervisor.listen(1.0)
    supervisor.signal(signal.SIGCONT)
    supervisor.hear("WATCHDOG")

    assert stopped == []


def test_one_that_nobody_watches_feeds_nobody(supervisor: Supervisor) -> None:
    supervisor.start()

    assert all("WATCHDOG" not in words for words in supervisor.listen(1.5))


def test_a_writer_that_waits_for_the_disk_is_not_fed(supervisor: Supervisor) -> None:
    http_socket = supervisor.hold("http", socket.SOCK_STREAM)
    supervisor.start(watchdog=1.0)
    supervisor.hear("WATCHDOG")
    answers: list[tuple[int, Any]] = []
    message = {"player": "name:Al", "achievement": "first_blood", "id": "1"}
    poster = threading.Thread(
        target=lambda: answers.append(
            call(http_socket, "POST", "/v1/achievements", message, "token-1")
        )
    )
    with sqlite3.connect(supervisor.folder / "outbox.db", isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        poster.start()
        supervisor.listen(1.0)
        stuck = supervisor.listen(1.5)
        other.execute("ROLLBACK")
    other.close()
    poster.join()
    supervisor.hear("WATCHDOG")

    assert [words for words in stuck if "WATCHDOG" in words] == []
    assert any("standstill: the disk" in words.get("STATUS", "") for words in supervisor.told)
    assert answers[0][0] == 202
    assert '"action": "watchdog_withheld"' in supervisor.log
    assert '"action": "watchdog_fed"' in supervisor.log


# -- reload ---------------------------------------------------------------------------------


def test_a_reload_is_told_with_its_outcome(supervisor: Supervisor) -> None:
    supervisor.start()
    good = supervisor.run("reload")
    reloading, ready = supervisor.hear("RELOADING"), supervisor.hear("READY")
    supervisor.config.write_text(supervisor.config.read_text() + "[nonsense]\n")
    bad = supervisor.run("reload")
    supervisor.hear("RELOADING")
    refused = supervisor.hear("READY")
    supervisor.signal(signal.SIGHUP)
    supervisor.hear("RELOADING")
    supervisor.hear("READY")
    supervisor.configure()
    mended = supervisor.run("reload", "--json")

    assert (good.returncode, bad.returncode) == (0, 1)
    assert int(reloading["MONOTONIC_USEC"]) > 0
    assert "reload-refused" not in ready["STATUS"]
    assert "reload-refused" in refused["STATUS"]
    assert "nonsense: no such setting" in refused["STATUS"]
    assert "nonsense: no such setting" in bad.stderr
    assert json.loads(mended.stdout)["reloaded"] is True
    assert supervisor.log.count('"action": "reload_refused"') == 2


def test_a_hangup_while_it_starts_is_a_reload_after_that(supervisor: Supervisor) -> None:
    supervisor.start(until="STATUS")  # the first is "starting"
    supervisor.signal(signal.SIGHUP)
    supervisor.hear("RELOADING")

    assert next(word for words in supervisor.told for word in words if word != "STATUS") == "READY"


def test_without_a_daemon_a_reload_fails(supervisor: Supervisor) -> None:
    done = supervisor.run("reload")

    assert done.returncode == 1
    assert "no campaign-bridge daemon runs with" in done.stderr


# -- held sockets ---------------------------------------------------------------------------


def test_held_sockets_stand_in_place_of_the_addresses(supervisor: Supervisor) -> None:
    tcp = supervisor.hold("http", socket.SOCK_STREAM)
    udp = supervisor.hold("udp", socket.SOCK_DGRAM)
    supervisor.hold("unix", socket.SOCK_STREAM, supervisor.folder / "http.sock")
    supervisor.start()
    _, status = call(tcp, "GET", "/v1/operator/status")
    shown = supervisor.run("status").stdout
    supervisor.stop()

    daemon = status["daemon"]
    assert daemon["held_by_systemd"] == ["http", "udp", "unix"]
    assert daemon["http"] == ["{}:{}".format(*tcp.getsockname())]
    assert daemon["udp"] == "{}:{}".format(*udp.getsockname())
    assert "by systemd: http, udp, unix" in shown
    assert (supervisor.folder / "http.sock").is_socket()


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("htpp", socket.SOCK_STREAM, "unknown name 'htpp'"),
        ("udp", socket.SOCK_STREAM, "is a TCP socket; it must be UDP"),
        ("source-arena", socket.SOCK_DGRAM, "no source 'arena' that comes by udp"),
    ],
)
def test_a_socket_for_no_door_keeps_it_from_starting(
    supervisor: Supervisor, name: str, kind: socket.SocketKind, words: str
) -> None:
    supervisor.hold(name, kind)
    with pytest.raises(AssertionError, match="never told READY"):
        supervisor.start()

    assert words in supervisor.told[-1]["STATUS"]
    assert "Traceback" not in supervisor.log


def test_a_held_socket_that_others_reach_needs_a_token(supervisor: Supervisor) -> None:
    wide = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    wide.bind(("0.0.0.0", 0))
    wide.listen()
    supervisor.held["http"] = wide
    text = supervisor.config.read_text().replace('token_file = "token"\n', "")
    text = text.replace('[[tokens]]\nrole = "operator"\nfile = "operator-token"\n', "")
    supervisor.config.write_text(text)
    with pytest.raises(AssertionError, match="never told READY"):
        supervisor.start()

    assert "open to other machines and has no token" in supervisor.told[-1]["STATUS"]


def test_secrets_come_from_the_credentials(supervisor: Supervisor) -> None:
    credentials = supervisor.folder / "credentials"
    credentials.mkdir()
    (supervisor.folder / "api-key").rename(credentials / "api-key")
    text = supervisor.config.read_text()
    supervisor.config.write_text(text.replace('"api-key"', '"credential:api-key"'))
    supervisor.start(CREDENTIALS_DIRECTORY=str(credentials))
    code = supervisor.stop()
    with pytest.raises(AssertionError, match="never told READY"):
        supervisor.start()

    assert code == 0
    assert "there is no CREDENTIALS_DIRECTORY" in supervisor.told[-1]["STATUS"]
