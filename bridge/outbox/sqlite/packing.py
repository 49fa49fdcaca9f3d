"""Entries that have arrived, as bytes.

In: arrivals. Out: bytes, and the arrivals again. What was packed by an older version is read for
ever: fields are never reordered, only added at the end, with a default.
"""

from collections.abc import Sequence

import msgspec


class Arrival(msgspec.Struct, array_like=True, gc=False):
    """One accepted entry: all that is stored of it.

    Times are milliseconds since 1970.
    """

    key: bytes
    campaign: str
    player: str
    event_code: str
    feat: str
    occurrence: str
    rule_id: int
    source: str
    peer: str
    adapter: str
    raw: bytes
    received_at: int
    name: str
    id: str | None
    occurred_at: int | None
    digest: bytes | None
    content: bytes | None
    #: Why it was held when it came, although it could have been sent: shadow, quarantine, or "".
    held: str


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Arrival]).decode


def packed(arrivals: Sequence[Arrival]) -> bytes:
    """Return arrivals as bytes."""
    return _encode(arrivals)


def unpacked(data: bytes) -> list[Arrival]:
    """Return the arrivals that were packed; raises `ValueError` where they can't be read."""
    return _decode(data)
