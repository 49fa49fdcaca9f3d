"""Link invites on the dashboard: made, limited, paused, revoked, attributed."""

from decimal import Decimal

import pytest

from bridge.sandbox.admin import EventDefinition
from tests.sandbox.dashboard.conftest import Owner
from tests.support.surf import Page, surfing


async def made(owner: Owner, **typed: str) -> Page:
    page = await owner.do("/invites", "/invites", **{"label": "Discord", **typed})
    assert "/invites/inv_sandbox_" in page.path, page.text
    return page


def invite_url(page: Page) -> str:
    return page.html.split('class="secret-value"')[1].split(">", 1)[1].split("<")[0].strip()


async def join(owner: Owner, url: str, email: str) -> Page:
    async with surfing(owner.play.sandbox.url) as player:
        page = await player.get(url)
        return await player.send(page.forms[0], email=email)


async def test_an_invite_is_made_with_its_address(owner: Owner) -> None:
    page = await made(owner, maxUses="50", expiresAt="2026-12-24T18:00")

    url = invite_url(page)
    assert "The invite was made" in page.text
    assert url.startswith(f"{owner.play.sandbox.url}/invite/")
    assert "0 of 50" in page.text
    assert "24 Dec 2026, 18:00 UTC" in page.text
    assert (await owner.surfer.get(url)).status == 200


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"label": ""}, "Fill this in."),
        ({"maxUses": "0"}, "Write a whole number from 1"),
        ({"maxUses": "-1"}, "Write a whole number from 1"),
        ({"maxUses": "1.5"}, "Write a whole number from 1"),
        ({"maxUses": "9" * 30}, "Write a whole number from 1"),
        ({"expiresAt": "tomorrow"}, "Write a time such as"),
        ({"expiresAt": "1893456000"}, "Write a time such as"),
        ({"expiresAt": "2026-13-40T99:00"}, "Write a time such as"),
    ],
)
async def test_what_is_wrong_is_said_and_kept(
    owner: Owner, typed: dict[str, str], said: str
) -> None:
    given = {"label": "Discord", **typed}
    page = await owner.do("/invites", "/invites", **given)

    assert page.status == 422
    assert said in page.text
    assert {name: page.form("/invites").value(name) for name in given} == given


async def test_enrolments_are_attributed_to_their_invite(owner: Owner) -> None:
    page = await made(owner)
    url = invite_url(page)
    for n in range(3):
        await join(owner, url, f"p{n}@example.com")

    shown = await owner.surfer.get(f"{page.path}?limit=2")
    users = await owner.see("/users")

    assert "3 joined; there is no limit." in shown.text
    assert "p2@example.com" in shown.text
    assert "p0@example.com" not in shown.text
    assert "1 to 2 of 3" in shown.text
    assert users.links.count(page.path) == 3


async def test_a_paused_invite_can_be_resumed(owner: Owner) -> None:
    page = await made(owner)
    url = invite_url(page)

    paused = await owner.surfer.send(page.form("/pause"))
    closed = await owner.surfer.get(url)
    resumed = await owner.surfer.send(paused.form("/resume"))

    assert "Paused" in paused.text
    assert closed.status == 410
    assert "Active" in resumed.text
    assert (await owner.surfer.get(url)).status == 200


async def test_a_revoked_invite_stays_so_and_can_not_be_changed(owner: Owner) -> None:
    page = await made(owner)
    revoked = await owner.surfer.send(page.form("/revoke"))

    csrf = ("csrf", revoked.form("/sign-out").value("csrf"))
    resumed = await owner.surfer.post(f"{page.path}/resume", [csrf])
    changed = await owner.surfer.post(page.path, [csrf, ("label", "Forum")])

    assert "Revoked" in revoked.text
    assert not [form for form in revoked.forms if "/invites/" in form.action]
    assert [resumed.status, changed.status] == [400, 400]
    assert "it was revoked" in resumed.text


async def test_an_invites_terms_are_changed(owner: Owner) -> None:
    page = await made(owner, maxUses="5", expiresAt="2026-12-24T18:00")
    form = next(form for form in page.forms if form.action == page.path)

    changed = await owner.surfer.send(form, label="Forum", maxUses="", expiresAt="")

    assert form.value("expiresAt").startswith("2026-12-24T18:00")
    assert "The invite was changed." in changed.text
    assert "Invite “Forum”" in changed.text
    assert "there is no limit" in changed.text


async def test_fewer_uses_than_were_made_are_refused(owner: Owner) -> None:
    page = await made(owner)
    for n in range(2):
        await join(owner, invite_url(page), f"p{n}@example.com")
    form = next(form for form in page.forms if form.action == page.path)

    refused = await owner.surfer.send(form, maxUses="1")

    assert refused.status == 400
    assert "it was used 2 times already" in refused.text


async def test_an_invite_of_another_campaign_is_unknown_here(owner: Owner) -> None:
    page = await made(owner)
    events = [EventDefinition("EARN5", Decimal(5))]
    other = await owner.play.admin.create_campaign("Other", events)

    theirs = await owner.surfer.get(page.path.replace(owner.play.campaign.id, other.id))
    unknown = await owner.surfer.get(f"{owner.base}/invites/inv_nobody")

    assert [theirs.status, unknown.status] == [404, 404]
    assert "Unknown link invite" in theirs.text
