"""The whole ledger against what the API says: each kind of misfit is found, and named."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from bridge.campaigns.apis import Apis, Keyed
from bridge.campaigns.client import campaign_client
from bridge.campaigns.schemas import event_body
from bridge.delivery.confirm import Confirmer
from bridge.delivery.reconcile import reconcile
from bridge.events import State
from bridge.outbox.proofs import Balance, Drift
from bridge.outbox.store import open_outbox
from bridge.outbox.values import Decision, Doubtful
from bridge.outbox.views import LaneTerms, Report
from bridge.settings.models import CampaignSettings
from tests.campaigns.host import CAMPAIGN, Answer, Host, campaign, refuses, says
from tests.delivery.confirming import (
    DETAILS,
    HOUR,
    USERS,
    Rig,
    brief,
    campaign_with,
    history_of,
    linked,
    quiet_host,
    rig_in,
    row,
    rows,
)
from tests.delivery.rig import quick
from tests.outbox.play import USER_UNKNOWN, Play, entry
from tests.support.clock import FakeClock
from tests.support.road import Town, town_in


@pytest.fixture
def host() -> Iterator[Host]:
    with quiet_host() as made:
        yield made


@pytest.fixture
async def rig(host: Host, tmp_path: Path) -> AsyncIterator[Rig]:
    async with rig_in(tmp_path, host) as made:
        await made.outbox.take_balance(Balance(CAMPAIGN, Decimal(0), [("EARN5", Decimal(1))]))
        yield made


async def report_of(rig: Rig, campaign: CampaignSettings | None = None) -> Report:
    api = rig.apis.get(CAMPAIGN)
    assert api is not None
    return await reconcile(CAMPAIGN, rig.outbox, api, rig.confirmer(campaign), HOUR)


def paid(host: Host, total: int) -> None:
    """Let the API say what it has paid in all."""
    host.on(DETAILS, campaign(totalAmountPaidOut=total))


async def test_a_ledger_that_fits_is_clean(rig: Rig, host: Host) -> None:
    await rig.accepted(1, 2)
    await rig.accepted(1, user="usr_2")
    host.on(history_of("usr_1"), rows(row("tx_1"), row("tx_2")))
    host.on(history_of("usr_2"), rows(row("tx_3")))
    paid(host, 3)

    report = await report_of(rig)

    assert report.clean
    assert (report.campaign, report.users, report.confirmed, report.waiting) == (CAMPAIGN, 2, 3, 0)
    assert report.drift == Drift(CAMPAIGN, Decimal(3), Decimal(3), Decimal(3))
    assert rig.changes() == []


async def test_what_may_still_be_under_way_is_waited_for(rig: Rig) -> None:
    await rig.accepted()
    rig.clock.advance(HOUR - 1)

    report = await report_of(rig)

    assert report.clean
    assert (report.confirmed, report.waiting, report.lost) == (0, 1, [])


async def test_a_payout_that_is_missing_is_lost_and_named(rig: Rig) -> None:
    (key,) = await rig.accepted()
    rig.clock.advance(HOUR)

    report = await report_of(rig)

    assert not report.clean
    assert [view.key for view in report.lost] == [key]
    assert report.waiting == 0
    assert await rig.states() == [State.ACCEPTED]  # said, and never sent again


@pytest.mark.parametrize("secrets", [(), (Path("hook-secret"),)], ids=["nothing", "webhooks"])
async def test_without_a_history_only_what_a_webhook_should_have_told_is_lost(
    rig: Rig, host: Host, secrets: tuple[Path, ...]
) -> None:
    await rig.outbox.adopt_lanes([LaneTerms(CAMPAIGN, history=False)])
    (key,) = await rig.accepted()
    rig.clock.advance(30 * HOUR)

    report = await report_of(rig, campaign_with(host, history=False, webhook_secret_files=secrets))

    assert [view.key for view in report.lost] == ([key] if secrets else [])
    assert report.waiting == (0 if secrets else 1)


async def test_a_payout_too_many_is_a_duplicate_and_names_its_entry(rig: Rig, host: Host) -> None:
    (key,) = await rig.accepted()
    host.on(history_of("usr_1"), rows(row("tx_1"), row("tx_2")))
    paid(host, 2)

    report = await report_of(rig)

    assert not report.clean
    assert [(seen.id, seen.twice) for seen in report.duplicate] == [("tx_2", key)]
    assert (report.lost, report.unknown) == ([], [])
    assert report.drift is not None
    assert report.drift.excess == 1


async def test_a_payout_behind_our_back_is_unknown_to_us(rig: Rig, host: Host) -> None:
    """Also to a user who never played: the API names who is linked."""
    host.on(USERS, linked("usr_3"))
    host.on(history_of("usr_3"), rows(row("tx_9", code="EARN9")))
    paid(host, 1)

    report = await report_of(rig)

    assert not report.clean
    assert [(seen.id, seen.user_ref, seen.event_code) for seen in report.unknown] == [
        ("tx_9", "usr_3", "EARN9")
    ]
    assert report.duplicate == []
    assert report.drift is not None
    assert report.drift.excess == 1


async def test_the_uncertain_are_named(rig: Rig) -> None:
    key = await rig.play.put(ref="usr_1")
    await rig.play.attempt(Doubtful("lost"))

    report = await report_of(rig)

    assert not report.clean
    assert [view.key for view in report.uncertain] == [key]


async def test_a_doubt_that_the_history_resolves_is_none(rig: Rig, host: Host) -> None:
    await rig.play.put(ref="usr_1")
    await rig.play.attempt(Doubtful("lost"))
    host.on(history_of("usr_1"), rows(row("tx_1")))
    paid(host, 1)

    report = await report_of(rig)

    assert report.clean
    assert (report.confirmed, report.uncertain) == (1, [])


async def test_a_total_that_is_too_small_is_a_shortfall(rig: Rig, host: Host) -> None:
    await rig.accepted()
    host.on(history_of("usr_1"), rows(row("tx_1")))
    paid(host, 0)

    report = await report_of(rig)

    assert not report.clean
    assert report.drift is not None
    assert report.drift.shortfall == 1


async def test_whose_history_can_not_be_read_is_named_and_the_others_are_read(
    rig: Rig, host: Host
) -> None:
    await rig.accepted(user="usr_1")
    await rig.accepted(user="usr_2")
    host.on(history_of("usr_1"), refuses(500))
    host.on(history_of("usr_2"), rows(row("tx_2")))
    paid(host, 1)

    report = await report_of(rig)

    assert not report.clean
    assert (report.users, report.confirmed) == (2, 1)
    assert len(report.unread) == 1
    assert report.unread[0].startswith("usr_1: ")


async def test_a_user_nobody_knows_has_no_payouts_if_nothing_was_ever_accepted_for_them(
    rig: Rig, host: Host
) -> None:
    """An operator's slip in a userRef: its entry was refused, it was unlinked and discarded."""
    await rig.accepted()
    key = await rig.play.put(entry(9, player="steam:slip"), ref="usr_typo")
    await rig.play.attempt(USER_UNKNOWN)
    await rig.outbox.unlink(CAMPAIGN, "steam:slip", "test")
    await rig.outbox.decide(key, Decision.DISCARD, "test")
    host.on(history_of("usr_1"), rows(row("tx_1")))
    host.on(history_of("usr_typo"), refuses(404))
    paid(host, 1)

    report = await report_of(rig)

    assert report.clean
    assert (report.users, report.read, report.unread) == (2, 2, [])


