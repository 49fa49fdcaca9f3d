"""Cells and records of SQLite's pages (https://sqlite.org/fileformat2.html).

In: a page's bytes. Out: its kind, its children, its rows. Nothing is believed: whatever points
outside of its page is `Unreadable`.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

Value = int | float | bytes | str | None
#: Return a page's bytes by its number.
Fetch = Callable[[int], bytes]


class Kind(IntEnum):
    """What a page is. The rows of tables WITHOUT ROWID are in pages of an index."""

    INDEX_INNER = 2
    TABLE_INNER = 5
    INDEX_LEAF = 10
    TABLE_LEAF = 13


_INNER: Final = {Kind.INDEX_INNER, Kind.TABLE_INNER}


class Unreadable(Exception):
    """Something here isn't what it should be."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record as it is stored; `number` is the rowid where the page has such."""

    number: int | None
    values: tuple[Value, ...]


class Page:
    """One page of a tree."""

    def __init__(self, number: int, data: bytes, usable: int) -> None:
        """Read the head of a page; raises `Unreadable` where it has none."""
        self._data = data
        self._usable = usable
        self._at = 100 if number == 1 else 0
        try:
            self.kind = Kind(data[self._at])
            self.cells = struct.unpack(">H", data[self._at + 3 : self._at + 5])[0]
        except (ValueError, IndexError, struct.error) as no_page:
            raise Unreadable from no_page
        self._head = 12 if self.kind in _INNER else 8
        if self._at + self._head + 2 * self.cells > len(data):
            raise Unreadable

    def children(self) -> Iterator[int]:
        """Yield the pages below, those that can be read."""
        if self.kind not in _INNER:
            return
        for place in self._places():
            if place + 4 <= len(self._data):
                yield struct.unpack(">I", self._data[place : place + 4])[0]
        yield struct.unpack(">I", self._data[self._at + 8 : self._at + 12])[0]

    def rows(self, fetch: Fetch) -> Iterator[Row | None]:
        """Yield the rows; None for each that can't be read."""
        if self.kind is Kind.TABLE_INNER:
            return
        for place in self._places():
            try:
                yield self._row(place, fetch)
            except (Unreadable, IndexError, struct.error, UnicodeDecodeError):
                yield None

    def _places(self) -> tuple[int, ...]:
        start = self._at + self._head
        return struct.unpack(f">{self.cells}H", self._data[start : start + 2 * self.cells])

    def _row(self, place: int, fetch: Fetch) -> Row:
        if place < self._at + self._head + 2 * self.cells:
            raise Unreadable
        if self.kind is Kind.INDEX_INNER:
            place += 4
        size, place = varint(self._data, place)
        number = None
        if self.kind is Kind.TABLE_LEAF:
            number, place = varint(self._data, place)
        return Row(number, record(self._payload(size, place, fetch)))

    def _payload(self, size: int, place: int, fetch: Fetch) -> bytes:
        most = (
            self._usable - 35
            if self.kind is Kind.TABLE_LEAF
            else (self._usable - 12) * 64 // 255 - 23
        )
        if size <= most:
            return _exactly(self._data[place : place + size], size)
        least = (self._usable - 12) * 32 // 255 - 23
        here = least + (size - least) % (self._usable - 4)
        here = here if here <= most else least
        parts = [_exactly(self._data[place : place + here], here)]
        left, after = size - here, place + here
        following = struct.unpack(">I", self._data[after : after + 4])[0]
        while left > 0:
            page = fetch(following) if following else b""
            if len(page) < self._usable:
                raise Unreadable
            parts.append(page[4 : 4 + min(left, self._usable - 4)])
            left -= self._usable - 4
            following = struct.unpack(">I", page[:4])[0]
        return b"".join(parts)


def _exactly(data: bytes, size: int) -> bytes:
    if len(data) != size:
        raise Unreadable
    return data


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Read a number of one to nine bytes; return it and where it ends."""
    value = 0
    for step in range(8):
        byte = data[at + step]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + step + 1
    value = value << 8 | data[at + 8]
    return (value - (1 << 64) if value >= 1 << 63 else value), at + 9


_INTEGERS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


def record(payload: bytes) -> tuple[Value, ...]:
    """Read a record; raises `Unreadable` where it doesn't add up."""
    head, at = varint(payload, 0)
    if head > len(payload):
        raise Unreadable
    kinds = []
    while at < head:
        kind = payload[at]
        if kind < 0x80:  # nearly always; a call less for each value
            at += 1
        else:
            kind, at = varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    for kind in kinds:
        value, at = _value(payload, at, kind)
        values.append(value)
    if at != len(payload):
        raise Unreadable
    return tuple(values)


def _value(data: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind >= 12:
        size = (kind - 12) // 2
        part = _exactly(data[at : at + size], size)
        return (part.decode() if kind % 2 else part), at + size
    if kind in _INTEGERS:
        size = _INTEGERS[kind]
        return int.from_bytes(_exactly(data[at : at + size], size), "big", signed=True), at + size
    if kind == 7:
        return struct.unpack(">d", data[at : at + 8])[0], at + 8
    if kind in {8, 9}:
        return kind - 8, at
    if kind == 0:
        return None, at
    raise Unreadable
