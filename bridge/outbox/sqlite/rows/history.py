"""What happened to entries: attempts, bindings, the journal, and the changes that are streamed.

In: events in an entry's life. Out: nothing; `bridge.outbox.reading` reads them.
"""

from collections.abc import Sequence

from bridge.events import State
from bridge.outbox.entry import Entry
from bridge.outbox.sqlite.statements import Statements
from bridge.outbox.values import Answer

#: So many changes are kept for streams that come back, in steps of so many.
KEPT_CHANGES = 100_000
_STEP = 1000


class History:
    """The rows of `attempts`, `bindings`, `journal` and `changes`."""

    def __init__(self, sql: Statements) -> None:
        self._sql = sql

    def add_attempt(self, entry: Entry, answer: Answer, at: int) -> None:
        """Keep what the entry's latest attempt met."""
        self._sql.run(
            "add_attempt",
            entry_id=entry.id,
            number=entry.attempts,
            binding=entry.binding,
            at=at,
            outcome=answer.outcome,
            status=answer.status,
            detail=answer.detail,
            head=answer.head,
            seconds=answer.seconds,
        )

    def add_attempts(self, rows: Sequence[Sequence[object]]) -> None:
        """Keep what attempts met, each in the order of the table's columns."""
        self._sql.each("add_attempts", rows)

    def add_binding(self, entry: Entry) -> None:
        """Keep a binding's wire key, userRef and bytes."""
        wire_key = None if entry.wire_key is None else entry.wire_key.bytes
        self._sql.run(
            "add_binding",
            id=entry.id,
            binding=entry.binding,
            wire_key=wire_key,
            bound_ref=entry.bound_ref,
            body=entry.body,
        )

    def add_note(
        self,
        at: int,
        who: str,
        what: str,
        entry_id: int | None,
        detail: str,
        player: str | None = None,
    ) -> None:
        """Write a line into the journal: of an entry, of a player's links, or of neither."""
        self._sql.run(
            "add_note",
            at=at,
            who=who,
            what=what,
            entry_id=entry_id,
            detail=detail,
            player=player,
        )

    def add_change(self, at: int, entry: Entry) -> None:
        """Keep a change for the stream; forget the oldest ones from time to time."""
        cursor = self._sql.run(
            "add_change", at=at, entry_id=entry.id, state=entry.state.value, reason=entry.reason
        )
        number = cursor.lastrowid or 0
        if number % _STEP == 0:
            self._sql.run("drop_changes", up_to=number - KEPT_CHANGES)

    def add_first_changes(self, at: int, first: int, last: int) -> None:
        """Keep for the stream that the entries with these numbers came, each as it is kept."""
        self._forget(self._sql.run("add_first_changes", at=at, first=first, last=last).rowcount)

    def add_changes(self, at: int, numbers: Sequence[int], state: State) -> None:
        """Keep for the stream that the entries with these numbers came to a state."""
        self._sql.each("add_changes", [(at, number, state.value) for number in numbers])
        self._forget(len(numbers))

    def _forget(self, added: int) -> None:
        """Forget the oldest changes, where those that were added passed a step."""
        newest = self.last_change()
        if newest % _STEP < added:
            self._sql.run("drop_changes", up_to=newest - KEPT_CHANGES)

    def last_change(self) -> int:
        """Return the newest change's number, also where it isn't kept any more."""
        return self._sql.run("last_change").fetchone()[0] or 0
