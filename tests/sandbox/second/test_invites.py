"""Reading 14: link invites, from their making to their last use."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.sandbox.second import shapes
from tests.sandbox.second.client import Client
from tests.sandbox.second.play import Play, eventually
from tests.sandbox.second.player import Page, Player

JOIN = "link|join|accept|approve|enrol|continue"


def in_time(**span: float) -> str:
    then = datetime.now(UTC) + timedelta(**span)
    return then.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def made(client: Client, **fields: object) -> dict[str, Any]:
    given = {"label": "forum", "maxUses": 2, "expiresAt": in_time(hours=1), **fields}
    return shapes.invite(client.create_invite(**given), 201)


def seen(client: Client, invite: dict[str, Any]) -> dict[str, Any]:
    (found,) = [
        one for one in shapes.invites(client.invites())["invites"] if one["id"] == invite["id"]
    ]
    return dict(found)


def joins(play: Play, invite: dict[str, Any]) -> Page:
    """A player opens the invite and, if its page has a form, fills it in and presses the button."""
    player = Player()
    page = player.open(urljoin(play.town.root, invite["url"]))
    assert page.content_type == "text/html"
    return player.press(page, JOIN, play.email()) if page.forms else page


def enrolled(client: Client) -> int:
    total: int = shapes.users(client.users())["pagination"]["total"]
    return total


def test_an_invite_is_made_as_it_was_asked_for(play: Play) -> None:
    client, until = play.draft(), in_time(hours=1)

    invite = made(client, label="forum", maxUses=50, expiresAt=until)

    assert (invite["label"], invite["maxUses"], invite["expiresAt"]) == ("forum", 50, until)
    assert (invite["state"], invite["uses"]) == ("active", 0)


def test_an_invite_may_be_without_limits(play: Play) -> None:
    client = play.draft()

    invite = shapes.invite(client.create_invite(label="forum"), 201)

    assert (invite["maxUses"], invite["expiresAt"]) == (None, None)


def test_an_invite_is_made_once_for_one_key(play: Play) -> None:
    client = play.draft().but(Idempotency_Key="invite-once")

    first, second = made(client, expiresAt=None), made(client, expiresAt=None)

    assert first == second
    assert shapes.invites(client.invites())["pagination"]["total"] == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"label": ""},
        {"label": None},
        {"label": 5},
        {"maxUses": 0},
        {"maxUses": -1},
        {"maxUses": "50"},
        {"maxUses": 1.5},
        {"maxUses": True},
        {"expiresAt": "tomorrow"},
        {"expiresAt": 5},
    ],
    ids=str,
)
def test_an_invite_that_makes_no_sense_is_400(play: Play, wrong: dict[str, object]) -> None:
    client = play.draft()

    answer = client.create_invite(**{"label": "forum", **wrong})

    shapes.refused(answer, 400)
    assert shapes.invites(client.invites())["invites"] == []


def test_invites_are_listed_in_pages(play: Play) -> None:
    client, other = play.draft(), play.draft()
    ids = {made(client)["id"] for _ in range(3)}
    made(other)

    pages = [shapes.invites(client.invites(limit=2, offset=at)) for at in (0, 2)]

    assert [page["pagination"] for page in pages] == [
        {"limit": 2, "offset": 0, "total": 3, "hasMore": True},
        {"limit": 2, "offset": 2, "total": 3, "hasMore": False},
    ]
    assert {one["id"] for page in pages for one in page["invites"]} == ids


def test_an_update_changes_what_it_names(play: Play) -> None:
    client = play.draft()
    invite = made(client)

    changed = shapes.invite(client.update_invite(invite["id"], label="radio", maxUses=9))

    expected = {**invite, "label": "radio", "maxUses": 9, "updatedAt": changed["updatedAt"]}
    assert changed == expected
    assert seen(client, invite) == changed


def test_an_update_that_makes_no_sense_is_400(play: Play) -> None:
    client = play.draft()
    invite = made(client)

    answer = client.update_invite(invite["id"], maxUses=-1)

    shapes.refused(answer, 400)
    assert seen(client, invite) == invite


def test_a_pause_is_undone_by_a_resume(play: Play) -> None:
    client = play.draft()
    invite = made(client)

    paused = shapes.invite(client.turn_invite(invite["id"], "pause"))
    resumed = shapes.invite(client.turn_invite(invite["id"], "resume"))

    assert (paused["state"], resumed["state"]) == ("paused", "active")
    assert seen(client, invite)["state"] == "active"


def test_a_revoked_invite_stays_revoked(play: Play) -> None:
    client = play.draft()
    invite = made(client)

    revoked = shapes.invite(client.turn_invite(invite["id"], "revoke"))
    answers = [client.turn_invite(invite["id"], verb) for verb in ("resume", "pause")]

    assert revoked["state"] == "revoked"
    for answer in answers:
        assert answer.status in {400, 409}
        shapes.refused(answer, answer.status)
    assert seen(client, invite)["state"] == "revoked"


def test_an_unknown_invite_is_404(play: Play) -> None:
    client, other = play.draft(), play.draft()

    for invite in ("inv_none", made(other)["id"]):
        shapes.refused(client.update_invite(invite, label="radio"), 404)
        for verb in ("pause", "resume", "revoke"):
            shapes.refused(client.turn_invite(invite, verb), 404)


def test_an_invite_expires_by_the_clock(play: Play) -> None:
    client = play.draft()
    invite = made(client, expiresAt=in_time(seconds=0.5))

    expired = eventually(lambda: seen(client, invite), lambda found: found["state"] != "active")
    joins(play, invite)

    assert expired["state"] == "expired"
    assert enrolled(client) == 0


def test_a_player_joins_through_an_invite_and_is_paid(play: Play) -> None:
    client = play.active()
    invite = made(client)

    page = joins(play, invite)
    (user,) = shapes.users(client.users())["users"]

    assert page.status == 200
    assert seen(client, invite)["uses"] == 1
    shapes.enqueued(client.record("EARN5", user["userRef"]))


@pytest.mark.parametrize("verb", ["pause", "revoke"])
def test_an_invite_that_is_off_enrols_nobody(play: Play, verb: str) -> None:
    client = play.draft()
    invite = made(client)
    shapes.invite(client.turn_invite(invite["id"], verb))

    joins(play, invite)

    assert enrolled(client) == 0
    assert seen(client, invite)["uses"] == 0


def test_the_last_use_of_an_invite_is_used_once(play: Play) -> None:
    client = play.draft()
    invite = made(client, maxUses=5)

    with ThreadPoolExecutor(8) as pool:
        pages = list(pool.map(lambda _: joins(play, invite), range(20)))

    found = seen(client, invite)
    assert len(pages) == 20
    assert (found["uses"], found["state"]) == (5, "exhausted")
    assert enrolled(client) == 5


def test_an_invite_that_is_none_has_no_page(play: Play) -> None:
    page = Player().open(f"{play.town.root}/invite/none")

    assert (page.status, page.content_type) == (404, "text/html")
