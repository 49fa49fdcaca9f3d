"""Section 5: webhooks, their envelope and their signature."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.sandbox.second import shapes
from tests.sandbox.second.client import Client
from tests.sandbox.second.play import Play, becomes
from tests.sandbox.second.receiver import Delivery, Receiver, signed

PAID = {"campaignId", "user_ref", "eventCode", "payoutAmount", "transactionId", "metadata"}


@dataclass(frozen=True, slots=True)
class Watched:
    """A campaign whose webhooks come to a receiver of ours."""

    client: Client
    receiver: Receiver

    def one(self, event: str, **data: object) -> dict[str, Any]:
        """Wait for `event` and return its data, the envelope read and checked."""
        return read(self.receiver.wait(event, data=data)[0])


def read(delivery: Delivery) -> dict[str, Any]:
    document = delivery.document
    assert set(document) == {"event", "timestamp", "data"}
    shapes.instant(document["timestamp"])
    assert delivery.headers.get_content_type() == "application/json"
    data: dict[str, Any] = document["data"]
    return data


def watched(play: Play, receiver: Receiver, amount: str = "100") -> Watched:
    client = play.funded(amount)
    receiver.secret = play.owner.watch(client.campaign, receiver.url)
    return Watched(client, receiver)


@pytest.fixture
def scene(play: Play, receiver: Receiver) -> Iterator[Watched]:
    yield watched(play, receiver)
    # Whatever came was signed rightly, in bare lowercase hex.
    assert [
        one for one in receiver.came if not signed(one.headers, one.body, receiver.secret)
    ] == []


def run(client: Client) -> None:
    shapes.enqueued(client.start())
    becomes(client, "Active")


def test_start_stop_and_withdrawal_are_told(scene: Watched) -> None:
    run(scene.client)
    scene.client.stop()
    becomes(scene.client, "Stopped")
    scene.client.withdraw()

    told = [scene.one(f"Campaign.{word}") for word in ("Started", "Stopped", "Withdrawn")]

    assert [data["campaignId"] for data in told] == [scene.client.campaign] * 3


def test_a_payment_is_told_with_the_key_of_its_event(play: Play, scene: Watched) -> None:
    run(scene.client)
    user = play.user(scene.client)
    shapes.enqueued(scene.client.record("EARN5", user, "event-told"))

    data = scene.one("Campaign.Event.Paid")

    assert set(data) == PAID
    assert (data["campaignId"], data["user_ref"]) == (scene.client.campaign, user)
    assert (data["eventCode"], data["payoutAmount"]) == ("EARN5", 5)
    assert shapes.text(data["transactionId"])
    assert data["metadata"]["idempotencyKey"] == "event-told"


def test_a_payout_that_fails_after_its_202_is_told(play: Play, receiver: Receiver) -> None:
    scene = watched(play, receiver, "1")
    run(scene.client)
    user = play.user(scene.client)
    shapes.enqueued(scene.client.record("EARN5", user, "event-poor"))

    data = scene.one("Campaign.Event.Failed")

    assert PAID - {"transactionId"} <= set(data) <= PAID | {"error"}
    assert shapes.text(data["error"])
    assert data["metadata"]["idempotencyKey"] == "event-poor"


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        (Client.approve, "User.Account.Link.Succeeded"),
        (Client.decline, "User.Account.Link.Canceled"),
    ],
    ids=["approve", "decline"],
)
def test_a_link_is_told_from_its_beginning_to_its_end(
    play: Play, scene: Watched, verb: Callable[[Client, str], Any], told: str
) -> None:
    _, session = shapes.initiated(scene.client.initiate(play.email(), "link-told"), 201)
    shapes.done(verb(scene.client, session))
    user = shapes.link(scene.client.link_details(session)).get("userRef")

    begun = scene.one("User.Account.Link.Started", sessionKey=session)
    ended = scene.one(told, sessionKey=session)

    assert begun.get("user_ref") in {None, "null"}
    assert ended.get("user_ref") == user
    assert [data["metadata"]["idempotencyKey"] for data in (begun, ended)] == ["link-told"] * 2


def test_a_removed_link_is_told(play: Play, scene: Watched) -> None:
    _, session = shapes.initiated(scene.client.initiate(play.email()), 201)
    shapes.done(scene.client.approve(session))
    user = shapes.link(scene.client.link_details(session))["userRef"]
    shapes.done(scene.client.remove(user))

    data = scene.one("User.Account.Link.Removed")

    assert data["user_ref"] == user


def test_a_webhook_that_was_refused_comes_again(scene: Watched) -> None:
    answers = iter([500])
    scene.receiver.mood = lambda: next(answers, 200)
    run(scene.client)

    came = scene.receiver.wait("Campaign.Started", 2)

    assert [one.answered for one in came[:2]] == [500, 200]
    assert came[0].body == came[1].body


def test_a_campaign_tells_its_own_news_only(play: Play, scene: Watched) -> None:
    other = play.funded()
    run(other)
    run(scene.client)

    scene.one("Campaign.Started")

    assert {one.document["data"]["campaignId"] for one in scene.receiver.came} == {
        scene.client.campaign
    }
