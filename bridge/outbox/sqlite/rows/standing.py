"""The ledger's own row: who it is, how far it has come, whether it may be trusted.

In: changes of it. Out: its standing.
"""

from uuid import UUID

from bridge.outbox.sqlite.memo import Memo
from bridge.outbox.sqlite.statements import Statements
from bridge.outbox.views import Standing


class Ledgers:
    """The one row of `ledger`."""

    def __init__(self, sql: Statements, memo: Memo) -> None:
        self._sql = sql
        self._memo = memo

    def standing(self) -> Standing:
        """Return how the ledger stands."""
        row = self._sql.run("ledger").fetchone()
        return Standing(
            UUID(bytes=row["identity"]),
            row["sequence"],
            row["quarantine"],
            bool(row["copied"]),
            bool(row["has_rows"]),
        )

    def advance(self) -> int:
        """Raise the sequence number; return it."""
        number: int = self._sql.run("advance").fetchone()[0]
        return number

    def quarantined(self) -> str:
        """Return why the ledger is in quarantine, or ""."""
        reason = self._memo.quarantine
        if reason is None:
            reason = self._memo.quarantine = str(self._sql.run("quarantined").fetchone()[0])
        return reason

    def set_quarantine(self, reason: str) -> None:
        """Put the ledger into quarantine, or ("") end it; it is a copy no longer."""
        self._memo.quarantine = None
        self._sql.run("set_quarantine", reason=reason)
