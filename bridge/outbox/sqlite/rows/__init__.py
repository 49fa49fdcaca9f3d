"""The outbox's rows in SQLite: every statement of `queries.sql` behind a name.

In: a connection that a transaction is open on. Out: entries and facts. Decides nothing: what may
be done stands in `bridge.outbox.ledger`.
"""

import sqlite3
from dataclasses import field

from bridge.outbox.sqlite.known import Known
from bridge.outbox.sqlite.memo import Memo
from bridge.outbox.sqlite.rows.arrivals import Arrivals
from bridge.outbox.sqlite.rows.counters import Counters
from bridge.outbox.sqlite.rows.entries import Entries
from bridge.outbox.sqlite.rows.history import History
from bridge.outbox.sqlite.rows.lanes import Lanes
from bridge.outbox.sqlite.rows.links import Links
from bridge.outbox.sqlite.rows.proofs import Proofs
from bridge.outbox.sqlite.rows.rules import Rules
from bridge.outbox.sqlite.rows.sources import Sources
from bridge.outbox.sqlite.rows.standing import Ledgers
from bridge.outbox.sqlite.statements import Statements
from bridge.record import record


@record
class Shared:
    """What the views of one writer share from transaction to transaction."""

    known: Known = field(default_factory=Known)
    memo: Memo = field(default_factory=Memo)

    def committed(self) -> None:
        """Know that a transaction is in the file."""
        self.known.committed()

    def undone(self) -> None:
        """Believe nothing that was remembered: a transaction was rolled back, or a part of it."""
        self.known.undone()
        self.memo.clear()

    def beside(self) -> "Shared":
        """Return what one may use who reads beside the writer."""
        return Shared(self.known.beside())


class Rows:
    """One transaction's view of every table."""

    __slots__ = (
        "arrivals",
        "counters",
        "db",
        "entries",
        "history",
        "lanes",
        "ledger",
        "links",
        "proofs",
        "rules",
        "sources",
        "sql",
    )

    def __init__(self, db: sqlite3.Connection, shared: "Shared | None" = None) -> None:
        """See what is in `db`; `shared` is for who writes alone, and all others look anew."""
        shared = shared or Shared()
        sql, memo = Statements(db), shared.memo
        self.db = db
        #: For those that read; what changes rows has a name here.
        self.sql = sql
        self.arrivals = Arrivals(sql)
        self.entries = Entries(sql, shared.known, memo)
        self.history = History(sql)
        self.links = Links(sql, memo)
        self.proofs = Proofs(sql)
        self.lanes = Lanes(sql, memo)
        self.rules = Rules(sql, memo)
        self.sources = Sources(sql)
        self.counters = Counters(sql)
        self.ledger = Ledgers(sql, memo)
