"""A campaign's users: standing, payouts page by page, and who is linked."""

from decimal import Decimal
from typing import Any

import pytest

from bridge.campaigns.api import CampaignApi
from bridge.campaigns.schemas import LinkedUser, Transaction, UserStanding
from bridge.errors import CampaignError
from tests.campaigns.host import CAMPAIGN, Host, says

USER = f"GET /campaign/{CAMPAIGN}/user/usr_1"
HISTORY = f"{USER}/events"
USERS = f"GET /campaign/{CAMPAIGN}/users"
ROW = {
    "id": "t1",
    "campaignId": CAMPAIGN,
    "userRef": "usr_1",
    "eventCode": "EARN5",
    "eventName": "Five",
    "payoutAmount": 5.5,
    "transactionHash": "0xab",
    "createdAt": "2026-11-23T12:00:00.000Z",
    "new": {"unknown": True},
}


def data(**inner: Any) -> Any:
    return says(200, {"success": True, "data": inner})


async def test_a_users_standing_is_read(api: CampaignApi, host: Host) -> None:
    host.on(USER, data(campaignId="c", userId="usr_1", status="linked", environment="test"))

    assert await api.users.standing("usr_1") == UserStanding("usr_1", "linked", "test")
    assert host.calls[0].line == f"GET /api/v1/campaign/{CAMPAIGN}/user/usr_1"


async def test_only_the_status_of_a_user_is_required(api: CampaignApi, host: Host) -> None:
    host.on(USER, data(status="linked"))

    assert await api.users.standing("usr_1") == UserStanding("usr_1", "linked", "")


@pytest.mark.parametrize(
    "body", [{}, {"success": True}, {"data": []}, {"data": {}}, {"data": {"status": 1}}]
)
async def test_an_answer_without_a_user_is_refused(
    api: CampaignApi, host: Host, body: object
) -> None:
    host.on(USER, says(200, body))
    with pytest.raises(CampaignError) as raised:
        await api.users.standing("usr_1")

    assert raised.value.reason == "unexpected_answer"


# -- history --------------------------------------------------------------------------------


async def test_a_page_of_the_history_is_read_with_its_money(api: CampaignApi, host: Host) -> None:
    pagination = {"limit": 2, "offset": 4, "total": 9, "hasMore": True}
    bare = {"eventCode": "EARN6", "payoutAmount": "0.000001"}
    host.on(HISTORY, data(transactions=[ROW, bare], pagination=pagination))
    page = await api.users.history("usr_1", limit=2, offset=4)

    assert page.rows == (
        Transaction(
            "t1",
            "usr_1",
            "EARN5",
            "Five",
            Decimal("5.5"),
            "0xab",
            "2026-11-23T12:00:00.000Z",
        ),
        Transaction("", "usr_1", "EARN6", "", Decimal("0.000001"), "", ""),
    )
    assert (page.offset, page.total, page.has_more) == (4, 9, True)
    assert host.calls[0].target.endswith("/user/usr_1/events?limit=2&offset=4")


@pytest.mark.parametrize(
    "inner",
    [
        {},
        {"transactions": None},
        {"transactions": {}},
        {"transactions": [ROW, None]},
        {"transactions": [ROW, "x"]},
        {"transactions": [ROW, {"id": "t2"}]},
    ],
)
async def test_a_payout_that_can_not_be_read_is_not_passed_over(
    api: CampaignApi, host: Host, inner: dict[str, object]
) -> None:
    host.on(HISTORY, data(**inner))
    with pytest.raises(CampaignError) as raised:
        await api.users.history("usr_1")

    assert raised.value.reason == "unexpected_answer"


@pytest.mark.parametrize(
    "pagination", [None, [], "x", {}, {"total": True, "hasMore": 1}, {"total": -1}]
)
async def test_odd_pagination_is_not_known(
    api: CampaignApi, host: Host, pagination: object
) -> None:
    host.on(HISTORY, data(transactions=[], pagination=pagination))
    page = await api.users.history("usr_1")

    assert (page.total, page.has_more) == (None, None)


async def test_the_whole_history_is_read_over_all_pages(api: CampaignApi, host: Host) -> None:
    rows = [{**ROW, "id": f"t{n}"} for n in range(5)]
    host.on(
        HISTORY,
        data(transactions=rows[:2], pagination={"total": 5, "hasMore": True}),
        data(transactions=rows[2:4], pagination={"total": 5, "hasMore": True}),
        data(transactions=rows[4:], pagination={"total": 5, "hasMore": False}),
    )
    found = [row.id async for row in api.users.whole_history("usr_1", limit=2)]

    assert found == ["t0", "t1", "t2", "t3", "t4"]
    assert [call.target.partition("?")[2] for call in host.calls] == [
        "limit=2&offset=0",
        "limit=2&offset=2",
        "limit=2&offset=4",
    ]


# -- linked users ---------------------------------------------------------------------------


async def test_linked_users_are_listed_over_all_pages(api: CampaignApi, host: Host) -> None:
    first = {"userRef": "usr_1", "status": "linked", "linkedAt": "2026-11-23T12:00:00.000Z"}
    host.on(
        USERS,
        data(users=[first], pagination={"total": 2, "hasMore": True}),
        data(users=[{"userRef": "usr_2"}], pagination={"total": 2, "hasMore": False}),
    )

    assert [row async for row in api.users.all_linked(limit=1)] == [
        LinkedUser("usr_1", "linked", "2026-11-23T12:00:00.000Z"),
        LinkedUser("usr_2", "", ""),
    ]
    assert host.calls[1].target == f"/api/v1/campaign/{CAMPAIGN}/users?limit=1&offset=1"


async def test_a_linked_user_without_a_name_is_refused(api: CampaignApi, host: Host) -> None:
    host.on(USERS, data(users=[{"status": "linked"}]))
    with pytest.raises(CampaignError, match="no userRef"):
        await api.users.linked()
