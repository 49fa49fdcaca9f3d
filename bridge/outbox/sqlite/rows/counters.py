"""Counters as rows.

In: a rule's number and a scope. Out: what was counted. Decides nothing.
"""

from bridge.outbox.counter import NEW, CounterState
from bridge.outbox.sqlite.statements import Statements


class Counters:
    """The rows of `counters`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def state(self, rule_id: int, scope: str) -> CounterState:
        """Return what a rule has counted in a scope."""
        row = self._sql.one("counter", rule_id=rule_id, scope=scope)
        if row is None:
            return NEW
        return CounterState(row["seen"], row["filled"], row["last_at"], bool(row["replayed"]))

    def keep(self, rule_id: int, scope: str, state: CounterState) -> None:
        """Keep what it has counted now."""
        self._sql.run(
            "keep_counter",
            rule_id=rule_id,
            scope=scope,
            seen=state.seen,
            filled=state.filled,
            last_at=state.last_at,
            replayed=state.replayed,
        )
