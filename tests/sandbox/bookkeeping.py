"""Books in a file of their own: one campaign, a clock that the test turns, no sockets.

In: a path. Out: a desk whose writes are real transactions. Knows nothing of HTTP.
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bridge.sandbox import campaigns
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import ConfiguredEvent
from bridge.sandbox.campaigns import Draft
from bridge.sandbox.webhooks import endpoints
from bridge.sqlite.database import Database
from bridge.sqlite.scripts import load_migrations, load_queries
from tests.sandbox.play import HandClock

T = TypeVar("T")
CAMPAIGN = "autumn"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a test writes into the books; `api_key` is the campaign's."""

    keeper: Bookkeeper
    clock: HandClock
    api_key: str

    async def do(self, work: Callable[[Books], T]) -> T:
        """Run `work` in a transaction of its own."""
        return await self.keeper.write(work)

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the webhooks that were written down: names and data, oldest first."""
        found = await self.keeper.read(lambda books: books.webhooks.deliveries(CAMPAIGN, 100, 0))
        return [(one.event, json.loads(one.body)["data"]) for one in reversed(found)]


@asynccontextmanager
async def books_open(path: Path) -> AsyncIterator[Desk]:
    """Open the books of the campaign `autumn`, which has a webhook's URL that nobody serves."""
    clock = HandClock()
    database = Database(path, load_migrations("bridge.sandbox.books.migrations"))
    async with database:
        keeper = Bookkeeper(database, load_queries("bridge.sandbox.books"), clock)
        yield Desk(keeper, clock, await keeper.write(_set_up))


def _set_up(books: Books) -> str:
    catalogue = [ConfiguredEvent("EARN5", "Five", 5_000_000)]
    _, key = campaigns.create(books, Draft("Autumn", "test", catalogue, CAMPAIGN))
    endpoints.configure(books, CAMPAIGN, "http://127.0.0.1:9/hook")
    return key
