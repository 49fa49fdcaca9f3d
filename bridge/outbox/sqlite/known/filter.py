"""A filter over hashes that are known: a no is certain, a yes names where to look.

In: 16-byte hashes, each with the slot of its entry. Out: the slots in which a hash may be. Knows
nothing of entries or files.

A block holds eight slots, one bit each in a million bytes: one look answers for all eight. A slot
takes some 65,000 hashes; then one in 500 strangers is taken for known, and costs a look more.
"""

from collections.abc import Iterator
from struct import Struct
from typing import Final

#: Positions of a block, and how many slots share them.
POSITIONS: Final = 1 << 20
WIDTH: Final = 8

_MASK: Final = POSITIONS - 1
# Hashes are random already, but for the marks of a UUID: the third part leaves them out.
_PARTS: Final = Struct("<IIII").unpack


class Filter:
    """The slots in which hashes may be known."""

    def __init__(self) -> None:
        self.blocks: list[bytearray] = []

    def meet(self, hashed: bytes, slot: int) -> bool:
        """Let a hash be known in a slot; return whether it may have been known in any before."""
        a, b, c, d = _PARTS(hashed)
        a, b, c, d = a & _MASK, b & _MASK, c >> 12, d & _MASK
        blocks, number = self.blocks, slot // WIDTH
        if len(blocks) <= number:
            self.reach(slot)
        known = False
        for each in blocks:
            if (found := each[a] & each[b]) and found & each[c] & each[d]:
                known = True
                break
        block, bit = blocks[number], 1 << slot % WIDTH
        block[a] |= bit
        block[b] |= bit
        block[c] |= bit
        block[d] |= bit
        return known

    def reach(self, slot: int) -> None:
        """Have blocks up to a slot, also where nothing is known in it."""
        while len(self.blocks) <= slot // WIDTH:
            self.blocks.append(bytearray(POSITIONS))

    def slots(self, hashed: bytes) -> Iterator[int]:
        """Yield the slots in which a hash may be known, newest first."""
        a, b, c, d = _PARTS(hashed)
        for number in range(len(self.blocks) - 1, -1, -1):
            block = self.blocks[number]
            found = block[a & _MASK] & block[b & _MASK] & block[c >> 12] & block[d & _MASK]
            for bit in range(WIDTH - 1, -1, -1):
                if found >> bit & 1:
                    yield number * WIDTH + bit
