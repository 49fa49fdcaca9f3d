"""From accepted to confirmed by the history alone, whatever the API does meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web

from bridge.campaigns.schemas import Transaction
from bridge.delivery.confirm import Readable, look_terms, payout_of
from bridge.errors import StoreUnavailable
from bridge.events import State
from bridge.outbox.proofs import Found, History, LookTerms, Payout
from bridge.outbox.store import SqliteOutbox
from bridge.outbox.values import Doubtful
from bridge.settings.models import ConfirmSettings
from tests.campaigns.host import Answer, Host, refuses, reset, says
from tests.delivery.confirming import (
    DETAILS,
    HOUR,
    Rig,
    at,
    campaign_with,
    history_of,
    quiet_host,
    rig_in,
    row,
    rows,
)
from tests.support.road import until

USER = history_of("usr_1")


@pytest.fixture
def host() -> Iterator[Host]:
    with quiet_host() as made:
        yield made


@pytest.fixture
async def rig(host: Host, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path, host) as made:
        yield made


# -- histories ------------------------------------------------------------------------------


async def test_what_the_history_shows_is_confirmed_with_what_it_paid(rig: Rig, host: Host) -> None:
    (key,) = await rig.accepted()
    host.on(USER, rows(row("tx_1", amount="0.25", createdAt="2026-01-01T00:00:02Z")))
    async with rig.working() as confirmer:
        await rig.until_states(State.CONFIRMED)
        status = confirmer.status()
    receipt = await rig.outbox.receipt(key)

    assert receipt.payout is not None
    assert (receipt.payout.id, receipt.payout.via) == ("tx_1", "history")
    assert receipt.entry.amount == Decimal("0.25")
    assert (status.history, status.last_error) == (Readable.OK, "")
    assert status.last_look_at is not None
    assert rig.changes() == []


async def test_it_is_looked_for_until_it_is_there(rig: Rig, host: Host) -> None:
    await rig.accepted()
    host.on(USER, rows(), rows(), rows(), rows(row("tx_1")))
    async with rig.working():
        await rig.until_states(State.CONFIRMED)

    assert len(rig.called(USER)) == 4


async def test_once_all_is_confirmed_nobody_looks_any_more(rig: Rig, host: Host) -> None:
    await rig.accepted()
    host.on(USER, rows(row("tx_1")))
    async with rig.working():
        await rig.until_states(State.CONFIRMED)
        looks = len(rig.called(USER))
        rig.clock.advance(2 * HOUR)
        await rig.until_called(DETAILS, 2)

    assert len(rig.called(USER)) == looks == 1


async def test_a_history_is_read_to_its_end(rig: Rig, host: Host) -> None:
    await rig.accepted(1, 2, 3)
    host.on(
        USER,
        rows(row("tx_1"), total=3),
        rows(row("tx_2"), total=3, offset=1),
        rows(row("tx_3"), total=3, offset=2),
    )
    async with rig.working():
        await rig.until_states(*[State.CONFIRMED] * 3)

    assert len(rig.called(USER)) == 3


async def test_a_history_that_breaks_off_proves_nothing(rig: Rig, host: Host) -> None:
    """Half of it would make what stands in the other half look unpaid."""
    await rig.accepted()
    host.on(USER, rows(row("tx_1"), total=2), refuses(500), rows(row("tx_1")))
    confirmer = rig.confirmer()
    with pytest.raises(Exception, match="500"):
        await confirmer.read_history("usr_1")
    broken = await rig.states()

    found = await confirmer.read_history("usr_1")

    assert (broken, found) == ([State.ACCEPTED], Found(1, 0, 0))


async def test_an_uncertain_entry_that_no_row_shows_is_sent_again_at_last(rig: Rig) -> None:
    key = await rig.play.put(ref="usr_1")
    await rig.play.attempt(Doubtful("lost"))
    async with rig.working(rig.confirmer(absent_after="1h")):
        await rig.until_called(USER, 2)
        early = await rig.play.state(key)
        rig.clock.advance(HOUR)
        await rig.until_states(State.DUE)

    assert early is State.UNCERTAIN


async def test_how_long_the_reading_took_is_no_proof_of_absence(rig: Rig, host: Host) -> None:
    """What is paid while a long history is being read may be missing in it."""
    await rig.play.put(ref="usr_1")
    await rig.play.attempt(Doubtful("lost"))
    loop = asyncio.get_running_loop()

    async def slowly(_: Host, request: web.Request) -> web.StreamResponse:
        loop.call_soon_threadsafe(rig.clock.advance, 2 * HOUR)
        return await rows()(_, request)

    host.on(USER, slowly)
    confirmer = rig.confirmer(absent_after="1h")
    slow = await confirmer.read_history("usr_1")
    host.on(USER, rows())
    quick = await confirmer.read_history("usr_1")

    assert (slow, quick) == (Found(), Found(0, 1, 0))


# -- histories that can't be read -------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [refuses(500), refuses(401), refuses(429), says(200, b"<html>"), reset],
    ids=["500", "401", "429", "a page", "a reset"],
)
async def test_what_can_not_be_read_is_said_and_read_again_later(
    rig: Rig, host: Host, answer: Answer
) -> None:
    await rig.accepted()
    host.on(USER, answer)
    async with rig.working(rig.confirmer(balance_every="5ms")) as confirmer:
        await rig.until_called(USER, 3)
        await rig.until_readable(confirmer, Readable.UNREADABLE)
        error = confirmer.status().last_error
        host.on(USER, rows(row("tx_1")))
        await rig.until_states(State.CONFIRMED)
        await rig.until_readable(confirmer, Readable.OK)
        after = confirmer.status()

    assert error
    assert (after.history, after.last_error) == (Readable.OK, "")
    assert rig.deaths == []


async def test_an_api_that_is_away_is_asked_more_and_more_rarely(rig: Rig, host: Host) -> None:
    for number in range(1, 5):
        await rig.accepted(user=f"usr_{number}")
        host.on(history_of(f"usr_{number}"), refuses(503))
    async with rig.working(rig.confirmer(balance_every="5ms")):
        for _ in range(120):  # two minutes by the hand clock
            rig.clock.advance(1)
            await rig.until_called(DETAILS, len(rig.called(DETAILS)) + 1)
    calls = [line for line in (call.line for call in host.calls) if "/user/" in line]

    assert 6 <= len(calls) <= 14


async def test_one_users_own_404_does_not_keep_the_others_waiting(rig: Rig, host: Host) -> None:
    await rig.accepted(user="usr_1")
    await rig.accepted(user="usr_2")
    host.on(USER, refuses(404, "User not found"))
    host.on(history_of("usr_2"), rows(row("tx_2")))
    async with rig.working() as confirmer:
        await rig.until_states(State.ACCEPTED, State.CONFIRMED)
        readable = confirmer.status().history

    assert readable is Readable.OK


async def test_users_that_the_campaign_does_not_know_are_no_failure_of_its_histories(
    rig: Rig, host: Host
) -> None:
    for number in range(1, 4):
        await rig.accepted(user=f"usr_{number}")
        host.on(history_of(f"usr_{number}"), refuses(404, "User not found"))
    async with rig.working() as confirmer:
        for number in range(1, 4):
            await rig.until_called(history_of(f"usr_{number}"), 2)
        status = confirmer.status()

    assert status.history is Readable.OK
    assert "User not found" in status.last_error


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_a_host_without_histories_is_asked_once_an_hour(
    rig: Rig, host: Host, status: int
) -> None:
    await rig.accepted()
    host.on(USER, says(status, b"no such page"))
    async with rig.working(rig.confirmer(balance_every="5ms")) as confirmer:
        await rig.until_readable(confirmer, Readable.NONE)
        for _ in range(50):
            rig.clock.advance(HOUR / 52)
            await rig.until_called(DETAILS, len(rig.called(DETAILS)) + 1)
        before = len(rig.called(USER))
        rig.clock.advance(HOUR / 20)
        await rig.until_called(USER, 2)

    assert before == 1
    assert await rig.states() == [State.ACCEPTED]


async def test_a_campaign_without_history_is_never_looked_into(rig: Rig, host: Host) -> None:
    await rig.accepted()
    confirmer = rig.confirmer(campaign_with(host, history=False), balance_every="20ms")
    async with rig.working(confirmer):
        await rig.until_called(DETAILS, 5)

    assert confirmer.status().history is Readable.OFF
    assert rig.called(USER) == []


# -- trouble of our own ---------------------------------------------------------------------


class Refusing:
    """An outbox whose disk refuses for a while; everything else is the outbox's."""

    def __init__(self, outbox: SqliteOutbox) -> None:
        self._outbox = outbox
        self.refuses = 1
        self.breaks: Exception | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._outbox, name)

    async def take_histories(
        self, histories: Sequence[History], terms: LookTerms
    ) -> Sequence[Found]:
        if self.breaks is not None:
            raise self.breaks
        if self.refuses:
            self.refuses -= 1
            raise StoreUnavailable("no space left on device")
        return await self._outbox.take_histories(histories, terms)


