"""`campaign show`, `events`, `user`, `users`, `history`: what is asked for and how it is shown."""

from typing import Any

import pytest

from tests.campaigns.host import CAMPAIGN, campaign, echoes, refuses, says
from tests.cli.campaign.pointed import API_KEY, Pointed

LOOK = f"GET /campaign/{CAMPAIGN}"
HOSTILE = "\x1b]0;owned\x07\u202eevil"


def data(**inner: Any) -> Any:
    return says(200, {"success": True, "data": inner})


# -- show and events ------------------------------------------------------------------------


def test_a_campaign_is_shown_with_its_money(pointed: Pointed) -> None:
    pointed.host.on(LOOK, campaign("Stopped", address="0xab", chain="base"))
    ran = pointed("show")

    assert ran.code == 0, ran.err
    assert ran.out.splitlines() == [
        "campaign    camp_1",
        "name        Autumn",
        "environment test",
        "status      Stopped: events are not paid",
        "funded      100.00",
        "paid out    87.50",
        "available   12.50",
        "address     0xab (base)",
    ]


def test_a_campaign_as_json_has_the_apis_names_and_exact_money(pointed: Pointed) -> None:
    pointed.host.on(LOOK, campaign(availableToWithdraw=0.000001, updatedAt="2026-11-23"))
    told = pointed("show", "--json").json

    assert told == {
        "id": CAMPAIGN,
        "name": "Autumn",
        "environment": "test",
        "status": "Active",
        "active": True,
        "totalAmountFunded": "100.00",
        "totalAmountPaidOut": "87.50",
        "availableToWithdraw": "0.000001",
        "address": "",
        "chain": "",
        "createdAt": "",
        "updatedAt": "2026-11-23",
    }


def test_balances_that_are_not_told_are_a_dash(pointed: Pointed) -> None:
    pointed.host.on(LOOK, campaign(availableToWithdraw=None, updatedAt="2026-11-23T12:00:00Z"))
    ran = pointed("show")

    assert "available   -" in ran.out
    assert "updated     2026-11-23T12:00:00Z" in ran.out


def test_events_are_listed_with_what_they_pay(pointed: Pointed) -> None:
    events = [
        {"code": "EARN5", "name": "Five", "payoutAmount": 5},
        {"code": "FRAG", "payoutAmount": "0.010"},
        {"code": "FREE", "name": ""},
    ]
    pointed.host.on(f"{LOOK}/events", says(200, {"success": True, "events": events}))
    ran, as_json = pointed("events"), pointed("events", "--json").json

    assert [line.split() for line in ran.out.splitlines()] == [
        ["CODE", "NAME", "PAYS"],
        ["EARN5", "Five", "5.00"],
        ["FRAG", "-", "0.01"],
        ["FREE", "-", "-"],
    ]
    assert as_json["events"][1] == {"code": "FRAG", "name": "", "payoutAmount": "0.01"}


def test_a_campaign_without_events_is_told_as_such(pointed: Pointed) -> None:
    pointed.host.on(f"{LOOK}/events", says(200, {"events": []}))

    assert "pays for no event" in pointed("events").out


# -- users and history ----------------------------------------------------------------------


def test_a_user_is_shown(pointed: Pointed) -> None:
    pointed.host.on(f"{LOOK}/user/a%2Fb", data(userId="a/b", status="linked", environment="test"))
    ran, as_json = pointed("user", "a/b"), pointed("user", "a/b", "--json").json

    assert [line.split() for line in ran.out.splitlines()] == [
        ["user", "a/b"],
        ["status", "linked"],
        ["environment", "test"],
    ]
    assert as_json == {"userRef": "a/b", "status": "linked", "environment": "test"}


def users(*names: str, total: int, more: bool) -> Any:
    rows = [{"userRef": name, "status": "linked", "linkedAt": "2026"} for name in names]
    return data(users=rows, pagination={"total": total, "hasMore": more})


