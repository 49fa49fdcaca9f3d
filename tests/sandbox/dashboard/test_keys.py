"""API keys: told apart by their ends, shown once, revoked."""

import re

from tests.sandbox.dashboard.conftest import Owner


async def test_another_key_is_shown_once_and_works(owner: Owner) -> None:
    page = await owner.do("/keys", "/keys")
    again = await owner.see("/keys/new")

    key = re.findall(r"sandbox_[0-9a-f]{64}", page.html)
    assert len(key) == 1
    assert key[0] not in again.html
    headers = {"Authorization": f"Bearer {key[0]}"}
    assert (await owner.play.call("GET", owner.play.path, headers=headers)).status == 200


async def test_a_revoked_key_opens_nothing(owner: Owner) -> None:
    page = await owner.do("/keys", "/revoke")
    form = (await owner.see("/keys")).forms

    assert "The key was revoked" in page.text
    assert (await owner.play.call("GET", owner.play.path)).status == 401
    assert not [one for one in form if one.action.endswith("/revoke")]


async def test_revoking_twice_is_told(owner: Owner) -> None:
    form = (await owner.see("/keys")).form("/revoke")
    await owner.surfer.send(form)

    page = await owner.surfer.post(form.action, [("csrf", form.value("csrf"))])

    assert "That key was revoked before." in page.text


async def test_no_page_shows_a_whole_key(owner: Owner) -> None:
    key = owner.play.campaign.api_key

    page = await owner.see("/keys")

    assert f"…{key[-4:]}" in page.text
    assert key[:16] not in page.html
