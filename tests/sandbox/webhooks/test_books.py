"""The pages on webhooks: whose turn it is, found without reading what is over."""

import sqlite3
from functools import partial
from importlib.resources import files
from pathlib import Path

from bridge.sandbox import campaigns
from bridge.sandbox.books import Books
from bridge.sandbox.books.webhooks import Secret
from bridge.sandbox.campaigns import Draft
from bridge.sandbox.readings import DeliveryState
from bridge.sandbox.webhooks import endpoints
from bridge.sqlite.scripts import load_queries
from tests.sandbox.bookkeeping import CAMPAIGN, books_open


def _two_campaigns(books: Books) -> None:
    campaigns.create(books, Draft("Winter", "test", [], "winter"))
    endpoints.configure(books, "winter", "http://127.0.0.1:9/")


async def test_each_campaign_has_one_turn_and_the_oldest_comes_first(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk:
        await desk.do(_two_campaigns)
        numbers = []
        for campaign_id in (CAMPAIGN, CAMPAIGN, "winter", CAMPAIGN):
            numbers.append(await desk.do(partial(endpoints.test, campaign_id=campaign_id)))
            desk.clock.turn(1)
        due = await desk.do(lambda books: books.webhooks.due(10))

        assert [one.id for one in due] == [numbers[0], numbers[2]]


async def test_the_next_time_is_not_that_of_what_is_due_now(tmp_path: Path) -> None:
    async with books_open(tmp_path / "sandbox.db") as desk:
        now = desk.keeper.milliseconds()

        def later(books: Books) -> int | None:
            endpoints.test(books, CAMPAIGN)
            (due,) = books.webhooks.due(10)
            endpoints.test(books, CAMPAIGN)
            books.webhooks.settle(due, DeliveryState.PENDING, now + 700, due.secret_id)
            return books.webhooks.next_due()

        assert await desk.do(later) == now + 700


def test_turns_and_times_are_found_by_their_indexes() -> None:
    db = sqlite3.connect(":memory:")
    db.executescript(files("bridge.sandbox.books").joinpath("schema.sql").read_text())
    sql, values = load_queries("bridge.sandbox.books"), {"millis": 9, "limit": 9}
    plans = {
        name: " / ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql[name]}", values))
        for name in ("deliveries_due", "next_delivery")
    }
    db.close()

    assert "INDEX webhook_delivery_in_turn (campaign_id=? AND due_at<?)" in plans["deliveries_due"]
    assert "SCAN webhook_delivery" not in plans["deliveries_due"]
    assert "INDEX webhook_delivery_due (due_at>?)" in plans["next_delivery"]


def test_a_secret_does_not_show_itself() -> None:
    assert "5ec2e7" not in repr(Secret(1, "5ec2e7", "2026-11-23T12:00:00.000Z", None))
