"""Rows 3.7 to 3.9: link a player by email; look, decide, remove."""

from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from tests.sandbox.second import shapes
from tests.sandbox.second.client import Client
from tests.sandbox.second.play import Play
from tests.sandbox.second.player import Player


def begun(play: Play, client: Client) -> tuple[str, str]:
    """Begin a link; return its session and its email."""
    email = play.email()
    return shapes.initiated(client.initiate(email), 201)[1], email


def linked(play: Play, client: Client) -> tuple[str, str]:
    """Link a player; return the userRef and the email."""
    session, email = begun(play, client)
    shapes.done(client.approve(session))
    return shapes.text(shapes.link(client.link_details(session))["userRef"]), email


# -- 3.7


def test_a_new_link_is_201_with_its_page_in_location(play: Play) -> None:
    client = play.draft()

    url, session = shapes.initiated(client.initiate(play.email()), 201)

    at = urlsplit(urljoin(play.town.root, url))
    assert at.path == "/link"
    assert parse_qs(at.query) == {"session": [session]}


def test_a_retry_with_its_key_reuses_the_session(play: Play) -> None:
    client, email = play.draft(), play.email()

    answers = [client.initiate(email, "link-once") for _ in range(3)]

    assert {shapes.initiated(answer, 201) for answer in answers} == {
        shapes.initiated(answers[0], 201)
    }


def test_a_link_that_is_open_already_is_200(play: Play) -> None:
    client, email = play.draft(), play.email()
    first = shapes.initiated(client.initiate(email), 201)

    second = shapes.initiated(client.initiate(email), 200)

    assert second == first
    assert "userRef" not in shapes.global_link(client.global_link_details(first[1]))


def test_one_key_for_two_players_is_409(play: Play) -> None:
    client = play.draft()
    shapes.initiated(client.initiate(play.email(), "link-once"), 201)

    answer = client.initiate(play.email(), "link-once")

    shapes.refused(answer, 409)


@pytest.mark.parametrize("email", [None, "", 5, "nobody", ["a@example.com"]])
def test_an_email_that_is_none_is_400(play: Play, email: object) -> None:
    client = play.draft()

    answer = client.initiate(email)

    shapes.refused(answer, 400)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"{"])
def test_a_link_without_an_email_is_400(play: Play, body: bytes) -> None:
    client = play.draft()

    path = f"/v1/campaign/{client.campaign}/users/link/initiate"
    answer = client.send("POST", path, body, "link-once")

    shapes.refused(answer, 400)


# -- 3.8


def test_the_campaigns_form_of_the_details_has_a_status(play: Play) -> None:
    client = play.draft()
    session, email = begun(play, client)

    link = shapes.link(client.link_details(session))

    assert link == {
        "campaignId": client.campaign,
        "campaignName": shapes.details(client.details())["name"],
        "prefilledEmail": email,
        "status": "pending",
    }


def test_the_global_form_of_the_details_has_none(play: Play) -> None:
    client = play.draft()
    session, email = begun(play, client)

    link = shapes.global_link(client.global_link_details(session))

    assert link == {"namespaceType": "campaign", "prefilledEmail": email}


def test_the_session_alone_opens_the_global_details(play: Play) -> None:
    client = play.draft()
    session, email = begun(play, client)
    bare = client.but(
        Authorization=None, X_Campaign_Id=None, X_Oncade_API_Version=None, Content_Type=None
    )

    link = shapes.global_link(bare.global_link_details(session))

    assert link["prefilledEmail"] == email


def test_an_unknown_session_is_404_in_both_forms(play: Play) -> None:
    client = play.draft()

    answers = [client.link_details("session_none"), client.global_link_details("session_none")]

    for answer in answers:
        shapes.refused(answer, 404)


def test_the_session_of_another_campaign_is_404(play: Play) -> None:
    client, other = play.draft(), play.draft()
    session, _ = begun(play, other)

    answer = client.link_details(session)

    shapes.refused(answer, 404)


# -- 3.9


def test_an_approved_link_has_a_user_in_both_forms(play: Play) -> None:
    client = play.draft()
    session, _ = begun(play, client)

    shapes.done(client.approve(session))
    one = shapes.link(client.link_details(session))
    other = shapes.global_link(client.global_link_details(session))

    assert one["status"] == "approved"
    assert shapes.text(one["userRef"]) == other["userRef"]


