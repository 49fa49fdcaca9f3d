"""The newest entries, which no segment speaks of yet, or only since a moment ago.

In: entries' numbers, keys, message ids and players. Out: the numbers again, by each of them.
"""

from collections.abc import Iterator


class _Chunk:
    """Entries whose numbers lie close together."""

    __slots__ = ("digests", "keys", "players")

    def __init__(self) -> None:
        self.keys: dict[bytes, int] = {}
        self.digests: dict[bytes, int] = {}
        self.players: dict[str, list[int]] = {}


class Tail:
    """Entries by key, by message id and by player, in chunks of `size` numbers.

    One thread adds and lets go, others may ask at the same time.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._chunks: dict[int, _Chunk] = {}

    def add(self, number: int, key: bytes, digest: bytes | None, player: str) -> None:
        """Hold one entry more."""
        at = (number - 1) // self._size
        chunk = self._chunks.get(at)
        if chunk is None:
            chunk = _Chunk()
            self._chunks = {**self._chunks, at: chunk}  # a new one, under nobody's hands
        chunk.keys[key] = number
        if digest is not None:
            chunk.digests[digest] = number
        mine = chunk.players.get(player)
        if mine is None:
            chunk.players[player] = [number]
        else:
            mine.append(number)

    def by_key(self, key: bytes) -> Iterator[int]:
        """Yield the numbers that this key was given, newest first."""
        for chunk in reversed(self._chunks.values()):
            if (number := chunk.keys.get(key)) is not None:
                yield number

    def by_digest(self, digest: bytes) -> Iterator[int]:
        """Yield the numbers that this message id was given, newest first."""
        for chunk in reversed(self._chunks.values()):
            if (number := chunk.digests.get(digest)) is not None:
                yield number

    def of_player(self, player: str) -> list[int]:
        """Return the numbers that a player's entries were given."""
        chunks = self._chunks.values()
        return [number for chunk in chunks for number in chunk.players.get(player, ())]

    def let_go(self, last: int) -> None:
        """Let entries go up to a number, in whole chunks; all of them are in segments.

        One chunk more stays: who reads beside the writer may not see its segment yet.
        """
        kept = last // self._size - 1
        if any(at < kept for at in self._chunks):
            self._chunks = {at: chunk for at, chunk in self._chunks.items() if at >= kept}
