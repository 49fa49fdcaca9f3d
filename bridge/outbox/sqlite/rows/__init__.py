"""The outbox's rows in SQLite: every statement of `queries.sql` behind a name.

In: a connection that a transaction is open on. Out: entries and facts. Decides nothing: what may
be done stands in `bridge.outbox.ledger`.
"""

import sqlite3

from bridge.outbox.sqlite.rows.counters import Counters
from bridge.outbox.sqlite.rows.entries import Entries
from bridge.outbox.sqlite.rows.history import History
from bridge.outbox.sqlite.rows.lanes import Lanes
from bridge.outbox.sqlite.rows.links import Links
from bridge.outbox.sqlite.rows.proofs import Proofs
from bridge.outbox.sqlite.rows.rules import Rules
from bridge.outbox.sqlite.rows.sources import Sources
from bridge.outbox.sqlite.rows.standing import Ledgers
from bridge.outbox.sqlite.rows.statements import Statements


class Rows:
    """One transaction's view of every table."""

    __slots__ = (
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

    def __init__(self, db: sqlite3.Connection) -> None:
        sql = Statements(db)
        self.db = db
        #: For those that read; what changes rows has a name here.
        self.sql = sql
        self.entries = Entries(sql)
        self.history = History(sql)
        self.links = Links(sql)
        self.proofs = Proofs(sql)
        self.lanes = Lanes(sql)
        self.rules = Rules(sql)
        self.sources = Sources(sql)
        self.counters = Counters(sql)
        self.ledger = Ledgers(sql)
