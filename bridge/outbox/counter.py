"""What a counter has come to, and how an event moves it: pure, as the life of entries is.

In: a `CounterState` and a `Counting`. Out: the next state, and whether it is full. Knows nothing
of rows or rules.
"""

from dataclasses import replace

from bridge.outbox.values import Counting
from bridge.record import record


@record
class CounterState:
    """One counter in one scope: `seen` events since it was last full or set back.

    `filled` is how often it was full; `last_at` when the last event that counted occurred;
    `replayed` says that only replays have moved it.
    """

    seen: int = 0
    filled: int = 0
    last_at: int | None = None
    replayed: bool = True


#: What a counter is that no event has moved.
NEW = CounterState()


def moves(state: CounterState, counting: Counting, *, replay: bool) -> bool:
    """Whether an event may move it: where order matters, a replay moves what replays began.

    And that only where a match has a count of its own, for only that can be read from its start.
    """
    return not (replay and counting.ordered) or (counting.of_match and state.replayed)


def moved(state: CounterState, counting: Counting, *, replay: bool) -> CounterState:
    """Return the counter after an event; it is full where `filled` has grown."""
    state = replace(state, replayed=state.replayed and replay)
    if counting.resets:
        return replace(state, seen=0)
    if not _counts(state, counting):
        return state
    if state.seen + 1 < counting.to:
        return replace(state, seen=state.seen + 1, last_at=counting.at)
    return replace(state, seen=0, filled=state.filled + 1, last_at=counting.at)


def _counts(state: CounterState, counting: Counting) -> bool:
    if counting.times is not None and state.filled >= counting.times:
        return False
    if not counting.cooldown or state.last_at is None:
        return True
    return counting.at >= state.last_at + counting.cooldown
