"""Known keys, message ids and players: the tail in memory, the segments in the file.

In: a connection inside its transaction, new entries. Out: the numbers of entries that may be meant.
Decides nothing.
"""

import json
import sqlite3
from collections.abc import Iterator
from typing import Final

from bridge.outbox.sqlite.known.filter import WIDTH, Filter
from bridge.outbox.sqlite.known.tail import Tail
from bridge.outbox.sqlite.packing import unpacked
from bridge.outbox.sqlite.statements import queries

#: Entries of a segment: so many are sorted and written at once.
SEGMENT: Final = 4096
#: Entries of a slot of the filter, by their numbers.
SLOT: Final = 8 * SEGMENT


class Known:
    """What is known of an outbox; shared by all who read it and the one who writes.

    It is filled from the file when it is first asked. A rollback makes some of its hints wrong,
    which does no harm, unless segments were undone with it: then it is filled anew.
    """

    def __init__(self, *, segment: int = SEGMENT, slot: int = SLOT) -> None:
        """Keep segments of so many entries, and slots of so many; the same for ever in one file."""
        self._segment, self._slot = segment, slot
        self._sql = queries()
        self._filter = Filter()
        self._tail = Tail(segment)
        self._last = 0
        # The number of the next entry; 0 where it has to be looked up.
        self._next = 0
        self._segments = 0
        # Whether a segment was written since the last commit.
        self._sealing = False
        self.filled = False

    def committed(self) -> None:
        """Know that what was sealed is in the file."""
        self._sealing = False

    def undone(self) -> None:
        """Know that a transaction was rolled back, or a part of it."""
        self._next = 0
        if self._sealing:
            self.filled = self._sealing = False

    def beside(self) -> "Known":
        """Return what one may ask who reads beside the writer.

        It is filled, where it must be, for itself alone: what a reader sees lacks what the writer
        has not committed, and must never be what the writer believes.
        """
        view = Known(segment=self._segment, slot=self._slot)
        view.filled = self.filled  # first: whatever is read after it is complete
        view._filter, view._tail = self._filter, self._tail
        return view

    # -- asking -----------------------------------------------------------------------------

    def by_key(self, db: sqlite3.Connection, key: bytes) -> Iterator[int]:
        """Yield the numbers that an entry with this key may have, newest first."""
        if not self.filled:
            self.fill(db)
        yield from self._tail.by_key(key)
        yield from self._sealed(db, key, "key_in_slot")

    def by_digest(self, db: sqlite3.Connection, digest: bytes) -> Iterator[int]:
        """Yield the numbers that an entry made by this message id may have."""
        if not self.filled:
            self.fill(db)
        yield from self._tail.by_digest(digest)
        yield from self._sealed(db, digest, "digest_in_slot")

    def of_player(self, db: sqlite3.Connection, player: str) -> str:
        """Return the numbers of the newest entries that may be a player's, as JSON.

        Those in segments a statement finds by itself.
        """
        if not self.filled:
            self.fill(db)
        return json.dumps(self._tail.of_player(player))

    def _sealed(self, db: sqlite3.Connection, hashed: bytes, statement: str) -> Iterator[int]:
        for slot in self._filter.slots(hashed):
            found = db.execute(self._sql[statement], {"slot": slot, "hash": hashed})
            yield from [row[0] for row in found]

    # -- adding -----------------------------------------------------------------------------

    def next_number(self, db: sqlite3.Connection) -> int:
        """Return the number of the next entry: never one that a segment may speak of."""
        if not self.filled:
            self.fill(db)
        if not self._next:
            newest: int = db.execute(self._sql["last_number"]).fetchone()[0]
            self._next = max(newest, self._last) + 1
        return self._next

    def take(
        self, db: sqlite3.Connection, number: int, key: bytes, digest: bytes | None, player: str
    ) -> bool:
        """Know a new entry, unless its key or its message id may be known: almost never so."""
        slot = (number - 1) // self._slot
        if self._filter.meet(key, slot) and any(self.by_key(db, key)):
            return False
        if (
            digest is not None
            and self._filter.meet(digest, slot)
            and any(self.by_digest(db, digest))
        ):
            return False
        self._tail.add(number, key, digest, player)
        self._next = number + 1
        return True

    def add(self, number: int, key: bytes, digest: bytes | None, player: str) -> None:
        """Know a new entry; the transaction that holds it may still be rolled back."""
        slot = (number - 1) // self._slot
        self._filter.meet(key, slot)
        if digest is not None:
            self._filter.meet(digest, slot)
        self._tail.add(number, key, digest, player)
        self._next = number + 1

    def seal(self, db: sqlite3.Connection, *, least: int | None = None) -> None:
        """Write segments while there are so many filed entries for one, else whole segments."""
        if not self.filled:
            self.fill(db)
        least = self._segment if least is None else least
        if self._next and self._next - self._last <= least:
            return
        newest: int = db.execute(self._sql["last_filed"]).fetchone()[0]
        while newest - self._last >= least:
            self._seal_some(db, newest)

    def _seal_some(self, db: sqlite3.Connection, newest: int) -> None:
        """Write one segment; none crosses the border of two slots."""
        slot = self._last // self._slot
        last = min(self._last + self._segment, (slot + 1) * self._slot, newest)
        values = {"number": self._segments + 1, "slot": slot, "first": self._last + 1, "last": last}
        for statement in ("seal_keys", "seal_digests", "seal_players", "add_segment"):
            db.execute(self._sql[statement], values)
        if last == (slot + 1) * self._slot:
            self._keep_filter(db, slot)
        self._segments, self._last, self._sealing = self._segments + 1, last, True
        self._tail.let_go(last)

    def _keep_filter(self, db: sqlite3.Connection, slot: int) -> None:
        """Write the bits of the block in which a slot is full now."""
        self._filter.reach(slot)
        block = slot // WIDTH
        bits = self._filter.blocks[block]
        db.execute(self._sql["keep_filter"], {"block": block, "slots": slot + 1, "bits": bits})

    # -- filling ----------------------------------------------------------------------------

    def fill(self, db: sqlite3.Connection) -> None:
        """Read the filter and the tail; whatever no segment speaks of yet is the tail.

        Both are put in place once they are complete: others may be reading those before.
        """
        row = db.execute(self._sql["last_segment"]).fetchone()
        self._segments, self._last = (row[0], row[1]) if row is not None else (0, 0)
        filled, tail = self._kept_filter(db), Tail(self._segment)
        for number, key, digest, player in self._unsealed(db):
            slot = (number - 1) // self._slot
            filled.meet(key, slot)
            if digest is not None:
                filled.meet(digest, slot)
            tail.add(number, key, digest, player)
        self._filter, self._tail, self._next = filled, tail, 0
        self.filled = True

    def _unsealed(self, db: sqlite3.Connection) -> Iterator[tuple[int, bytes, bytes | None, str]]:
        yield from db.execute(self._sql["tail"], {"after": self._last})
        for first, packed in db.execute(self._sql["packed"]):
            for number, arrival in enumerate(unpacked(packed), first):
                yield number, arrival.key, arrival.digest, arrival.player

    def _kept_filter(self, db: sqlite3.Connection) -> Filter:
        found, kept = Filter(), 0
        for row in db.execute(self._sql["filters"]):
            found.blocks.append(bytearray(row[0]))
            kept = row[1]
        for statement in ("keys_since_slot", "digests_since_slot"):
            for hashed, slot in db.execute(self._sql[statement], {"slot": kept}):
                found.meet(hashed, slot)
        return found
