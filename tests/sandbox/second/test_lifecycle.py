"""Rows 3.2 to 3.4: start, stop, withdraw."""

from tests.sandbox.second import shapes
from tests.sandbox.second.play import Play, becomes, eventually


def test_a_start_is_accepted_first_and_active_later(play: Play, sleepy: Play) -> None:
    waiting, client = sleepy.funded(), play.funded()

    shapes.enqueued(waiting.start())
    shapes.enqueued(client.start())
    before = shapes.details(waiting.details())
    after = becomes(client, "Active")

    assert before["status"] == "Starting"
    assert after["status"] == "Active"


def test_a_start_without_funds_is_refused(play: Play) -> None:
    client = play.draft()

    answer = client.start()

    shapes.refused(answer, 400)
    assert shapes.details(client.details())["status"].lower() != "active"


def test_a_start_of_an_active_campaign_is_refused(play: Play) -> None:
    client = play.active()

    answer = client.start()

    shapes.refused(answer, 400)
    assert shapes.details(client.details())["status"] == "Active"


def test_a_start_while_starting_is_refused(sleepy: Play) -> None:
    client = sleepy.funded()
    shapes.enqueued(client.start())

    answer = client.start()

    shapes.refused(answer, 400)


def test_the_same_start_again_is_the_same_start(play: Play) -> None:
    client = play.funded()

    first = client.start("start-once")
    becomes(client, "Active")
    second = client.start("start-once")

    assert shapes.enqueued(first) == shapes.enqueued(second)


def test_a_stop_is_accepted_and_takes_effect(play: Play) -> None:
    client = play.active()

    shapes.enqueued(client.stop())

    assert becomes(client, "Stopped")["availableToWithdraw"] == 100


def test_a_stop_of_what_does_not_run_is_refused(play: Play) -> None:
    refused = [play.draft().stop(), play.funded().stop(), play.stopped().stop()]

    for answer in refused:
        shapes.refused(answer, 400)


def test_a_stop_is_a_pause(play: Play) -> None:
    client = play.stopped()

    shapes.enqueued(client.start())

    assert becomes(client, "Active")["totalAmountFunded"] == 100


def test_a_withdrawal_while_active_is_400(play: Play) -> None:
    client = play.active()

    answer = client.withdraw()

    shapes.refused(answer, 400)
    assert shapes.details(client.details())["availableToWithdraw"] == 100


def test_a_refused_withdrawal_leaves_no_trace_of_its_key(play: Play) -> None:
    client = play.active()
    shapes.refused(client.withdraw("withdraw-once"), 400)
    client.stop()
    becomes(client, "Stopped")

    answer = client.withdraw("withdraw-once")

    shapes.enqueued(answer)


def test_a_withdrawal_takes_all_that_remains(play: Play) -> None:
    client = play.active("7")
    user = play.user(client)
    shapes.enqueued(client.record("EARN5", user))
    eventually(
        lambda: shapes.details(client.details()),
        lambda campaign: campaign["totalAmountPaidOut"] == 5,
    )
    client.stop()
    becomes(client, "Stopped")

    shapes.enqueued(client.withdraw())
    campaign = eventually(
        lambda: shapes.details(client.details()),
        lambda campaign: campaign["availableToWithdraw"] == 0,
    )

    assert campaign["totalAmountFunded"] == 7
    assert campaign["totalAmountPaidOut"] == 5


def test_a_withdrawal_while_a_start_is_under_way_is_refused(sleepy: Play) -> None:
    client = sleepy.funded()
    shapes.enqueued(client.start())

    answer = client.withdraw()

    shapes.refused(answer, 400)


def test_a_withdrawn_campaign_pays_nothing(play: Play) -> None:
    client = play.stopped()
    user = play.user(client)
    shapes.enqueued(client.withdraw())
    becomes(client, "Withdrawn")

    answer = client.record("EARN5", user)

    shapes.refused(answer, 400)
    assert play.owner.ledger(client.campaign) == []
