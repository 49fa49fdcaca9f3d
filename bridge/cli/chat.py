"""What the demo shows of the game's chat: a link, a few payouts, and how many there were.

In: the game's log while it grows. Out: lines worth showing.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

#: What a line of chat begins with → how many of its kind are shown.
_SHOWN: Final[Mapping[str, int]] = MappingProxyType({">> ": 1, "++ ": 3, "== ": 0})
_LAST: Final = "payouts announced"


class Chat:
    """Reads a game's log from where it was left."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = 0
        self._seen: Counter[str] = Counter()

    def news(self) -> Iterator[str]:
        """Return what was said since and is worth showing; half a line is left for later."""
        try:
            with self._log.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except FileNotFoundError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.decode("utf-8", "replace").splitlines():
            kind = line[:3]
            self._seen[kind] += 1
            if self._seen[kind] <= _SHOWN.get(kind, 0) or line.endswith(_LAST):
                yield line