@pytest.mark.parametrize("answer", [refuses(404), says(404, b"<html>")])
async def test_a_user_who_is_not_known_any_more_after_payouts_is_named(
    rig: Rig, host: Host, answer: Answer
) -> None:
    await rig.accepted()
    host.on(history_of("usr_1"), answer)

    report = await report_of(rig)

    assert not report.clean
    assert (report.users, report.read) == (1, 0)
    assert report.unread[0].startswith("usr_1: ")


async def test_a_page_that_is_not_the_apis_own_says_nothing_of_a_user(rig: Rig, host: Host) -> None:
    await rig.outbox.link(CAMPAIGN, "steam:1", "usr_1", "test")
    host.on(history_of("usr_1"), says(404, b"<html>"))

    assert (await report_of(rig)).read == 0


@pytest.mark.parametrize("answer", [refuses(404), refuses(500), says(200, b"<html>")])
async def test_without_a_list_of_users_those_we_know_are_read(
    rig: Rig, host: Host, answer: object
) -> None:
    await rig.accepted()
    host.on(USERS, answer)  # type: ignore[arg-type]  # an answer
    host.on(history_of("usr_1"), rows(row("tx_1")))
    paid(host, 1)

    report = await report_of(rig)

    assert report.clean
    assert (report.users, report.confirmed) == (1, 1)


