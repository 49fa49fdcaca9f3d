"""Rows 3.5 and 3.6: record a payout event, and the catalogue of them."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.sandbox.second import shapes
from tests.sandbox.second.client import Client
from tests.sandbox.second.play import Play, becomes, eventually


def settled(play: Play, client: Client, payouts: int) -> list[str]:
    """Wait for so many payouts, end the campaign as a barrier, return the codes paid."""
    eventually(lambda: play.owner.ledger(client.campaign), lambda rows: len(rows) >= payouts)
    shapes.enqueued(client.stop())
    becomes(client, "Stopped")
    return [row["eventCode"] for row in play.owner.ledger(client.campaign)]


def test_the_catalogue_says_code_name_and_amount(play: Play) -> None:
    client = play.draft()

    events = shapes.catalogue(client.events())

    assert {code: event["payoutAmount"] for code, event in events.items()} == {
        "EARN5": 5,
        "quest_complete": Decimal("0.25"),
    }


def test_an_event_is_enqueued_in_the_references_words_and_paid(play: Play) -> None:
    client = play.active()
    user = play.user(client)

    said = shapes.enqueued(client.record("quest_complete", user))
    paid = settled(play, client, 1)
    campaign = shapes.details(client.details())

    assert said == "Event enqueued"
    assert paid == ["quest_complete"]
    assert campaign["totalAmountPaidOut"] == Decimal("0.25")
    assert campaign["availableToWithdraw"] == Decimal("99.75")


def test_an_unknown_user_is_404(play: Play) -> None:
    client = play.active()

    answer = client.record("EARN5", "usr_nobody")

    shapes.refused(answer, 404)


def test_a_user_of_another_campaign_is_404(play: Play) -> None:
    client, other = play.active(), play.active()
    stranger = play.user(other)

    answer = client.record("EARN5", stranger)

    shapes.refused(answer, 404)


@pytest.mark.parametrize("code", ["never_configured", "", None, 5, ["EARN5"]])
def test_an_event_that_is_not_configured_is_400(play: Play, code: object) -> None:
    client = play.active()
    user = play.user(client)

    answer = client.record(code, user)

    shapes.refused(answer, 400)


@pytest.mark.parametrize("user", [None, "", 5, {"ref": "usr_1"}])
def test_a_user_ref_that_is_none_is_400(play: Play, user: object) -> None:
    client = play.active()

    answer = client.record("EARN5", user)

    shapes.refused(answer, 400)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b'{"eventCode": "EARN5"}', b'{"userRef": "usr_1"}', b"{", b"\xff"],
)
def test_a_body_that_says_too_little_is_400(play: Play, body: bytes) -> None:
    client = play.active()

    answer = client.send("POST", f"/v1/campaign/{client.campaign}/events", body, "event-1")

    shapes.refused(answer, 400)


def test_a_campaign_that_does_not_run_takes_no_events(play: Play) -> None:
    clients = [play.funded(), play.stopped()]

    answers = [client.record("EARN5", play.user(client)) for client in clients]

    for answer in answers:
        shapes.refused(answer, 400)


def test_an_event_beyond_the_funds_is_accepted_and_not_paid(play: Play) -> None:
    client = play.active("7")
    user = play.user(client)

    answers = [client.record("EARN5", user) for _ in range(2)]
    paid = settled(play, client, 1)
    campaign = shapes.details(client.details())

    for answer in answers:
        shapes.enqueued(answer)
    assert paid == ["EARN5"]
    assert campaign["availableToWithdraw"] == 2


def test_an_event_needs_no_idempotency_key(play: Play) -> None:
    client = play.active()
    user = play.user(client)
    bare = client.but(Idempotency_Key=None)

    answers = [bare.record("EARN5", user) for _ in range(2)]

    for answer in answers:
        shapes.enqueued(answer)
    assert settled(play, client, 2) == ["EARN5", "EARN5"]


def test_the_same_key_fifty_times_at_once_pays_once_and_answers_alike(play: Play) -> None:
    client = play.active("1000")
    user = play.user(client)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: client.record("EARN5", user, "event-once"), range(50)))

    assert {(one.status, one.body) for one in answers} == {(202, answers[0].body)}
    assert settled(play, client, 1) == ["EARN5"]


def test_the_same_key_with_another_body_is_409(play: Play) -> None:
    client = play.active()
    user = play.user(client)
    shapes.enqueued(client.record("EARN5", user, "event-once"))

    answer = client.record("quest_complete", user, "event-once")

    shapes.refused(answer, 409)
    assert settled(play, client, 1) == ["EARN5"]


def test_a_refused_event_leaves_no_trace_of_its_key(play: Play) -> None:
    client = play.active()
    shapes.refused(client.record("EARN5", "link_usr_late", "event-once"), 404)
    play.owner.add_user(client.campaign, "link_usr_late")

    answer = client.record("EARN5", "link_usr_late", "event-once")

    shapes.enqueued(answer)
    assert settled(play, client, 1) == ["EARN5"]


def test_one_key_on_two_campaigns_or_paths_is_two_keys(play: Play) -> None:
    first, second = play.funded(), play.active()
    user = play.user(second)

    answers = [first.start("one"), second.record("EARN5", user, "one"), second.stop("one")]

    for answer in answers:
        shapes.enqueued(answer)
