"""The page on which players join by an invite."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.sandbox.hosted.conftest import LABEL, Stage
from tests.support.surf import surfing


async def test_a_player_joins_with_an_email_address(stage: Stage) -> None:
    url = await stage.invite()

    asked = await stage.player.get(url)
    joined = await stage.join(url, " Player@Example.com ")
    again = await stage.player.get(url)

    assert "Campaign Autumn" in asked.text
    assert (joined.status, "You are linked" in joined.text) == (200, True)
    assert "You are linked" in again.text
    assert len(await stage.users()) == 3


async def test_the_label_and_everybody_else_stay_unknown_to_players(stage: Stage) -> None:
    url = await stage.invite(maxUses=7)
    before = await stage.player.get(url)
    after = await stage.join(url, "player@example.com")

    refs = [user["userRef"] for user in await stage.users()]
    for page in (before, after):
        assert LABEL not in page.html
        assert "Discord" not in page.html
        assert not [ref for ref in refs if ref in page.html]
        assert "/dashboard" not in page.html
        assert "maxUses" not in page.html


async def test_joining_as_somebody_who_is_linked_says_only_that_it_is_so(stage: Stage) -> None:
    url = await stage.invite(maxUses=1)
    campaign = stage.play.campaign.id
    ref = await stage.play.admin.add_user(campaign, email="known@example.com")

    known = await stage.join(url, "known@example.com")
    async with surfing(stage.play.sandbox.url) as other:
        new = await stage.join(url, "new@example.com", other)

    assert known.text == new.text
    assert ref not in known.html
    assert len(await stage.users()) == 4


@pytest.mark.parametrize("state", ["paused", "revoked", "expired", "exhausted"])
async def test_a_closed_invite_says_why_and_takes_nobody(stage: Stage, state: str) -> None:
    terms: dict[str, dict[str, object]] = {
        "expired": {"expiresAt": "2026-11-23T12:00:01Z"},
        "exhausted": {"maxUses": 1},
    }
    invite = await stage.invited(**terms.get(state, {}))
    opened = await stage.player.get(invite["url"])
    match state:
        case "paused":
            await stage.decide(invite, "pause")
        case "revoked":
            await stage.decide(invite, "revoke")
        case "expired":
            stage.clock.turn(1)
        case _:
            async with surfing(stage.play.sandbox.url) as other:
                await stage.join(invite["url"], "first@example.com", other)
    users = len(await stage.users())

    seen = await stage.player.get(invite["url"])
    late = await stage.player.send(opened.forms[0], email="late@example.com")

    assert [seen.status, late.status] == [410, 410]
    assert "This invite is closed" in seen.text
    assert state.capitalize() in late.text
    assert seen.forms == late.forms == []
    assert len(await stage.users()) == users


async def test_a_closed_invite_does_not_tell_who_is_linked(stage: Stage) -> None:
    invite = await stage.invited()
    opened = await stage.player.get(invite["url"])
    await stage.play.admin.add_user(stage.play.campaign.id, email="known@example.com")
    await stage.decide(invite, "pause")

    known = await stage.player.send(opened.forms[0], email="known@example.com")
    unknown = await stage.player.send(opened.forms[0], email="unknown@example.com")

    assert known.status == unknown.status == 410
    assert known.text == unknown.text


async def test_who_joined_and_was_removed_may_join_again(stage: Stage) -> None:
    url = await stage.invite()
    await stage.join(url, "player@example.com")
    ref = (await stage.users())[-1]["userRef"]
    removal = f'{{"user_ref": "{ref}"}}'.encode()
    await stage.play.call("POST", "/api/v1/users/link/remove", removal)

    page = await stage.player.get(url)
    again = await stage.player.send(page.forms[0], email="player@example.com")

    assert "You are invited" in page.text
    assert "You are linked" in again.text
    assert (await stage.users())[-1]["userRef"] == ref


async def test_the_last_use_goes_to_one_of_many_browsers(stage: Stage) -> None:
    url = await stage.invite(maxUses=3)
    async with AsyncExitStack() as browsers:
        players = [
            await browsers.enter_async_context(surfing(stage.play.sandbox.url)) for _ in range(12)
        ]
        forms = [(await player.get(url)).forms[0] for player in players]

        pages = await asyncio.gather(
            *(
                player.send(form, email=f"p{n}@example.com")
                for n, (player, form) in enumerate(zip(players, forms, strict=True))
            )
        )

    assert sorted(page.status for page in pages) == [200] * 3 + [410] * 9
    assert len(await stage.users()) == 5


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "a b@c", "<b>@", "x" * 250 + "@e.com"])
async def test_what_is_no_email_is_said_beside_its_field(stage: Stage, email: str) -> None:
    page = await stage.join(await stage.invite(), email)

    assert page.status == 422
    assert page.forms[0].value("email") == email
    assert "aria-invalid" in page.html
    assert len(await stage.users()) == 2


@pytest.mark.parametrize("token", ["nobody", "%ff", "a/b", ""])
async def test_an_unknown_invite_is_a_page_that_says_so(stage: Stage, token: str) -> None:
    page = await stage.player.get(f"/invite/{token}")

    assert page.status == 404
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"


async def test_joining_needs_the_pages_token_and_origin(stage: Stage) -> None:
    url = await stage.invite()
    form = (await stage.player.get(url)).forms[0]
    typed = [("email", "player@example.com")]

    without = await stage.player.post(form.action, typed)
    foreign = await stage.player.post(
        form.action, [("csrf", form.value("csrf")), *typed], {"Origin": "https://evil.test"}
    )
    async with surfing(stage.play.sandbox.url) as elsewhere:
        stolen = await elsewhere.post(form.action, [("csrf", form.value("csrf")), *typed])

    assert [without.status, foreign.status, stolen.status] == [403, 403, 403]
    assert len(await stage.users()) == 2
