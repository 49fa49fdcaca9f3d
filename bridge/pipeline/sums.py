"""What became of a source's messages, in numbers.

In: outcomes. Out: sums that status, metrics and replays show. Knows nothing of who reads them.
"""

from dataclasses import asdict, dataclass

from bridge.errors import BridgeError, NoRule, TranslationError
from bridge.events import Counted, Taken
from bridge.pipeline.road import Outcome


@dataclass(slots=True)
class Sums:
    """Sums of messages, their events, and what those became."""

    messages: int = 0
    events: int = 0
    #: New entries, and events that were known.
    entries: int = 0
    duplicates: int = 0
    #: Events that moved a counter and made no entry.
    counted: int = 0
    #: Events of a replay that a counter for which order matters passed over.
    not_replayed: int = 0
    #: Events that no rule has a use for.
    no_rule: int = 0
    rejected: int = 0
    #: Messages that the adapter failed on.
    aside: int = 0
    #: Why the last message was refused.
    last_error: str = ""

    def of(self, groups: list[list[Outcome]]) -> list[list[Outcome]]:
        """Count what became of each event of each message; return the same."""
        self.messages += len(groups)
        for outcomes in groups:
            for outcome in outcomes:
                self.add(outcome)
        return groups

    def join(self, other: "Sums") -> None:
        """Count what others have counted."""
        for name, value in asdict(other).items():
            if isinstance(value, int):
                setattr(self, name, getattr(self, name) + value)
        self.last_error = other.last_error or self.last_error

    def add(self, outcome: Outcome) -> None:
        """Count what became of one event, or of a message that made none."""
        if isinstance(outcome, BridgeError) and not isinstance(outcome, NoRule):
            self.rejected += 1
            self.aside += isinstance(outcome, TranslationError)
            self.last_error = str(outcome)
            return
        self.events += 1
        match outcome:
            case NoRule():
                self.no_rule += 1
            case Taken():
                self.duplicates += outcome.duplicate
                self.entries += not outcome.duplicate
                self.not_replayed += outcome.not_replayed
            case Counted():
                self.duplicates += outcome.duplicate
                self.counted += not (outcome.duplicate or outcome.not_replayed)
                self.not_replayed += outcome.not_replayed