def test_an_approved_user_is_paid(play: Play) -> None:
    client = play.active()
    user, _ = linked(play, client)

    answer = client.record("EARN5", user)

    shapes.enqueued(answer)


def test_a_declined_link_has_no_user(play: Play) -> None:
    client = play.draft()
    session, _ = begun(play, client)

    shapes.done(client.decline(session))
    link = shapes.link(client.link_details(session))

    assert link["status"] == "declined"
    assert "userRef" not in link


@pytest.mark.parametrize("verb", ["approve", "decline"])
def test_a_decision_about_nothing_is_refused(play: Play, verb: str) -> None:
    client = play.draft()
    decide = client.approve if verb == "approve" else client.decline

    shapes.refused(decide("session_none"), 404)
    for nothing in (None, "", 5):
        shapes.refused(decide(nothing), 400)


def test_a_decision_about_another_campaigns_session_changes_nothing(play: Play) -> None:
    client, other = play.draft(), play.draft()
    session, _ = begun(play, other)

    answer = client.approve(session)

    shapes.refused(answer, 404)
    assert shapes.link(other.link_details(session))["status"] == "pending"


def test_a_declined_link_can_not_be_approved(play: Play) -> None:
    client = play.draft()
    session, _ = begun(play, client)
    shapes.done(client.decline(session))

    answer = client.approve(session)

    assert answer.status in {400, 409}
    shapes.refused(answer, answer.status)
    assert shapes.link(client.link_details(session))["status"] == "declined"


def test_a_removed_user_is_unknown_to_events(play: Play) -> None:
    client = play.active()
    user, _ = linked(play, client)

    shapes.done(client.remove(user))
    answer = client.record("EARN5", user)

    shapes.refused(answer, 404)


def test_a_removal_of_nobody_is_refused(play: Play) -> None:
    client = play.draft()

    shapes.refused(client.remove("usr_nobody"), 404)
    for nobody in (None, "", 5):
        shapes.refused(client.remove(nobody), 400)


def test_a_removal_says_user_ref_in_snake_case(play: Play) -> None:
    client = play.active()
    user, _ = linked(play, client)

    answer = client.call("POST", "/v1/users/link/remove", {"userRef": user}, "remove-once")

    shapes.refused(answer, 400)
    shapes.enqueued(client.record("EARN5", user))


def test_a_user_of_another_campaign_can_not_be_removed(play: Play) -> None:
    client, other = play.draft(), play.active()
    user, _ = linked(play, other)

    answer = client.remove(user)

    shapes.refused(answer, 404)
    shapes.enqueued(other.record("EARN5", user))


def test_who_links_again_is_who_they_were(play: Play) -> None:
    client = play.draft()
    user, email = linked(play, client)
    shapes.done(client.remove(user))

    _, session = shapes.initiated(client.initiate(email), 201)
    shapes.done(client.approve(session))

    assert shapes.link(client.link_details(session))["userRef"] == user


# -- the hosted page


def test_a_player_approves_on_the_hosted_page(play: Play) -> None:
    client, player = play.active(), Player()
    url, session = shapes.initiated(client.initiate(play.email()), 201)

    page = player.open(urljoin(play.town.root, url))
    player.press(page, "approve|allow|accept|link")
    link = shapes.link(client.link_details(session))

    assert (page.status, page.content_type) == (200, "text/html")
    assert link["status"] == "approved"
    shapes.enqueued(client.record("EARN5", link["userRef"]))


def test_a_player_declines_on_the_hosted_page(play: Play) -> None:
    client, player = play.draft(), Player()
    url, session = shapes.initiated(client.initiate(play.email()), 201)

    page = player.open(urljoin(play.town.root, url))
    player.press(page, "decline|cancel|deny|no")

    assert shapes.link(client.link_details(session))["status"] == "declined"


def test_an_unknown_session_has_no_page(play: Play) -> None:
    page = Player().open(f"{play.town.root}/link?session=session_none")

    assert (page.status, page.content_type) == (404, "text/html")
