"""Heads of calls that are plain: what is said before the body, and who may say it.

In: the bytes of a head. Out: what the body is to be, where a known caller posts one achievement in
the plainest way; None for all else, which aiohttp and the gate are to judge. Knows nothing of
connections.

A game's heads are the same for hours, so what became of one is remembered, by its digest: a head
holds a token, and no token is kept.
"""

import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser
from multidict import CIMultiDict, CIMultiDictProxy

from bridge.errors import BridgeError
from bridge.gate.guard import Gate
from bridge.gate.roles import Right
from bridge.intake.bodies import STREAMS, media_type
from bridge.intake.kept import kept_headers

PATH: Final = "/v1/achievements"
#: How the head of every plain call begins.
BEGINNING: Final = f"POST {PATH} HTTP/1.1\r\n".encode()
#: Heads whose verdict is remembered.
_REMEMBERED: Final = 4096
_TEXT: Final = re.compile(rb"[\t\r\n -~]*")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
#: Headers that ask for more than an answer to what the body says.
_MORE: Final = ("Expect", "Transfer-Encoding", "Content-Encoding", "Upgrade", "TE", "Trailer")
#: Headers that mean something here, and that a plain head has once.
_ONCE: Final = ("Authorization", "Content-Type", "Content-Length", "Connection", "User-Agent")


@dataclass(frozen=True, slots=True)
class Head:
    """A plain head: the length of its body, whether the connection stays, what a message keeps."""

    length: int
    stays: bool
    kept: dict[str, str]


@dataclass(slots=True)
class _Reading:
    """What the parser calls."""

    url: bytes = b""
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.add(name.decode(), value.decode())


class Heads:
    """What became of heads, as long as the gate's tokens stay the same."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._tokens = gate.tokens
        self._verdicts: dict[bytes, Head | None] = {}

    def judge(self, head: bytes, came_to: str) -> Head | None:
        """Return what a head says that came to an address of ours, where it is plain.

        `head` is all before the empty line.
        """
        if self._gate.tokens is not self._tokens or len(self._verdicts) >= _REMEMBERED:
            self._tokens = self._gate.tokens
            self._verdicts.clear()
        digest = sha256(b"%s\n%s" % (came_to.encode(), head)).digest()
        try:
            return self._verdicts[digest]
        except KeyError:
            return self._verdicts.setdefault(digest, self._judge(head, came_to))

    def _judge(self, head: bytes, came_to: str) -> Head | None:
        if not head.startswith(BEGINNING) or not _TEXT.fullmatch(head):
            return None
        reading = _Reading()
        parser = HttpRequestParser(reading)
        try:
            parser.feed_data(head + b"\r\n\r\n")
        except (HttpParserError, HttpParserUpgrade):
            return None
        headers = CIMultiDictProxy(reading.headers)
        length = headers.get("Content-Length", "")
        if (
            not _NUMBER.fullmatch(length)
            or not _is_plain(headers)
            or not self._lets(headers, came_to)
        ):
            return None
        return Head(int(length), parser.should_keep_alive(), kept_headers(headers))

    def _lets(self, headers: CIMultiDictProxy[str], came_to: str) -> bool:
        try:
            role = self._gate.admit(headers, came_to)
        except BridgeError:
            return False
        return role is not None and role.may(Right.POST)


def _is_plain(headers: CIMultiDictProxy[str]) -> bool:
    return (
        len(headers.getall("Host", ())) == 1
        and not any(name in headers for name in _MORE)
        and all(len(headers.getall(name, ())) <= 1 for name in _ONCE)
        and headers.get("Connection", "keep-alive").lower() in {"keep-alive", "close"}
        and media_type(headers.get("Content-Type", "")) not in STREAMS
    )
