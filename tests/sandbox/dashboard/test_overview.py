"""A campaign's first page: its life, its money, the test event."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.sandbox.dashboard.conftest import Owner, sign_in
from tests.sandbox.play import HandClock, full_disk, playing
from tests.support.surf import surfing


@pytest.fixture
async def draft() -> AsyncIterator[Owner]:
    """A campaign without funds, whose jobs take an hour."""
    clock = HandClock()
    async with (
        playing(clock=clock, active=False, job_delay=3600) as play,
        surfing(play.sandbox.url) as surfer,
    ):
        await sign_in(surfer, play)
        yield Owner(surfer, play, clock)


async def test_the_guides_life_of_a_campaign(owner: Owner) -> None:
    too_early = await owner.do("", "/withdraw")
    stopped = await owner.do("", "/stop")
    await owner.play.sandbox.settled()
    funded = await owner.do("", "/fund", amount="20.5")
    withdrawn = await owner.do("", "/withdraw")
    await owner.play.sandbox.settled()
    shown = await owner.see()

    assert (too_early.status, too_early.path) == (400, f"{owner.base}/withdraw")
    assert "Refused with 400: Funds can't be withdrawn: it is Active." in too_early.text
    assert "The stop was accepted." in stopped.text
    assert "The campaign was funded." in funded.text
    assert "The withdrawal was accepted." in withdrawn.text
    assert "Withdrawn Test environment" in shown.text
    assert (
        "Funded 120.50 USDC Paid out 0.00 USDC Withdrawn 120.50 USDC Available 0.00" in shown.text
    )


async def test_a_start_without_funds_is_refused_as_the_api_does(draft: Owner) -> None:
    page = await draft.do("", "/start")

    assert page.status == 400
    assert "Refused with 400: Campaign is not funded." in page.text


async def test_a_job_under_way_is_watched_until_it_is_done(draft: Owner) -> None:
    await draft.do("", "/fund", amount="10")
    page = await draft.do("", "/start")

    state = f'hx-get="{draft.base}/state"'
    assert "The start was accepted." in page.text
    assert "Starting: its job runs in a moment." in page.text
    assert page.html.count(state) == 3
    assert "<noscript>" in page.html


async def test_a_campaign_at_rest_asks_for_nothing(owner: Owner) -> None:
    page = await owner.see()
    part = await owner.see("/state")

    assert "hx-get" not in page.html + part.html
    assert "<html" not in part.html
    assert {'id="status"', 'id="balances"', 'id="payouts"'} <= set(
        part.html.replace(">", " ").split()
    )


@pytest.mark.parametrize("amount", ["", "0", "-5", "five", "0.0000001", "1e9", "NaN", "1,5"])
async def test_an_amount_that_is_none_is_said_beside_its_field(owner: Owner, amount: str) -> None:
    page = await owner.do("", "/fund", amount=amount)

    assert page.status == 422
    assert "Write an amount above 0" in page.text
    assert page.form("/fund").value("amount") == amount
    assert '<details class="confirm" open>' in page.html
    assert (await owner.play.shown())["totalAmountFunded"] == 100


async def test_more_than_can_be_counted_is_refused(owner: Owner) -> None:
    page = await owner.do("", "/fund", amount="1000000000000")

    assert page.status == 400
    assert "the campaign would hold too much" in page.text


async def test_a_test_event_pays(owner: Owner) -> None:
    page = await owner.do("", "/event", user="usr_1")
    await owner.play.sandbox.settled()
    shown = await owner.see()

    assert "The event was accepted" in page.text
    assert "Paid out 5.00 USDC" in shown.text
    assert f"{owner.base}/users/history?ref=usr_1" in shown.links


async def test_an_unknown_user_is_told_with_the_apis_404(owner: Owner) -> None:
    page = await owner.do("", "/event", user="usr_nobody")

    assert page.status == 404
    assert "Refused with 404: Unknown userRef." in page.text
    assert page.form("/event").value("user") == "usr_nobody"


async def test_an_event_while_not_active_is_told_with_the_apis_400(draft: Owner) -> None:
    page = await draft.do("", "/event", user="usr_1")

    assert page.status == 400
    assert "Refused with 400: Campaign is not Active: it is Draft." in page.text


async def test_an_event_without_a_user_is_said_beside_its_field(owner: Owner) -> None:
    page = await owner.do("", "/event", user=" ")

    assert page.status == 422
    assert "Fill this in." in page.text


async def test_an_event_that_left_the_catalogue_is_refused(owner: Owner) -> None:
    page = await owner.do("", "/event", user="usr_1", code="GONE")

    assert page.status == 400
    assert "Unknown eventCode: GONE" in page.text


async def test_a_second_click_pays_nothing_twice(owner: Owner) -> None:
    form = (await owner.see()).form("/event")

    await asyncio.gather(*(owner.surfer.send(form, user="usr_1") for _ in range(5)))
    await owner.play.sandbox.settled()

    assert (await owner.play.shown())["totalAmountPaidOut"] == 5


async def test_a_form_that_was_refused_can_be_sent_again(owner: Owner) -> None:
    refused = await owner.do("", "/event", user="usr_nobody")

    page = await owner.surfer.send(refused.form("/event"), user="usr_2")

    assert "The event was accepted" in page.text


async def test_what_is_said_is_said_once(owner: Owner) -> None:
    said = await owner.do("", "/fund", amount="1")

    assert "The campaign was funded." in said.text
    assert "The campaign was funded." not in (await owner.see()).text


async def test_an_unknown_campaign_is_a_page_that_says_so(owner: Owner) -> None:
    csrf = (await owner.see()).form("/fund").value("csrf")

    for below in ("", "/state", "/events", "/users", "/invites", "/payouts", "/keys", "/webhook"):
        page = await owner.surfer.get(f"/dashboard/campaigns/nope{below}")

        assert page.status == 404, below
        assert "Campaign not found" in page.text
    for below in ("/start", "/stop", "/withdraw", "/keys", "/webhook/test"):
        page = await owner.surfer.post(f"/dashboard/campaigns/nope{below}", [("csrf", csrf)])

        assert page.status == 404, below


async def test_a_full_disk_is_told_by_a_page_and_the_start_still_happens_later(
    draft: Owner,
) -> None:
    await draft.do("", "/fund", amount="10")
    form = (await draft.see()).form("/start")
    with full_disk():
        failed = await draft.surfer.send(form)

    again = await draft.surfer.send(form)

    assert failed.status == 503
    assert "can't store anything" in failed.text
    assert "The start was accepted." in again.text


async def test_the_events_key_is_a_fresh_one(owner: Owner) -> None:
    await owner.do("", "/event", user="usr_1")
    await owner.do("", "/event", user="usr_1")

    keys = await owner.play.paid_keys()

    assert len(set(keys)) == 2
    assert all(key and key.startswith("event-") for key in keys)
