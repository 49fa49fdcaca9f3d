"""What a game is told of each message, as JSON.

In: outcomes. Out: an answer, or what of it is said of one message. Knows nothing of how it travels.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from pydantic import JsonValue

from bridge.errors import BridgeError
from bridge.events import Kept, Linked, Taken
from bridge.gate.problems import problem_of
from bridge.intake.contract import Outcome
from bridge.intake.counts import Counts

#: Rejected lines that a stream's answer lists.
LISTED: Final = 1000

_dumps: Final = json.JSONEncoder(separators=(",", ":")).encode


def taken_members(taken: Kept) -> dict[str, JsonValue]:
    """Return what is said of an event that is on disk."""
    if isinstance(taken, Linked):
        return {"key": None, "state": "linked", "duplicate": False}
    members: dict[str, JsonValue] = {
        "key": str(taken.key) if isinstance(taken, Taken) else None,
        "state": taken.state.told if isinstance(taken, Taken) else "counted",
        "duplicate": taken.duplicate,
    }
    if taken.differs:
        members["differs"] = True
    return members


def taken_text(taken: Kept) -> str:
    """Return the same as JSON, without its braces."""
    if isinstance(taken, Taken) and not taken.differs:  # as nearly always: words and a UUID
        duplicate = "true" if taken.duplicate else "false"
        return f'"key":"{taken.key}","state":"{taken.state.told}","duplicate":{duplicate}'
    return _dumps(taken_members(taken))[1:-1]


def outcome_text(outcome: Outcome) -> str:
    """Return what is said of one message among several, as JSON without its braces."""
    if isinstance(outcome, BridgeError):
        return f'"error":{_dumps(problem_of(outcome))}'
    return taken_text(outcome)


def single_answer(taken: Kept) -> bytes:
    """Return the answer to a call of one message that is on disk."""
    return f'{{{taken_text(taken)},"durability":"disk"}}'.encode()


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
    #: What is listed, each as JSON.
    results: list[str] = field(default_factory=list)
    truncated: bool = False

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Count the outcomes of the next messages."""
        index = number = self.stored + self.duplicates + self.rejected
        duplicates = rejected = 0
        for number, outcome in enumerate(outcomes, index + 1):
            if isinstance(outcome, BridgeError):
                rejected += 1
                self.counts.refuse(outcome)
                self._list(number - 1, outcome)
                continue
            if not isinstance(outcome, Linked) and outcome.duplicate:
                duplicates += 1
            if self.every:
                self._list(number - 1, outcome)
        stored = number - index - duplicates - rejected
        self.rejected += rejected
        self.duplicates += duplicates
        self.stored += stored
        self.counts.duplicates += duplicates
        self.counts.stored += stored

    def numbers(self) -> dict[str, JsonValue]:
        """Return the three sums."""
        return {
            "stored": self.stored,
            "duplicates": self.duplicates,
            "rejected": self.rejected,
        }

    def answer(self) -> bytes:
        """Return the whole answer."""
        truncated = ',"results_truncated":true' if self.truncated else ""
        numbers, results = _dumps(self.numbers())[:-1], ",".join(self.results)
        return f'{numbers},"results":[{results}]{truncated}}}'.encode()

    def _list(self, index: int, outcome: Outcome) -> None:
        if not self.every and len(self.results) >= LISTED:
            self.truncated = True
        else:
            self.results.append(f'{{"index":{index},{outcome_text(outcome)}}}')
