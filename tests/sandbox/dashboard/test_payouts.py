"""What was paid and what was not, in rows and drawn."""

from datetime import timedelta

import pytest

from tests.sandbox.dashboard.conftest import Owner


async def test_payouts_are_listed_and_drawn(owner: Owner) -> None:
    for _ in range(3):
        await owner.do("", "/event", user="usr_1")
    await owner.play.sandbox.settled()

    page = await owner.see("/payouts?limit=2")

    assert "1 to 2 of 3" in page.text
    assert '<svg class="plot"' in page.html
    assert "15.00 USDC" in page.text  # the table that says the same as the plot


async def test_without_payouts_the_pages_say_so(owner: Owner) -> None:
    page = await owner.see("/payouts")

    assert "Nothing was paid yet." in page.text
    assert "No payout has failed" in page.text
    assert "Nothing to plot yet" in page.text


async def test_a_failed_payout_is_shown_with_its_reason(owner: Owner) -> None:
    await owner.play.admin.set_faults({"payout_fails": 1.0})
    await owner.do("", "/event", user="usr_1")
    await owner.play.sandbox.settled()

    for below in ("", "/payouts"):
        page = await owner.see(below)

        assert "transaction failed" in page.text
        assert "Funded 100.00 USDC Paid out 0.00 USDC" in page.text or below


@pytest.mark.parametrize(
    ("apart", "step"),
    [
        (timedelta(minutes=1), "minute"),
        (timedelta(hours=5), "hour"),
        (timedelta(days=6), "day"),
        (timedelta(days=200), "week"),
    ],
)
async def test_the_plots_steps_suit_the_time_it_took(
    owner: Owner, apart: timedelta, step: str
) -> None:
    for _ in range(2):
        await owner.play.event()
        await owner.play.sandbox.settled()
        owner.clock.turn(apart.total_seconds())
    page = await owner.surfer.get(owner.base)
    if page.path != owner.base:  # the visit has ended meanwhile
        page = await owner.surfer.send(page.form("/sign-in"), token=owner.play.sandbox.admin_token)

    assert f"Paid out per {step}" in page.text
