"""A webhook receiver as the reference's section 5 describes one.

In: deliveries on a socket of its own. Out: the documents that were signed rightly, in the order
of their coming. Knows nothing of who sends them.
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any

#: Seconds that a delivery may take, a repetition after an error included.
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request that came, whatever it was answered."""

    headers: Message
    body: bytes
    answered: int

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body, parse_float=Decimal)
        return found


@dataclass(slots=True)
class Receiver:
    """Keeps what came; `mood` is asked for the status of a rightly signed delivery."""

    secret: str = field(default="", repr=False)
    url: str = ""
    mood: Callable[[], int] = field(default=lambda: 200)
    came: list[Delivery] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def take(self, method: str, headers: Message, body: bytes) -> int:
        """Keep a delivery; return the status to answer it with."""
        status = self._status(method, headers, body)
        with self._news:
            self.came.append(Delivery(headers, body, status))
            self._news.notify_all()
        return status

    def wait(
        self, event: str, count: int = 1, data: Mapping[str, object] = MappingProxyType({})
    ) -> list[Delivery]:
        """Wait for `count` deliveries of `event` whose data has these values; return them."""
        with self._news:
            assert self._news.wait_for(
                lambda: len(self._of(event, data)) >= count, timeout=PATIENCE
            ), f"{event} {data} did not come; came: {[one.body for one in self.came]}"
            return self._of(event, data)

    def _of(self, event: str, data: Mapping[str, object]) -> list[Delivery]:
        return [
            one
            for one in self.came
            if one.answered != 401
            and one.document["event"] == event
            and data.items() <= one.document["data"].items()
        ]

    def _status(self, method: str, headers: Message, body: bytes) -> int:
        if method != "POST" or not signed(headers, body, self.secret):
            return 401
        try:
            json.loads(body)
        except ValueError:
            return 400
        return self.mood()


def signed(headers: Message, body: bytes, secret: str) -> bool:
    """Whether X-Oncade-Signature is the bare lowercase hex HMAC-SHA256 of the raw bytes."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, headers.get("X-Oncade-Signature", ""))


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on a free port of loopback."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(receiver.take("POST", self.headers, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.url = f"http://127.0.0.1:{server.server_port}/hooks"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
