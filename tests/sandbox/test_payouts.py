"""Money: who is paid, what happens when there is too little, and that the books always agree."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.sandbox.answers import Refused
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign, ConfiguredEvent
from bridge.sandbox.lifecycle import start, stop, take_effect, withdraw
from bridge.sandbox.payouts import PayoutReadings, accept, pay
from bridge.sandbox.readings import StartWhenActive
from bridge.sqlite.scripts import load_migrations, load_queries, statements
from tests.sandbox.play import playing

READINGS = PayoutReadings()


async def test_an_event_beyond_the_funds_is_accepted_and_fails_in_its_job(tmp_path: Path) -> None:
    db = tmp_path / "sandbox.db"
    async with playing(db=db) as play:
        replies = [await play.event(f"key-{n}") for n in range(21)]
        paid = await play.paid_keys()
        shown = await play.shown()
    with sqlite3.connect(db) as books:
        failed = books.execute("SELECT reason FROM failed_payout").fetchall()
    books.close()

    assert {reply.status for reply in replies} == {202}
    assert paid == [f"key-{n}" for n in range(20)]
    assert (shown["totalAmountPaidOut"], shown["availableToWithdraw"]) == (100, 0)
    assert failed == [("insufficient funds",)]


async def test_the_switch_refuses_what_accepted_events_have_used_up() -> None:
    async with playing(insufficient_funds="refuse", job_delay=0.2) as play:
        statuses = [(await play.event(f"key-{n}")).status for n in range(21)]

        assert statuses == [202] * 20 + [400]
        assert len(await play.paid_keys()) == 20


async def test_a_payout_keeps_the_amount_and_the_key_of_its_event() -> None:
    async with playing() as play:
        await play.event("key-1")
        await play.sandbox.settled()
        (payout,) = await play.admin.ledger(play.campaign.id)

    assert (payout.key, payout.user_ref, payout.event_code) == ("key-1", "usr_1", "EARN5")
    assert payout.amount == 5
    assert payout.created_at.endswith("Z")


def test_a_job_can_not_be_paid_twice() -> None:
    books, _ = _books()
    books.campaigns.fund("c", 10)
    books.jobs.add_payout("c", "key", "u", "EARN", 3)
    (job,) = books.jobs.enqueued(1, 10)
    pay(books, job, READINGS)

    with pytest.raises(sqlite3.IntegrityError):
        pay(books, job, READINGS)


def test_the_database_itself_refuses_balances_that_do_not_agree() -> None:
    _, db = _books()

    with pytest.raises(sqlite3.IntegrityError):
        db.execute("UPDATE campaign SET available = 1")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fund"), st.integers(min_value=1, max_value=20)),
        st.tuples(st.sampled_from(["event", "event", "start", "stop", "withdraw"]), st.just(0)),
        st.tuples(st.just("jobs"), st.integers(min_value=1, max_value=4)),
    ),
    max_size=60,
)


@settings(deadline=None)
@given(STEPS)
def test_funded_is_paid_out_and_withdrawn_and_available_at_every_instant(
    steps: Sequence[tuple[str, int]],
) -> None:
    books, db = _books()
    for what, number in steps:
        _step(books, what, number)
        campaign = _campaign(books)
        ledger = db.execute("SELECT coalesce(sum(amount), 0) FROM payout").fetchone()[0]

        assert campaign.funded == campaign.paid_out + campaign.withdrawn + campaign.available
        assert campaign.available >= 0
        assert campaign.paid_out == ledger


def _step(books: Books, what: str, number: int) -> None:
    campaign = _campaign(books)
    try:
        if what == "fund":
            books.campaigns.fund("c", number)
        elif what == "event":
            accept(books, campaign, None, "EARN", "u", READINGS)
        elif what == "start":
            start(books, campaign, None, StartWhenActive.REFUSE)
        elif what == "stop":
            stop(books, campaign, None)
        elif what == "withdraw":
            withdraw(books, campaign, None)
        else:
            _carry_out(books, number)
    except Refused:
        pass  # a refusal is as good an end as any: the books must agree all the same


def _carry_out(books: Books, limit: int) -> None:
    for job in books.jobs.enqueued(2**63 - 1, limit):
        if job.kind == "payout":
            pay(books, job, READINGS)
        else:
            take_effect(books, job)
        books.jobs.finish(job, "done")


def _books() -> tuple[Books, sqlite3.Connection]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    for migration in load_migrations("bridge.sandbox.books.migrations"):
        for statement in statements(migration.script):
            db.execute(statement)
    books = Books(db, load_queries("bridge.sandbox.books"), 1_795_435_200_000)
    books.campaigns.add("c", "C", "test")
    books.campaigns.set_event("c", ConfiguredEvent("EARN", "Earn", 3))
    books.users.link("c", "u", None)
    return books, db


def _campaign(books: Books) -> Campaign:
    campaign = books.campaigns.find("c")
    assert campaign is not None
    return campaign
