"""The newest entries, which no segment speaks of yet.

In: entries' numbers, keys, message ids and players. Out: the numbers again, by each of them.
"""


class Tail:
    """Entries by key, by message id and by player."""

    __slots__ = ("digests", "keys", "players")

    def __init__(self) -> None:
        self.keys: dict[bytes, int] = {}
        self.digests: dict[bytes, int] = {}
        self.players: dict[str, list[int]] = {}

    def __len__(self) -> int:
        """How many keys it holds."""
        return len(self.keys)

    def add(self, number: int, key: bytes, digest: bytes | None, player: str) -> None:
        """Hold one entry more."""
        self.keys[key] = number
        if digest is not None:
            self.digests[digest] = number
        mine = self.players.get(player)
        if mine is None:
            self.players[player] = [number]
        else:
            mine.append(number)

    def split(self, last: int) -> "tuple[Tail, Tail]":
        """Return the entries up to a number, and those after it."""
        if all(number <= last for number in self.keys.values()):
            return self, Tail()
        old, new = Tail(), Tail()
        for part, late in ((old, False), (new, True)):
            part.keys = {key: n for key, n in self.keys.items() if (n > last) is late}
            part.digests = {key: n for key, n in self.digests.items() if (n > last) is late}
            for player, numbers in self.players.items():
                if mine := [n for n in numbers if (n > last) is late]:
                    part.players[player] = mine
        return old, new
