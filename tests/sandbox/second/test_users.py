"""Rows 3.10 to 3.12: a user's standing, a user's history, the list of users."""

from urllib.parse import urlsplit

import pytest

from tests.sandbox.second import shapes
from tests.sandbox.second.play import Play, paid


def test_a_users_standing_is_wrapped_in_data(play: Play) -> None:
    client = play.draft()
    user = play.user(client)

    standing = shapes.standing(client.standing(user))

    assert standing["campaignId"] == client.campaign
    assert standing["userId"] == user
    assert standing["environment"] == "test"


def test_a_user_ref_is_opaque_also_in_a_path(play: Play) -> None:
    client = play.draft()
    user = play.owner.add_user(client.campaign, "usr one+two%20é")

    standing = shapes.standing(client.standing(user))

    assert standing["userId"] == "usr one+two%20é"


def test_an_unknown_user_has_neither_standing_nor_history(play: Play) -> None:
    client, other = play.draft(), play.draft()
    stranger = play.user(other)

    answers = [row(user) for row in (client.standing, client.history) for user in ("x", stranger)]

    for answer in answers:
        shapes.refused(answer, 404)


def test_a_history_has_a_row_for_each_payment(play: Play) -> None:
    client = play.active()
    user, other = play.user(client), play.user(client)
    shapes.enqueued(client.record("EARN5", user))
    shapes.enqueued(client.record("quest_complete", other))
    paid(client, other, 1)

    (row,) = paid(client, user, 1)

    assert (row["campaignId"], row["userRef"]) == (client.campaign, user)
    assert (row["eventCode"], row["eventName"]) == ("EARN5", "The EARN5")
    assert row["payoutAmount"] == 5


def test_a_history_names_its_campaign_and_user(play: Play) -> None:
    client = play.draft()
    user = play.user(client)

    history = shapes.history(client.history(user))

    assert (history["campaignId"], history["userId"]) == (client.campaign, user)
    assert history["environment"] == "test"
    assert history["transactions"] == []
    assert (history["pagination"]["total"], history["pagination"]["hasMore"]) == (0, False)


def test_an_event_that_failed_has_no_row(play: Play) -> None:
    client = play.active("7")
    user = play.user(client)
    for _ in range(2):
        shapes.enqueued(client.record("EARN5", user))
    shapes.enqueued(client.record("quest_complete", user))

    rows = paid(client, user, 2)

    assert sorted(row["eventCode"] for row in rows) == ["EARN5", "quest_complete"]


def test_a_history_is_read_in_pages(play: Play) -> None:
    client = play.active()
    user = play.user(client)
    for _ in range(5):
        shapes.enqueued(client.record("quest_complete", user))
    whole = paid(client, user, 5)

    pages = [shapes.history(client.history(user, limit=2, offset=at)) for at in (0, 2, 4, 6)]

    assert [page["pagination"] for page in pages] == [
        {"limit": 2, "offset": at, "total": 5, "hasMore": at < 4} for at in (0, 2, 4, 6)
    ]
    assert [len(page["transactions"]) for page in pages] == [2, 2, 1, 0]
    assert [row["id"] for page in pages for row in page["transactions"]] == [
        row["id"] for row in whole
    ]
    assert len({row["transactionHash"] for row in whole}) == 5


@pytest.mark.parametrize(
    "page", [{"limit": "many"}, {"limit": -1}, {"offset": -1}, {"offset": "x"}]
)
def test_a_page_that_is_none_is_400(play: Play, page: dict[str, object]) -> None:
    client = play.draft()
    user = play.user(client)

    answers = [client.history(user, **page), client.users(**page)]

    for answer in answers:
        shapes.refused(answer, 400)


def test_the_users_are_listed_in_pages(play: Play) -> None:
    client = play.draft()
    joined = {play.user(client) for _ in range(3)}

    pages = [shapes.users(client.users(limit=2, offset=at)) for at in (0, 2)]

    assert [page["pagination"] for page in pages] == [
        {"limit": 2, "offset": 0, "total": 3, "hasMore": True},
        {"limit": 2, "offset": 2, "total": 3, "hasMore": False},
    ]
    assert {user["userRef"] for page in pages for user in page["users"]} == joined


def test_a_campaign_lists_its_own_users_only(play: Play) -> None:
    client, other = play.draft(), play.draft()
    play.user(other)

    listed = shapes.users(client.users())

    assert listed["users"] == []
    assert listed["pagination"]["total"] == 0


def test_an_api_path_that_is_none_is_answered_in_json(play: Play) -> None:
    client = play.draft()
    prefix = urlsplit(client.base).path

    answer = client.send("GET", f"/v1/campaign/{client.campaign}/nothing")

    assert prefix == "/api"
    shapes.refused(answer, 404)
