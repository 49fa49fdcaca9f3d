"""POSTs to one URL: what goes out is written once, but for its key and its body.

In: keys and bodies. Out: answers, with compression taken off. Knows nothing of what they mean.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from yarl import URL

from bridge.campaigns.posting.connection import LONGEST_BODY, Lost, Reply
from bridge.campaigns.posting.connections import Address, Connections
from bridge.campaigns.posting.deadlines import Deadlines

#: How zlib reads each Content-Encoding that servers use although none was asked for.
_DEFLATE = b"deflate"
_PACKED = {b"gzip": 16 + zlib.MAX_WBITS, _DEFLATE: zlib.MAX_WBITS}


class Post:
    """The POSTs to one URL."""

    def __init__(self, head: bytes, connections: Connections, deadlines: Deadlines) -> None:
        self._head = head
        self._connections = connections
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()

    async def send(self, key: UUID, body: bytes) -> Reply:
        """POST a body under its Idempotency-Key, once.

        Raises:
            NotSent: it is certain that nothing was sent.
            Lost, TimeoutError: nobody knows.
        """
        reply: asyncio.Future[Reply] = self._loop.create_future()
        self._deadlines.add(reply)
        connection = self._connections.rested()
        try:
            if connection is None:
                connection = await self._connections.new()
            request = b"%s%s\r\nContent-Length: %d\r\n\r\n%s" % (
                self._head,
                str(key).encode(),
                len(body),
                body,
            )
            connection.ask(request, reply)
            answer = await reply
        except BaseException:
            if connection is not None:
                connection.leave(reply)
            raise
        finally:
            self._deadlines.discard(reply)
        if b"content-encoding" in answer.headers:
            answer.body = _unpacked(answer.body, answer.headers[b"content-encoding"])
        return answer


def _unpacked(body: bytes, encoding: bytes) -> bytes:
    """Return a body as it was before it was packed, as far as an answer can be long."""
    encoding = encoding.strip().lower()
    wbits = _PACKED.get(encoding)
    if wbits is None or not body:
        return body
    if encoding == _DEFLATE and body[0] & 0xF != zlib.DEFLATED:
        wbits = -zlib.MAX_WBITS  # without the envelope that the standard asks for
    unpacking = zlib.decompressobj(wbits)
    try:
        plain = unpacking.decompress(body, LONGEST_BODY)
    except zlib.error as error:
        raise Lost(f"the answer can't be unpacked: {error}") from error
    cut = encoding == _DEFLATE and not unpacking.eof and not unpacking.unconsumed_tail
    if cut or unpacking.unused_data:
        raise Lost("the answer was packed, and is cut or followed by something else")
    return plain


@asynccontextmanager
async def post(
    url: str, headers: Mapping[str, str], *, connect: float, total: float
) -> AsyncIterator[Post]:
    """Open connections for POSTs to one URL, percent-encoded already; times in seconds.

    `connect` is how long a connection may take to come about, `total` how long a whole call may.
    """
    to = URL(url, encoded=True)
    address = Address(to.raw_host or "", to.port or 0, tls=to.scheme == "https")
    deadlines = Deadlines(total)
    try:
        async with Connections(address, connect) as connections:
            yield Post(_head(to, headers), connections, deadlines)
    finally:
        deadlines.close()


def _head(to: URL, headers: Mapping[str, str]) -> bytes:
    """Return a request as far as the Idempotency-Key's value."""
    named = {
        "Host": to.host_port_subcomponent or "",
        "Accept": "*/*",
        "Accept-Encoding": "identity",  # packing a line of JSON costs both sides more than it saves
        **headers,
        "Content-Type": "application/json",
    }
    lines = [
        f"POST {to.raw_path_qs} HTTP/1.1",
        *(f"{name}: {text}" for name, text in named.items()),
    ]
    if not all(line.isprintable() for line in lines):
        raise ValueError("a header of the calls holds a line break")
    return "\r\n".join([*lines, "Idempotency-Key: "]).encode()
