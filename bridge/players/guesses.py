"""Wrong codes: how often a player has typed one lately.

In: players and moments. Out: whether a further try is looked at. With 37 bits of code, a few tries
in ten minutes leave nothing to guess.
"""

from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Final

#: Wrong codes that a player may type in `WITHIN`.
TRIES: Final = 5
WITHIN: Final = timedelta(minutes=10)
#: Players that are remembered; beyond it those who tried longest ago are forgotten.
REMEMBERED: Final = 10_000


class Guesses:
    """The latest wrong codes of each player, bounded."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, deque[datetime]] = OrderedDict()

    def too_many(self, player: str, now: datetime) -> bool:
        """Whether a player has typed as many wrong codes as are looked at."""
        wrong = self._wrong.get(player)
        if wrong is None:
            return False
        while wrong and now - wrong[0] > WITHIN:
            wrong.popleft()
        return len(wrong) >= TRIES

    def wrong(self, player: str, now: datetime) -> None:
        """Remember that a player has typed a wrong code."""
        self._wrong.setdefault(player, deque(maxlen=TRIES)).append(now)
        self._wrong.move_to_end(player)
        if len(self._wrong) > REMEMBERED:
            self._wrong.popitem(last=False)
