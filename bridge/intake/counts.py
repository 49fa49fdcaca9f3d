"""What came through a door, in numbers.

In: outcomes. Out: sums that status and metrics read. Knows nothing of who reads them.
"""

from collections import Counter
from dataclasses import dataclass, field

from bridge.errors import BridgeError
from bridge.events import Counted, Kept, Taken


@dataclass(slots=True)
class Counts:
    """Sums since the start of the daemon."""

    #: Messages that came, readable or not.
    received: int = 0
    #: New feats, counted events and links, durable.
    stored: int = 0
    #: Feats and counted events that were known.
    duplicates: int = 0
    #: Refused messages by reason, a problem's code or a word of `datagrams.Unreadable`.
    rejected: Counter[str] = field(default_factory=Counter)
    #: Acknowledgements that could not be sent; the game resends.
    unsent: int = 0

    def add(self, outcome: Kept | Exception) -> None:
        """Count what became of one message."""
        if isinstance(outcome, Exception):
            self.refuse(outcome)
        elif isinstance(outcome, (Taken, Counted)) and outcome.duplicate:
            self.duplicates += 1
        else:
            self.stored += 1

    def refuse(self, error: Exception) -> None:
        """Count one message as refused for `error`."""
        self.rejected[error.code if isinstance(error, BridgeError) else "unexpected"] += 1
