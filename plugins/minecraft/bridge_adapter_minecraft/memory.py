"""What is remembered of one log, or of one advancement file: each has a memory of its own.

In: nothing. Out: a model that survives being written as JSON. Knows nothing of lines or files.
"""

from datetime import date
from typing import Final

from pydantic import BaseModel

#: Names that were authenticated and never came in; more are forgotten, the oldest first.
MOST_WAITING: Final = 1000


class LogClock(BaseModel):
    """The day and the second of the last line, and whether its hour runs for the second time."""

    day: date | None = None
    seconds: int = 0
    again: bool = False


class MinecraftMemory(BaseModel):
    """Who is on the server by the log, which advancements of the file are told already.

    `waiting` are UUIDs of players, by name, whom the server has authenticated and not yet let in.
    """

    waiting: dict[str, str] = {}
    online: dict[str, str] = {}
    clock: LogClock = LogClock()
    titles_unknown: int = 0
    reported: list[str] = []

    def authenticated(self, name: str, player: str) -> None:
        """Note that `name` is `player` the next time that it logs in."""
        self.waiting.pop(name, None)
        self.waiting[name] = player
        if len(self.waiting) > MOST_WAITING:
            del self.waiting[next(iter(self.waiting))]

    def came(self, name: str) -> None:
        """Let `name` in; without a UUID of its own it is nobody, whoever was called so before."""
        self.left(name)
        player = self.waiting.pop(name, None)
        if player is not None:
            self.online[name] = player

    def left(self, name: str) -> None:
        """Forget `name`; its UUID is said again before it comes back."""
        self.online.pop(name, None)

    def restarted(self) -> None:
        """Forget everybody: the server began anew."""
        self.waiting.clear()
        self.online.clear()