async def test_a_disk_that_refuses_is_waited_for(rig: Rig, host: Host) -> None:
    await rig.accepted()
    host.on(USER, rows(row("tx_1")))
    disk = Refusing(rig.outbox)
    async with rig.working(rig.confirmer(outbox=disk)):  # type: ignore[arg-type]  # by __getattr__
        await rig.until_states(State.CONFIRMED)

    assert (disk.refuses, rig.deaths) == (0, [])


async def test_a_fault_of_ours_is_not_survived_in_silence(rig: Rig, host: Host) -> None:
    await rig.accepted()
    host.on(USER, rows(row("tx_1")))
    disk = Refusing(rig.outbox)
    disk.breaks = ZeroDivisionError("a bug")
    async with rig.working(rig.confirmer(outbox=disk)):  # type: ignore[arg-type]  # by __getattr__

        async def dead() -> bool:
            rig.clock.advance(0.01)
            return bool(rig.deaths)

        await until(dead)

    assert rig.deaths == [disk.breaks]


# -- values ---------------------------------------------------------------------------------


def test_the_settings_become_the_outbox_s_terms() -> None:
    settings = ConfirmSettings.model_validate(
        {"looks": ["3s", "1m"], "payout_lag": "2h", "absent_after": "1d"}
    )

    assert look_terms(settings) == LookTerms([3.0, 60.0], 7200.0, 86400.0)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-23T12:00:00.000Z", at("2026-11-23T12:00:00")),
        ("2026-11-23T13:00:00+01:00", at("2026-11-23T12:00:00")),
        ("2026-11-23T12:00:00", at("2026-11-23T12:00:00")),
        ("", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_a_row_without_a_time_that_can_be_read_has_none(
    written: str, read: datetime | None
) -> None:
    found = Transaction("t1", "usr_1", "EARN5", "Five", Decimal(1), "0xab", written)

    assert payout_of(found, "usr_1").paid_at == read


@pytest.mark.parametrize(("name", "hashed", "known"), [("t1", "0xab", "t1"), ("", "0xab", "0xab")])
def test_a_row_goes_by_its_id_else_by_its_hash(name: str, hashed: str, known: str) -> None:
    found = Transaction(name, "usr_1", "EARN5", "Five", Decimal(1), hashed, "")

    assert payout_of(found, "usr_1").id == known


def test_a_row_belongs_to_whose_history_it_is_in() -> None:
    found = Transaction("t1", "somebody", "EARN5", "Five", None, "", "")

    assert payout_of(found, "usr_1") == Payout("usr_1", "EARN5", "t1")
