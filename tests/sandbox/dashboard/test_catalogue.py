"""A campaign's events: added, changed, taken out."""

import pytest

from tests.sandbox.dashboard.conftest import Owner


async def catalogue(owner: Owner) -> list[tuple[str, str, str]]:
    reply = await owner.play.call("GET", f"{owner.play.path}/events")
    return [(e["code"], e["name"], str(e["payoutAmount"])) for e in reply.json["events"]]


async def test_an_event_is_added(owner: Owner) -> None:
    page = await owner.do("/events", "/events", code="flag", name="Flag", payoutAmount="0.25")

    assert "The event “flag” was saved." in page.text
    assert await catalogue(owner) == [("EARN5", "EARN5", "5"), ("flag", "Flag", "0.25")]


async def test_an_event_is_changed_with_its_values_in_the_form(owner: Owner) -> None:
    form = (await owner.see("/events?change=EARN5")).form("/events")
    page = await owner.surfer.send(form, payoutAmount="7")

    assert (form.value("name"), form.value("payoutAmount")) == ("EARN5", "5")
    assert page.status == 200
    assert await catalogue(owner) == [("EARN5", "EARN5", "7")]


async def test_adding_a_code_that_is_there_changes_nothing(owner: Owner) -> None:
    page = await owner.do("/events", "/events", code="EARN5", name="Other", payoutAmount="99")

    assert page.status == 422
    assert "An event with this code is there already" in page.text
    assert await catalogue(owner) == [("EARN5", "EARN5", "5")]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"code": "", "name": "A", "payoutAmount": "1"}, "Fill this in."),
        ({"code": "a", "name": "N" * 201, "payoutAmount": "1"}, "At most 200 characters."),
        ({"code": "a", "name": "A", "payoutAmount": "x"}, "Write an amount above 0"),
    ],
)
async def test_what_is_wrong_is_said_and_kept(
    owner: Owner, typed: dict[str, str], said: str
) -> None:
    page = await owner.do("/events", "/events", **typed)

    assert page.status == 422
    assert said in page.text
    assert {name: page.form("/events").value(name) for name in typed} == typed


async def test_an_event_leaves_and_its_payouts_stay(owner: Owner) -> None:
    await owner.do("", "/event", user="usr_1")
    await owner.do("/events", "/events", code="flag", name="Flag", payoutAmount="1")
    page = await owner.do("/events", "/events/remove")

    assert "left the catalogue" in page.text
    assert await catalogue(owner) == [("flag", "Flag", "1")]
    assert "5.00 USDC" in (await owner.see("/payouts")).text


async def test_the_last_event_stays(owner: Owner) -> None:
    page = await owner.do("/events", "/events/remove")

    assert page.status == 400
    assert "a campaign has at least one event" in page.text
    assert len(await catalogue(owner)) == 1
