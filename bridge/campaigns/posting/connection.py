"""One connection to a host: a request out, its answer in, one at a time.

In: a request's bytes. Out: what came for them, as it came. Knows nothing of what was asked, and
nothing of time. HTTP is read by httptools, which is the parser of Node.js.

```text
 resting ──ask──▶ asked ──whole answer, may be kept──▶ resting
                    └── cut, unreadable, to be closed, or more than was asked for ──▶ gone
```
What comes while nobody has asked is no answer to anything: the connection is given up.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

#: As much of a body is read; a longer one is a page, not the API's.
LONGEST_BODY: Final = 256 * 1024
#: A status line with its headers that is longer is none (bytes).
LONGEST_HEAD: Final = 32 * 1024

_SWITCHED: Final = 101


@dataclass(slots=True)
class Reply:
    """What came back; names of headers in lower case, of two with one name the first."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Lost(ConnectionError):
    """The connection broke off, or what came is no answer."""


class Connection(asyncio.Protocol):
    """One connection; `rests` is called whenever it can be asked again, `gone` when it is over."""

    __slots__ = (
        "_asked",
        "_body",
        "_complete",
        "_gone",
        "_head",
        "_headed",
        "_headers",
        "_keep",
        "_length",
        "_parser",
        "_rests",
        "_size",
        "_status",
        "_transport",
        "rested_at",
    )

    def __init__(
        self, rests: Callable[["Connection"], None], gone: Callable[["Connection"], None]
    ) -> None:
        self._rests = rests
        self._gone = gone
        self._transport: asyncio.Transport
        self._asked: asyncio.Future[Reply] | None = None
        self._parser = HttpResponseParser(self)
        # Servers that aiohttp, which all other calls use, can read must be readable here.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )
        #: When it was last given back, in the loop's seconds.
        self.rested_at = 0.0
        self._forget()

    def _forget(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        self._status = self._head = self._length = self._size = 0
        self._headed = self._complete = False
        self._keep = True

    # -- what its users call ----------------------------------------------------------------

    @property
    def usable(self) -> bool:
        """Whether the other side has not closed it, as far as is known."""
        return not self._transport.is_closing()

    def ask(self, request: bytes, reply: "asyncio.Future[Reply]") -> None:
        """Send a request; `reply` is given its answer, or `Lost`."""
        self._forget()
        self._asked = reply
        self._transport.write(request)

    def leave(self, reply: "asyncio.Future[Reply]") -> None:
        """Close it, unless it has this answer: then it may be at another one by now."""
        if self._asked is reply:
            self.drop()

    def drop(self) -> None:
        """Close it at once; whoever waits for an answer is told nothing any more."""
        self._asked = None
        self._transport.abort()

    # -- what the loop calls ----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        # TCP and TLS have no other; uvloop's say of themselves that they are none.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on; hand the answer out once it is whole, or as long as an answer can be."""
        if self._asked is None:
            self.drop()
            return
        self._size += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._keep = False
        except HttpParserError as error:
            self._keep = False
            if not self._complete:  # else it is what follows the answer that can't be read
                self._lose(f"the answer is no HTTP: {error}")
                return
        head = self._head if self._headed else self._size
        if head > LONGEST_HEAD:
            self._lose("the answer's headers have no end")
        elif self._complete:
            self._answer()
        elif self._length >= LONGEST_BODY or self._size > 2 * LONGEST_BODY:
            self._keep = False
            self._answer()

    def connection_lost(self, error: Exception | None) -> None:
        """Take what came for an answer where only its end says how long it is."""
        if self._asked is not None:
            self._keep = False
            if self._headed and self._ends_with_connection():
                self._answer()
            else:
                self._lose(str(error or "the connection was closed before the answer was whole"))
        self._gone(self)

    # -- what the parser calls --------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin an answer; a second one is more than was asked for."""
        if self._complete:
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self._head += len(name) + len(value)
        if b"\0" in value:  # the parser lets it pass
            raise ValueError("a header holds a zero byte")
        if not self._complete:
            self._headers.setdefault(name.lower(), value)

    def on_headers_complete(self) -> None:
        """Know the status, and that what follows is the body."""
        if not self._complete:
            self._headed, self._status = True, self._parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body."""
        if not self._complete:
            self._body.append(data)
            self._length += len(data)

    def on_message_complete(self) -> None:
        """End the answer; one that only says "go on" (1xx) is none."""
        if self._complete:
            return
        if 100 <= self._status < 200 and self._status != _SWITCHED:
            self._headers, self._headed = {}, False
            return
        self._complete = True
        self._keep = self._parser.should_keep_alive()

    # -- ends -------------------------------------------------------------------------------

    def _ends_with_connection(self) -> bool:
        chunked = self._headers.get(b"transfer-encoding", b"").lower().endswith(b"chunked")
        return not chunked and b"content-length" not in self._headers

    def _answer(self) -> None:
        reply, self._asked = self._asked, None
        if reply is not None and not reply.done():
            reply.set_result(Reply(self._status, self._headers, b"".join(self._body)))
        # Of a request that is still on its way out nobody knows where the next one would begin.
        if self._keep and not self._transport.get_write_buffer_size():
            self._rests(self)
        else:
            self._transport.abort()

    def _lose(self, why: str) -> None:
        reply, self._asked = self._asked, None
        self._transport.abort()
        if reply is not None and not reply.done():
            reply.set_exception(Lost(why))
