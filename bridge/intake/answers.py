"""What a game is told of each message, as JSON.

In: outcomes. Out: the members of an answer. Knows nothing of how it travels.
"""

from dataclasses import dataclass, field

from pydantic import JsonValue

from bridge.errors import BridgeError
from bridge.events import Counted, Kept, Linked, Taken
from bridge.gate.problems import problem_of
from bridge.intake.contract import Outcome
from bridge.intake.counts import Counts

#: Rejected lines that a stream's answer lists.
LISTED = 1000


def taken_members(taken: Kept) -> dict[str, JsonValue]:
    """Return what is said of an event that is on disk."""
    if isinstance(taken, Linked):
        return {"key": None, "state": "linked", "duplicate": False}
    members: dict[str, JsonValue] = {
        "key": taken.key if isinstance(taken, Taken) else None,
        "state": taken.state.told if isinstance(taken, Taken) else "counted",
        "duplicate": taken.duplicate,
    }
    if taken.differs:
        members["differs"] = True
    return members


def outcome_members(outcome: Outcome) -> dict[str, JsonValue]:
    """Return what is said of one message among several."""
    if isinstance(outcome, BridgeError):
        return {"error": problem_of(outcome)}
    return taken_members(outcome)


@dataclass(slots=True)
class Tally:
    """The answer to a call of many messages, as it grows."""

    #: Whether every message is listed, or only the rejected ones.
    every: bool
    #: The door's own counts, which go on from call to call.
    counts: Counts
    stored: int = 0
    duplicates: int = 0
    rejected: int = 0
    results: list[JsonValue] = field(default_factory=list)
    truncated: bool = False

    def add(self, outcome: Outcome) -> None:
        """Count the outcome of the next message."""
        index = self.stored + self.duplicates + self.rejected
        self.counts.add(outcome)
        if isinstance(outcome, BridgeError):
            self.rejected += 1
        elif isinstance(outcome, Taken | Counted) and outcome.duplicate:
            self.duplicates += 1
        else:
            self.stored += 1
        if self.every or isinstance(outcome, BridgeError):
            self._list(index, outcome)

    def numbers(self) -> dict[str, JsonValue]:
        """Return the three sums."""
        return {
            "stored": self.stored,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
        }

    def members(self) -> dict[str, JsonValue]:
        """Return the whole answer."""
        answer = self.numbers() | {"results": self.results}
        return answer | {"results_truncated": True} if self.truncated else answer

    def _list(self, index: int, outcome: Outcome) -> None:
        if not self.every and len(self.results) >= LISTED:
            self.truncated = True
        else:
            self.results.append({"index": index, **outcome_members(outcome)})