async def test_who_was_relinked_is_read_under_both_names(rig: Rig, host: Host) -> None:
    await rig.accepted(1, user="usr_1", player="steam:1")
    await rig.outbox.link(CAMPAIGN, "steam:1", "usr_2", "test")
    host.on(history_of("usr_1"), rows(row("tx_1")))
    paid(host, 1)

    report = await report_of(rig)

    assert report.clean
    assert (report.users, report.confirmed) == (2, 1)


async def test_reconciling_again_finds_the_same_and_nothing_new(rig: Rig, host: Host) -> None:
    await rig.accepted(1, 2)
    host.on(history_of("usr_1"), rows(row("tx_1"), row("tx_2"), row("tx_3")))
    paid(host, 3)

    first, second = await report_of(rig), await report_of(rig)

    assert [seen.id for seen in first.duplicate] == ["tx_3"]
    assert replace(first, drift=None) == replace(second, drift=None)


async def test_what_the_api_does_not_tell_is_not_held_against_anybody(rig: Rig, host: Host) -> None:
    await rig.accepted()
    host.on(history_of("usr_1"), rows(row("tx_1")))
    host.on(DETAILS, refuses(500))

    report = await report_of(rig)

    assert report.drift is None
    assert report.clean


# -- the real sandbox -----------------------------------------------------------------------


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with town_in(tmp_path) as made:
        yield made


async def pay(town: Town, settings: CampaignSettings, key: UUID, user: str) -> None:
    """Make a payout under a key, and wait until it is made."""
    before = len(await town.ledger())
    clock = FakeClock()
    async with campaign_client(settings, town.campaign.api_key, quick(), clock) as client:
        await client.send_event(key, event_body("EARN5", user), "EARN5")
    await town.paid(before + 1)


async def test_what_was_paid_beside_us_at_the_sandbox_is_found(town: Town, tmp_path: Path) -> None:
    name, clock = town.campaign.id, FakeClock()
    settings = CampaignSettings.model_validate(
        {
            "id": name,
            "environment": "test",
            "api_key_file": tmp_path / "api-key",
            "base_url": town.sandbox.api_url,
        }
    )
    async with (
        open_outbox(tmp_path / "ledger.db", clock) as outbox,
        Apis(quick(attempt_timeout=5)) as apis,
    ):
        await outbox.adopt_lanes([LaneTerms(name)])
        await apis.replace([Keyed(settings, town.campaign.api_key)])
        api = apis.get(name)
        assert api is not None
        confirmer = Confirmer(settings, outbox, api, brief(), clock)
        await confirmer.balance()
        play = Play(outbox, clock)
        for number in (1, 2, 3):
            await play.put(entry(number, campaign=name), ref="usr_1")
            (claim,) = await play.claims(campaign=name)
            if number != 2:  # of the second its payout is missing
                await pay(town, settings, claim.wire.key, "usr_1")
            await play.accept(claim)
        clock.advance(HOUR)
        missing = await reconcile(name, outbox, api, confirmer, HOUR)
        await pay(town, settings, uuid4(), "usr_1")  # behind our back, and it looks like ours
        await pay(town, settings, uuid4(), "usr_2")  # behind our back
        covered = await reconcile(name, outbox, api, confirmer, HOUR)
        await pay(town, settings, uuid4(), "usr_1")
        doubled = await reconcile(name, outbox, api, confirmer, HOUR)

    assert (missing.confirmed, len(missing.lost), missing.unknown) == (2, 1, [])
    assert (covered.confirmed, covered.lost) == (3, [])
    assert [seen.user_ref for seen in covered.unknown] == ["usr_2"]
    assert [seen.user_ref for seen in doubled.duplicate] == ["usr_1"]
    assert doubled.drift is not None
    assert doubled.drift.excess == 2
