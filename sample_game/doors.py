"""The two doors of campaign-bridge: one call through each, and what its answer means.

In: a deed. Out: an answer. Never raises for what the network does; knows nothing of resending.
"""

import http.client
import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from sample_game.achievements import Deed

PATH = "/v1/achievements"
#: Said of the call itself: it would be answered the same for ever.
NEVER = frozenset({400, 413, 415, 422})
LONGEST_DATAGRAM = 65_535


@dataclass(frozen=True, slots=True)
class Bridge:
    """Where campaign-bridge listens. The token is a secret: it has no place in a log."""

    http: tuple[str, int]
    udp: tuple[str, int]
    token: str | None = None
    timeout: float = 3.0

    def __repr__(self) -> str:
        return f"Bridge(http={self.http}, udp={self.udp})"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """campaign-bridge has the deed on disk. `duplicate` is true where it had it before."""

    key: str | None
    state: str
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """This call will never be taken."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is known; send the same call again, after `after` seconds at least.

    `elsewhere` is true where this door can't say more and the other one should be asked.
    """

    reason: str
    after: float = 0.0
    elsewhere: bool = False


Answer = Acknowledged | Refused | Later


class HttpDoor:
    """One connection, kept open from call to call and made anew when it breaks."""

    def __init__(self, bridge: Bridge) -> None:
        self._connection = http.client.HTTPConnection(*bridge.http, timeout=bridge.timeout)
        self._headers = {"Content-Type": "application/json"}
        if bridge.token is not None:
            self._headers["Authorization"] = f"Bearer {bridge.token}"

    def tell(self, deed: Deed) -> Answer:
        """Make the call and wait for its answer."""
        try:
            body = json.dumps(deed.message()).encode()
            self._connection.request("POST", PATH, body, self._headers)
            response = self._connection.getresponse()
            after = _seconds(response.headers.get("Retry-After"))
            return _judge_http(response.status, _read(response.read()), after)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()  # whatever is still on the way belongs to no call
            return Later(_words(error))

    def close(self) -> None:
        self._connection.close()


class UdpDoor:
    """One socket; answers come when they come, so telling and hearing are two methods."""

    def __init__(self, bridge: Bridge) -> None:
        found = socket.getaddrinfo(*bridge.udp, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        self._extra: dict[str, object] = {"ack": True}
        if bridge.token is not None:
            self._extra["token"] = bridge.token
        self._socket = socket.socket(family, kind, protocol)
        self._socket.connect(address)  # from now on only this peer is heard
        self._socket.settimeout(0.05)
        self._stopped = threading.Event()

    def tell(self, deed: Deed) -> Later | None:
        """Send the datagram; None means only that it left."""
        try:
            self._socket.send(json.dumps({**deed.message(), **self._extra}).encode())
        except OSError as error:
            return Later(_words(error))
        return None

    def hear(self) -> tuple[str, Answer] | None:
        """Wait for an answer and return it with its deed's id; None after `stop`."""
        while not self._stopped.is_set():
            try:
                datagram = _read(self._socket.recv(LONGEST_DATAGRAM))
            except TimeoutError:
                continue
            except OSError:  # nobody listens there just now: the resends go on
                self._stopped.wait(0.05)
                continue
            if isinstance(deed_id := datagram.get("id"), str):
                return deed_id, _judge_udp(datagram)
        return None

    def stop(self) -> None:
        """Let `hear` return."""
        self._stopped.set()

    def close(self) -> None:
        self._socket.close()


def _judge_http(status: int, body: Mapping[str, object], after: float) -> Answer:
    if status == 202:
        return _acknowledgement(body)
    reason = str(body.get("detail") or body.get("title") or http.client.responses.get(status, ""))
    if status in NEVER:
        return Refused(status, reason)
    return Later(f"answered {status} {reason}".strip(), after)


def _judge_udp(body: Mapping[str, object]) -> Answer:
    if "error" not in body:
        return _acknowledgement(body)
    error = body["error"]
    if isinstance(error, dict) and isinstance(status := error.get("status"), int):
        return _judge_http(status, error, 0.0) if status != 202 else Later("an error with 202")
    # Without a status there is no telling "never" from "not now"; HTTP always has one.
    return Later(f"answered {error}", elsewhere=True)


def _acknowledgement(body: Mapping[str, object]) -> Answer:
    key, state, duplicate = body.get("key"), body.get("state"), body.get("duplicate")
    if not isinstance(state, str) or not isinstance(key, str | None):
        return Later("answered something that is no acknowledgement")
    return Acknowledged(key, state, duplicate is True)


def _read(data: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _seconds(retry_after: str | None) -> float:
    return float(retry_after) if retry_after and retry_after.isdecimal() else 0.0


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
