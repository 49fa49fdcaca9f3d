"""Announces payouts in the game's chat, as campaign-bridge's stream tells of them.

In: players. Out: a line for each of their payouts, once. Where the stream breaks (a restart over
there, a lost connection) it goes on after the last number that was heard.
"""

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Self

from sample_game.calls import headers
from sample_game.doors import Bridge
from sample_game.linking import NEVER
from sample_game.roster import Player
from sample_game.story import printable

PATH = "/v1/stream?state=confirmed"
SILENCE = 45.0  # seconds; over there is a heartbeat every 15
WAIT = 0.5  # seconds between two connections

Event = tuple[str, int, str]  # its name, its number, its data


class Herald:
    """Listens in a thread of its own; use it as a context manager."""

    def __init__(
        self,
        bridge: Bridge,
        players: Iterable[Player],
        say: Callable[[str], None],
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._bridge = bridge
        self._names = {player.id: player.name for player in players}
        self._say = say
        self._notice = notice
        self._last: int | None = None
        self._socket: socket.socket | None = None
        self._change = threading.Condition()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        #: Set once it hears, or knows that it never will.
        self.ready = threading.Event()
        #: Keys of the payouts that were announced.
        self.announced: set[str] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no further, at once."""
        self._stopped.set()
        listening = self._socket
        if listening is not None:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def wait(self, keys: Iterable[str], seconds: float) -> bool:
        """Wait until these payouts were announced; return whether they were in time."""
        wanted = set(keys)
        with self._change:
            return self._change.wait_for(
                lambda: wanted <= self.announced or not self._thread.is_alive(), seconds
            )

    # -- the thread ---------------------------------------------------------------------------

    def _listen(self) -> None:
        while not self._stopped.is_set():
            connection = http.client.HTTPConnection(*self._bridge.http, timeout=SILENCE)
            try:
                connection.connect()
                self._socket = connection.sock
                if self._stopped.is_set():  # else nobody would end this one
                    break
                if not self._hear(connection):
                    break
            except (OSError, http.client.HTTPException, ValueError):
                pass  # it has gone, in the middle of a word perhaps: on from the last number
            finally:
                connection.close()
            self._stopped.wait(WAIT)
        self.ready.set()

    def _hear(self, connection: http.client.HTTPConnection) -> bool:
        """Listen until the stream ends; return whether to come again."""
        from_here = {} if self._last is None else {"Last-Event-ID": str(self._last)}
        connection.request("GET", PATH, headers={**headers(self._bridge), **from_here})
        response = connection.getresponse()
        if response.status != 200:
            if response.status in NEVER:
                self._notice(f"payouts can't be announced: {response.status} {response.reason}")
            return response.status not in NEVER
        for name, number, data in _events(response):
            self._take(name, number, data)
        return True

    def _take(self, name: str, number: int, data: str) -> None:
        if name == "gap":
            self._notice("some payouts may have gone unannounced")
        if name == "state":
            self._announce(json.loads(data))
        self._last = number
        self.ready.set()

    def _announce(self, change: dict[str, str]) -> None:
        key, name = change["key"], self._names.get(change["player"])
        if name is None or change["state"] != "confirmed" or key in self.announced:
            return
        amount = f" {change['amount']}" if change.get("amount") else ""
        what = printable(f"{amount} for {change['achievement']}")
        self._say(f"++ {printable(name)} was paid{what}")
        with self._change:
            self.announced.add(key)
            self._change.notify_all()


def _events(response: http.client.HTTPResponse) -> Iterator[Event]:
    """Read server-sent events; comments, and events without a number, are passed over."""
    fields: dict[str, str] = {}
    while line := response.readline():
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if text:
            name, _, value = text.partition(":")
            fields[name] = value.removeprefix(" ")
            continue
        if fields.get("id", "").isdecimal():
            yield fields.get("event", "message"), int(fields["id"]), fields.get("data", "")
        fields = {}
