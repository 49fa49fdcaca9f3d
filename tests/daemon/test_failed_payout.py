"""202 is not payment: what the API fails to pay later stays accepted here, and is never resent."""

from decimal import Decimal

import pytest

from bridge.sandbox.admin import EventDefinition
from tests.support.road import Town, road_of, until


@pytest.mark.parametrize("broken", ["the chain", "the funds"])
async def test_a_payout_that_fails_after_its_202_stays_accepted_and_is_not_sent_again(
    town: Town, broken: str
) -> None:
    town.configure()
    if broken == "the chain":
        await town.admin.set_faults({"payout_fails": 1.0})
    else:
        dear = EventDefinition("EARN5", Decimal(1_000_000_000))
        await town.admin.set_event(town.campaign.id, dear)
    async with road_of(town) as road:
        await road.link("name:Zoë", "usr_1")
        _, taken = await road.post("name:Zoë", "EARN5", id="m/1")
        await road.settled(accepted=1)
        await town.sandbox.settled()
        _, again = await road.post("name:Zoë", "EARN5", id="m/1")
        await road.post("name:Zoë", "EARN5", id="m/2")  # had it been due again, it went before
        await road.settled(accepted=2)
        _, receipt = await road.call("GET", f"/v1/achievements/{taken['key']}")

    assert again["duplicate"] is True
    assert receipt["state"] == "accepted"
    assert receipt["attempts"] == 1
    assert await town.ledger() == ()


async def test_the_ones_before_and_after_a_failed_payout_are_paid(town: Town) -> None:
    town.configure()
    async with road_of(town) as road:
        await road.link("name:Zoë", "usr_1")
        for number, chance in enumerate((0.0, 1.0, 0.0)):
            await town.admin.set_faults({"payout_fails": chance})
            await road.post("name:Zoë", "EARN5", id=f"m/{number}")
            await road.settled(accepted=number + 1)
            await town.sandbox.settled()

        async def both() -> bool:
            return len(await town.ledger()) == 2

        await until(both)
