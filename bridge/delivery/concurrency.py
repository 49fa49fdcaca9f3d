"""How many calls may be in flight: more while the answers are good, half when they are not.

In: answers. Out: a number. It doubles at first, then grows by one for each full window.
"""


class Concurrency:
    """The window of one lane, from 1 to `most`; it starts with 2."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._window = float(min(2, most))
        self._exploring = True
        self._immune = 0

    @property
    def limit(self) -> int:
        """Calls that may be in flight now."""
        return int(self._window)

    def success(self) -> None:
        """Note a good answer."""
        self._immune = max(0, self._immune - 1)
        growth = 1.0 if self._exploring else 1.0 / self._window
        self._window = min(float(self._most), self._window + growth)

    def failure(self) -> None:
        """Note an answer that says: slower. The calls that were out with it count once."""
        if self._immune:
            self._immune -= 1
            return
        self._immune = self.limit - 1
        self._exploring = False
        self._window = max(1.0, self._window / 2)
