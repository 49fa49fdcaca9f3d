"""A stand-in for campaign-bridge's small calls and its stream, on a real socket, by script.

In: a test's script. Out: what was asked, in order. Knows nothing of the game's own code.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

LIMIT = 20.0


@dataclass(frozen=True)
class Asked:
    """One call as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Far:
    """The stand-in: `answer` gives a status and a JSON body, `stream` what a listener is sent."""

    answer: Callable[[Asked], tuple[int, Any]] = lambda asked: (404, {})
    #: Called for each listener; the chunks are sent as they come, then the connection ends.
    stream: Callable[[Asked], Iterator[str]] | None = None
    asked: list[Asked] = field(default_factory=list)
    change: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0

    def take(self, asked: Asked) -> None:
        with self.change:
            self.asked.append(asked)
            self.change.notify_all()

    def wait_for(self, met: Callable[[list[Asked]], object]) -> None:
        with self.change:
            assert self.change.wait_for(lambda: met(self.asked), LIMIT), self.asked


class _Server(ThreadingHTTPServer):
    far: Far
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that was cut in the middle is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def _take(self) -> None:
        far = cast("_Server", self.server).far
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(data) if data else None
        asked = Asked(self.command, self.path, dict(self.headers), body)
        far.take(asked)
        if self.path.startswith("/v1/stream") and far.stream is not None:
            self._stream(far.stream(asked))
            return
        status, said = far.answer(asked)
        answer = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _stream(self, chunks: Iterator[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for chunk in chunks:
            self.wfile.write(chunk.encode())
            self.wfile.flush()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def far_running() -> Iterator[Far]:
    far = Far()
    server = _Server(("127.0.0.1", 0), _Handler)
    server.far, far.port = far, server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield far
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