def test_users_are_listed_and_cut_where_asked(pointed: Pointed) -> None:
    pointed.host.on(f"{LOOK}/users", users("u1", "u2", "u3", total=9, more=True))
    ran = pointed("users", "--limit=2", "--offset=4")
    as_json = pointed("users", "--limit=2", "--json").json

    assert ran.out.splitlines()[0].split() == ["USERREF", "STATUS", "LINKED"]
    assert [line.split()[0] for line in ran.out.splitlines()[1:3]] == ["u1", "u2"]
    assert ran.out.splitlines()[-1] == "… 2 rows from 4 on; --all shows all"
    assert pointed.host.calls[0].target.endswith("/users?limit=3&offset=4")
    assert as_json["more"] is True
    assert as_json["users"][0] == {"userRef": "u1", "status": "linked", "linkedAt": "2026"}


def test_all_users_are_listed_over_all_pages(pointed: Pointed) -> None:
    pointed.host.on(
        f"{LOOK}/users", users("u1", total=2, more=True), users("u2", total=2, more=False)
    )
    told = pointed("users", "--all", "--limit=1", "--json").json

    assert [user["userRef"] for user in told["users"]] == ["u1", "u2"]
    assert told["more"] is False


def test_a_history_shows_time_event_and_money(pointed: Pointed) -> None:
    row = {
        "id": "t1",
        "userRef": "usr_1",
        "eventCode": "EARN5",
        "payoutAmount": 5.5,
        "transactionHash": "0xab",
        "createdAt": "2026-11-23T12:00:00.000Z",
    }
    pointed.host.on(f"{LOOK}/user/usr_1/events", data(transactions=[row]))
    ran, as_json = pointed("history", "usr_1"), pointed("history", "usr_1", "--json").json

    assert [line.split() for line in ran.out.splitlines()] == [
        ["TIME", "EVENT", "PAID", "ID", "TRANSACTION"],
        ["2026-11-23T12:00:00.000Z", "EARN5", "5.50", "t1", "0xab"],
    ]
    assert as_json == {
        "transactions": [{**row, "eventName": "", "payoutAmount": "5.50"}],
        "more": False,
    }


def test_empty_lists_are_told_as_such(pointed: Pointed) -> None:
    pointed.host.on(f"{LOOK}/users", data(users=[]))
    pointed.host.on(f"{LOOK}/user/usr_1/events", data(transactions=[]))

    assert pointed("users").out == "no user is linked\n"
    assert pointed("history", "usr_1").out == "nothing was paid to this user\n"


# -- errors and hostile text ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "api_key_file"),
        (404, "the campaign's id and the names in the call"),
        (429, "Wait a moment"),
        (500, "again later"),
        (302, "redirects are never followed"),
        (400, "campaign show"),
    ],
)
def test_a_refusal_is_told_with_the_apis_words_and_a_hint(
    pointed: Pointed, status: int, hint: str
) -> None:
    pointed.host.on(LOOK, refuses(status, f"no {HOSTILE}"))
    ran = pointed("show")

    assert (ran.code, ran.out) == (1, "")
    assert f"answered {status}: 'no " in ran.err
    assert hint in ran.err.split("hint: ")[1]
    assert "\x1b]" not in ran.err
    assert "\u202e" not in ran.err


def test_the_key_is_in_no_output(pointed: Pointed) -> None:
    pointed.host.on(LOOK, echoes)
    ran = pointed("show")

    assert "(the API key)" in ran.err
    assert API_KEY not in ran.err


def test_hostile_text_of_the_api_is_harmless_everywhere(pointed: Pointed) -> None:
    pointed.host.on(LOOK, campaign(HOSTILE, name=HOSTILE, address=HOSTILE, updatedAt=HOSTILE))
    pointed.host.on(f"{LOOK}/users", users(HOSTILE, total=1, more=False))
    rows = [{"id": HOSTILE, "eventCode": HOSTILE, "createdAt": "x\ny"}]
    pointed.host.on(f"{LOOK}/user/usr_1/events", data(transactions=rows))
    shown = [pointed("show"), pointed("users"), pointed("history", "usr_1")]

    for ran in shown:
        assert ran.code == 0, ran.err
        assert "\x1b]" not in ran.out
        assert "\u202e" not in ran.out
    assert len(shown[2].out.splitlines()) == 2


@pytest.mark.parametrize("userref", ["", "  ", "\udcff"])
def test_an_argument_that_could_not_be_sent_as_meant_is_misuse(
    pointed: Pointed, userref: str
) -> None:
    ran = pointed("user", userref)

    assert ran.code == 2
    assert "hint: See `campaign-bridge campaign user --help`." in ran.err
    assert pointed.host.calls == []
