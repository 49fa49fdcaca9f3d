"""The sandbox's books within one transaction: every statement of `queries.sql` behind a name.

In: a connection that a transaction is open on. Out: values. Knows nothing of HTTP, and decides
nothing: what may be done stands in `lifecycle`, `payouts`, `linking`, `inviting` and `oracle`.
"""

import sqlite3
from collections.abc import Mapping

from bridge.sandbox.books.campaigns import Campaigns
from bridge.sandbox.books.invites import Invites
from bridge.sandbox.books.jobs import Jobs
from bridge.sandbox.books.ledger import Ledger
from bridge.sandbox.books.page import Page
from bridge.sandbox.books.sessions import Sessions
from bridge.sandbox.books.stored import StoredAnswers
from bridge.sandbox.books.users import Users
from bridge.sandbox.books.webhooks import Webhooks


class Books:
    """One transaction's view of everything; `now` is the time it writes down (milliseconds)."""

    __slots__ = (
        "campaigns",
        "invites",
        "jobs",
        "ledger",
        "now",
        "sessions",
        "stored",
        "time",
        "users",
        "webhooks",
    )

    def __init__(self, db: sqlite3.Connection, sql: Mapping[str, str], now: int) -> None:
        page = Page(db, sql, now)
        self.now = now
        #: The same time as the API writes it.
        self.time = page.time
        self.campaigns = Campaigns(page)
        self.users = Users(page)
        self.sessions = Sessions(page)
        self.invites = Invites(page)
        self.stored = StoredAnswers(page)
        self.jobs = Jobs(page)
        self.ledger = Ledger(page)
        self.webhooks = Webhooks(page)
