"""Row 3.1: a campaign's details."""

from decimal import Decimal

from tests.sandbox.second import shapes
from tests.sandbox.second.play import Play


def test_details_hold_what_the_reference_lists_and_the_chain(play: Play) -> None:
    client = play.draft()

    campaign = shapes.details(client.details())

    assert campaign["id"] == client.campaign
    assert campaign["environment"] == "test"
    assert [campaign[name] for name in sorted(shapes.CAMPAIGN_AMOUNTS)] == [0, 0, 0]


def test_a_live_campaign_says_so(play: Play) -> None:
    client = play.draft("live")

    campaign = shapes.details(client.details())

    assert campaign["environment"] == "live"


def test_funds_show_in_the_balances(play: Play) -> None:
    client = play.funded("12.5")

    campaign = shapes.details(client.details())

    assert campaign["totalAmountFunded"] == Decimal("12.5")
    assert campaign["totalAmountPaidOut"] == 0
    assert campaign["availableToWithdraw"] == Decimal("12.5")


def test_the_version_header_may_be_left_out(play: Play) -> None:
    client = play.draft().but(X_Oncade_API_Version=None)

    campaign = shapes.details(client.details())

    assert campaign["id"] == client.campaign


def test_no_answer_repeats_the_key(play: Play) -> None:
    client = play.active()

    answers = [
        client.details(),
        client.events(),
        client.start(),
        client.but(X_Campaign_Id="other").details(),
        client.but(Authorization=f"Basic {client.key}").details(),
    ]

    assert [one for one in answers if client.key.encode() in one.body] == []
