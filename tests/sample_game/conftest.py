"""A stand-in for campaign-bridge on real sockets, which misbehaves as a test tells it.

In: a test's script. Out: what came in, in order. Knows nothing of the game's own code.
"""

import json
import socket
import struct
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest

LIMIT = 20.0  # seconds that a test waits for anything at most


@dataclass(frozen=True)
class Reply:
    """How one call is answered; `wait` and `drop` are ways of not answering."""

    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    drop: bool = False
    reset: bool = False
    wait: threading.Event | None = None


@dataclass(frozen=True)
class Heard:
    """One call as it came in: its door, its message, and which one of this id it is."""

    via: str
    message: dict[str, Any]
    nth: int
    token: str | None


class StandIn:
    """Listens by HTTP and UDP; may stop and start again on the same ports."""

    def __init__(self) -> None:
        self.script: Callable[[Heard], Reply] = lambda heard: Reply()
        self.heard: list[Heard] = []
        self.keys: dict[str, str] = {}
        self.change = threading.Condition()
        self.http = self.udp = ("127.0.0.1", 0)
        self._count: Counter[str] = Counter()

    def start(self) -> None:
        self._server = _Server(self.http, _Handler)
        self._server.stand_in = self
        self.http = cast("tuple[str, int]", self._server.server_address)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(self.udp)
        self.udp = self._socket.getsockname()
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.01,)),
            threading.Thread(target=self._serve_udp),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.hang_up()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.udp)
        for thread in self._threads:
            thread.join()
        self._server.server_close()
        self._socket.close()

    def wait_for(self, met: Callable[[list[Heard]], object]) -> None:
        with self.change:
            assert self.change.wait_for(lambda: met(self.heard), LIMIT), self.heard

    def ids(self, via: str | None = None) -> Counter[str]:
        return Counter(heard.message["id"] for heard in self.heard if via in {None, heard.via})

    def take(self, via: str, message: dict[str, Any], token: str | None) -> Reply:
        with self.change:
            self._count[message["id"]] += 1
            heard = Heard(via, message, self._count[message["id"]], token)
            self.heard.append(heard)
            self.change.notify_all()
        reply = self.script(heard)
        if reply.wait:
            reply.wait.wait(LIMIT)
        if reply.status != 202 or reply.body is not None or reply.drop or reply.reset:
            return reply
        return Reply(body=self.acknowledge(message["id"]))

    def acknowledge(self, deed_id: str) -> dict[str, Any]:
        with self.change:
            duplicate = deed_id in self.keys
            key = self.keys.setdefault(deed_id, str(uuid.uuid5(uuid.NAMESPACE_OID, deed_id)))
        return {"key": key, "state": "stored", "duplicate": duplicate, "durability": "disk"}

    def _serve_udp(self) -> None:
        while True:
            datagram, peer = self._socket.recvfrom(65_535)
            if not datagram:
                return
            message = json.loads(datagram)
            assert message.pop("ack") is True
            reply = self.take("udp", message, message.pop("token", None))
            if not reply.drop:
                answer = {"id": message["id"], **(reply.body or {})}
                self._socket.sendto(json.dumps(answer).encode(), peer)


class _Server(ThreadingHTTPServer):
    stand_in: StandIn
    daemon_threads = False
    request_queue_size = 64

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._connections: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.append(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it had gone by itself

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that was cut in the middle is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v1/achievements"
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or None
        reply = cast("_Server", self.server).stand_in.take("http", json.loads(body), token)
        if reply.reset or reply.drop:
            self._cut(reset=reply.reset)
        else:
            self._answer(reply)

    def _cut(self, *, reset: bool) -> None:
        if reset:
            off = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, off)
        self.close_connection = True

    def _answer(self, reply: Reply) -> None:
        data = json.dumps(reply.body or {}).encode()
        self.send_response(reply.status)
        for name, value in {**reply.headers, "Content-Length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    stand_in = StandIn()
    stand_in.start()
    yield stand_in
    stand_in.stop()
