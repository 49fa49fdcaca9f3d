"""What every row refuses alike: keys, headers, campaigns (reading 10)."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from tests.sandbox.second import shapes
from tests.sandbox.second.client import Answer, Client
from tests.sandbox.second.play import Play

Row = Callable[[Client], Answer]

#: The rows that name their campaign in the path.
ROWS: dict[str, Row] = {
    "details": Client.details,
    "start": Client.start,
    "stop": Client.stop,
    "withdraw": Client.withdraw,
    "record": lambda client: client.record("EARN5", "usr_1"),
    "events": Client.events,
    "initiate": lambda client: client.initiate("player@example.com"),
    "link details": lambda client: client.link_details("session_1"),
    "standing": lambda client: client.standing("usr_1"),
    "history": lambda client: client.history("usr_1"),
    "users": Client.users,
    "create invite": lambda client: client.create_invite(label="forum"),
    "invites": Client.invites,
    "update invite": lambda client: client.update_invite("inv_1", label="forum"),
    **{
        f"{verb} invite": partial(lambda client, verb: client.turn_invite("inv_1", verb), verb=verb)
        for verb in ("pause", "resume", "revoke")
    },
}
#: The rows whose path names none.
BARE: dict[str, Row] = {
    "approve": lambda client: client.approve("session_1"),
    "decline": lambda client: client.decline("session_1"),
    "remove": lambda client: client.remove("usr_1"),
}


def rows(**more: Row) -> pytest.MarkDecorator:
    table = {**ROWS, **more}
    return pytest.mark.parametrize("row", table.values(), ids=table)


@rows(**BARE)
@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer ", "Bearer sandbox_wrong", "Basic dXNlcjpwdw=="]
)
def test_a_key_that_is_none_is_401(play: Play, row: Row, given: str | None) -> None:
    client = play.draft().but(Authorization=given)

    answer = row(client)

    shapes.refused(answer, 401)


@rows()
def test_the_key_of_another_campaign_is_403(play: Play, row: Row) -> None:
    client, other = play.draft(), play.draft()

    answer = row(replace(client, key=other.key))

    shapes.refused(answer, 403)


@rows(**BARE)
def test_a_header_that_names_another_campaign_is_403(play: Play, row: Row) -> None:
    client, other = play.draft(), play.draft()

    answer = row(client.but(X_Campaign_Id=other.campaign))

    shapes.refused(answer, 403)


@rows()
def test_an_unknown_campaign_is_404(play: Play, row: Row) -> None:
    client = replace(play.draft(), campaign="campaign_nowhere")

    answer = row(client)

    shapes.refused(answer, 404)


@rows()
def test_a_call_without_its_campaign_header_is_400(play: Play, row: Row) -> None:
    client = play.draft().but(X_Campaign_Id=None)

    answer = row(client)

    shapes.refused(answer, 400)


@rows(**BARE)
def test_another_version_is_400(play: Play, row: Row) -> None:
    client = play.draft().but(X_Oncade_API_Version="v2")

    answer = row(client)

    shapes.refused(answer, 400)
