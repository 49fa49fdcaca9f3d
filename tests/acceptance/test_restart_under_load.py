"""Restarts and reloads under load: nobody is refused, nothing is lost, bad files change nothing."""

import http.client
import itertools
import json
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.acceptance.test_supervised import call
from tests.support.supervisor import Supervisor, supervisor_in

RESTARTS = 3
RELOADS = 24
SOURCE = """
[[sources]]
name = "arena"
adapter = "json"
udp = "127.0.0.1:0"
allowed_senders = ["127.0.0.1"]
trust = "name"
"""


@dataclass
class Games:
    """Game servers, each a thread that says one thing after the other; `kept` is what was answered.

    Each has a player of its own and counts its ids, so what is on disk can be told from what isn't.
    """

    supervisor: Supervisor
    kept: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    trouble: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def playing(self, *games: Callable[[], None]) -> Iterator[None]:
        threads = [threading.Thread(target=game) for game in games]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def one_call_a_connection(self) -> None:
        for message in self._messages("calls"):
            self._post(self._tcp(), message, "calls")

    def one_connection(self) -> None:
        """Post over a connection that is kept as long as the daemon keeps it."""
        connection = self._tcp()
        for message in self._messages("kept-alive"):
            if not self._post(connection, message, "kept-alive", keep=True):
                connection.close()
                connection = self._tcp()
        connection.close()

    def over_the_unix_socket(self) -> None:
        for message in self._messages("unix"):
            self._post(_Unix(str(self.supervisor.folder / "http.sock")), message, "unix")

    def datagrams(self) -> None:
        self._send("udp", {"token": "token-1"})

    def datagrams_of_the_source(self) -> None:
        self._send("source-arena", {})

    def _send(self, door: str, more: dict[str, str]) -> None:
        address = self.supervisor.held[door].getsockname()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for message in self._messages(door):
                sock.sendto(json.dumps(message | more).encode(), address)
                self.sent[door] += 1

    def _messages(self, player: str) -> Iterator[dict[str, str]]:
        for number in itertools.count():
            if self._over.wait(0.01):
                return
            yield {"player": f"name:{player}", "achievement": "frag", "id": str(number)}

    def _tcp(self) -> http.client.HTTPConnection:
        host, port = self.supervisor.held["http"].getsockname()
        return http.client.HTTPConnection(host, port, timeout=30)

    def _post(
        self,
        connection: http.client.HTTPConnection,
        message: dict[str, str],
        player: str,
        *,
        keep: bool = False,
    ) -> bool:
        """Post once; return whether the connection goes on."""
        self.sent[player] += 1
        try:
            headers = {"Authorization": "Bearer token-1", "Content-Type": "application/json"}
            connection.request("POST", "/v1/achievements", json.dumps(message), headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 202:
                self.trouble.append(f"{player}: {answer.status}")
            self.kept[player] += answer.status == 202
        except OSError as refused:
            self.trouble.append(f"{player}: {refused!r}")
            return False
        else:
            return not answer.will_close
        finally:
            if not keep:
                connection.close()


class _Unix(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(self._path)


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with supervisor_in(tmp_path) as opened:
        opened.configure(SOURCE)
        opened.hold("http", socket.SOCK_STREAM)
        opened.hold("udp", socket.SOCK_DGRAM)
        opened.hold("unix", socket.SOCK_STREAM, tmp_path / "http.sock")
        opened.hold("source-arena", socket.SOCK_DGRAM)
        yield opened


def on_disk(supervisor: Supervisor) -> Counter[str]:
    """Count the entries of each game, once nothing more is on its way."""
    _, listed = call(supervisor.held["http"], "GET", "/v1/operator/entries?limit=100000")
    return Counter(entry["player"].removeprefix("name:") for entry in listed["entries"])


@pytest.mark.usefixtures("each_loop")
def test_restarts_refuse_no_connection_and_drop_no_datagram(supervisor: Supervisor) -> None:
    supervisor.start()
    games = Games(supervisor)
    with games.playing(
        games.one_call_a_connection,
        games.one_connection,
        games.over_the_unix_socket,
        games.datagrams,
        games.datagrams_of_the_source,
    ):
        for _ in range(RESTARTS):
            supervisor.listen(0.5)
            assert supervisor.stop() == 0
            supervisor.start()
        supervisor.listen(0.5)
    supervisor.stop()  # what has arrived is taken before the end
    supervisor.start()

    assert games.trouble == []
    assert on_disk(supervisor) == games.sent
    assert min(games.sent.values()) > RESTARTS


def test_reloads_lose_nothing_and_bad_files_change_nothing(supervisor: Supervisor) -> None:
    supervisor.start()
    games = Games(supervisor)
    good = supervisor.config.read_text()
    bad = [
        good + "[nonsense]\n",
        good.replace('"api-key"', '"no-such-file"'),
        good + '\n[[sources]]\nname = "other"\nadapter = "no_such_adapter"\n',
        good + 'id_scope = "another"\n',
        "not toml",
        good + '\n[[rules]]\nmatch = "x"\ncampaign = "camp_2"\n',
    ]
    refused, known = [], []
    with games.playing(
        games.one_call_a_connection,
        games.one_connection,
        games.datagrams,
        games.datagrams_of_the_source,
    ):
        for number in range(RELOADS):
            supervisor.config.write_text(bad[number // 2 % len(bad)] if number % 2 else good)
            supervisor.listen(0.1)
            supervisor.signal(signal.SIGHUP)
            supervisor.hear("RELOADING")
            supervisor.hear("READY")
            refused.append("reload-refused" in supervisor.told[-1]["STATUS"])
            known.append(in_force(supervisor))
    wait_until_taken(supervisor, games)

    assert games.trouble == []
    assert on_disk(supervisor) == games.sent
    assert refused == [False, True] * (RELOADS // 2)
    assert known == [known[0]] * RELOADS


def in_force(supervisor: Supervisor) -> object:
    """Return what a reload could have changed."""
    _, rules = call(supervisor.held["http"], "GET", "/v1/operator/rules")
    _, status = call(supervisor.held["http"], "GET", "/v1/operator/status")
    definitions = [rule["definition"] for rule in rules["rules"]]
    return definitions, [source["name"] for source in status["sources"]], list(status["lanes"][0])


def wait_until_taken(supervisor: Supervisor, games: Games) -> None:
    until = time.monotonic() + 30
    while on_disk(supervisor) != games.sent and time.monotonic() < until:
        time.sleep(0.1)
