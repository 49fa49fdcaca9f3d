"""What the demo shows while it runs: one moving line on a terminal, plain lines in a log.

In: numbers. Out: text. Knows nothing of where the numbers come from.
"""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

#: In a log, a line of numbers every so many updates.
_SELDOM = 6


class Show:
    """The demo's output; a context manager while the match is on."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._live: Live | None = None
        self._updates = 0

    def __enter__(self) -> Self:
        """Begin the moving line."""
        if self._console.is_terminal:
            self._live = Live(Text(), console=self._console, refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def say(self, line: str) -> None:
        """Print a line."""
        self._console.print(line, markup=False, soft_wrap=True)

    def numbers(self, achieved: int, entries: dict[str, int], paid: int, killed: int) -> None:
        """Show where the match stands."""
        held, confirmed = entries.get("held", 0), entries.get("confirmed", 0)
        ours = (
            f"stored {sum(entries.values()):4}  held {held:4}  confirmed {confirmed:4}"
            if entries or not achieved
            else "(the daemon is away: it has just been killed)"
        )
        line = f"achieved {achieved:4}  {ours:42}  paid {paid:4}  kills {killed}"
        if self._live is not None:
            self._live.update(Text(line))
        elif self._updates % _SELDOM == 0:
            self.say(line)
        self._updates += 1
