"""What an answer must look like: the exact JSON keys of the reference, section by section.

In: answers. Out: what they hold, or a failed assert. Knows nothing of how they were asked for.
"""

import re
from decimal import Decimal
from typing import Any

from tests.sandbox.second.client import Answer

#: ISO-8601, UTC, milliseconds.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

CAMPAIGN_TEXTS = {"id", "name", "environment", "status", "businessId", "address", "chain"}
CAMPAIGN_AMOUNTS = {"totalAmountFunded", "totalAmountPaidOut", "availableToWithdraw"}
CAMPAIGN = CAMPAIGN_TEXTS | CAMPAIGN_AMOUNTS | {"createdAt", "updatedAt"}
EVENT = {"code", "name", "payoutAmount"}
PAGINATION = {"limit", "offset", "total", "hasMore"}
STANDING = {"campaignId", "userId", "status", "environment"}
HISTORY = {"campaignId", "userId", "environment", "transactions", "pagination"}
TRANSACTION_TEXTS = {
    "id",
    "campaignId",
    "userRef",
    "eventCode",
    "eventName",
    "transactionHash",
}
TRANSACTION = TRANSACTION_TEXTS | {"payoutAmount", "createdAt"}
#: `inviteId` and `updatedAt` are the sandbox's additions to reading 14.
USER = {"userRef", "status", "linkedAt", "inviteId"}
INVITE = {
    "id",
    "label",
    "url",
    "state",
    "maxUses",
    "uses",
    "expiresAt",
    "createdAt",
    "updatedAt",
}
LINK = {"campaignId", "campaignName", "prefilledEmail", "status"}
GLOBAL_LINK = {"namespaceType", "prefilledEmail"}


def refused(answer: Answer, status: int) -> str:
    """An error: `{success: false, error: "..."}`, and `error` is a string, never an object."""
    document = _json(answer, status)
    assert set(document) == {"success", "error"}
    assert document["success"] is False
    error = document["error"]
    assert isinstance(error, str)
    assert error.strip()
    return error


def enqueued(answer: Answer) -> str:
    """The 202 of a background job."""
    document = _json(answer, 202)
    assert set(document) == {"success", "message"}
    assert document["success"] is True
    return text(document["message"])


def details(answer: Answer) -> dict[str, Any]:
    """3.1."""
    document = _json(answer, 200)
    assert set(document) == {"success", "campaign"}
    assert document["success"] is True
    campaign: dict[str, Any] = document["campaign"]
    assert set(campaign) == CAMPAIGN
    for name in CAMPAIGN_TEXTS:
        text(campaign[name])
    for name in CAMPAIGN_AMOUNTS:
        amount(campaign[name])
    instant(campaign["createdAt"])
    instant(campaign["updatedAt"])
    return campaign


def catalogue(answer: Answer) -> dict[str, dict[str, Any]]:
    """3.6: the configured events, by code."""
    document = _json(answer, 200)
    assert set(document) == {"success", "events"}
    assert document["success"] is True
    for event in document["events"]:
        assert set(event) == EVENT
        text(event["code"])
        text(event["name"])
        amount(event["payoutAmount"])
    return {event["code"]: event for event in document["events"]}


def initiated(answer: Answer, status: int) -> tuple[str, str]:
    """3.7: url and session key, bare; a 201 has the url in Location as well."""
    document = _json(answer, status)
    assert set(document) == {"url", "sessionKey"}
    if status == 201:
        assert answer.headers["Location"] == document["url"]
    return text(document["url"]), text(document["sessionKey"])


def link(answer: Answer) -> dict[str, Any]:
    """3.8, the campaign's form: bare, with a status."""
    document = _json(answer, 200)
    assert LINK <= set(document) <= LINK | {"userRef"}
    assert text(document["status"]) in {"pending", "approved", "declined", "expired"}
    return document


def global_link(answer: Answer) -> dict[str, Any]:
    """3.8, the global form: bare, without a status."""
    document = _json(answer, 200)
    assert GLOBAL_LINK <= set(document) <= GLOBAL_LINK | {"userRef"}
    assert document["namespaceType"] == "campaign"
    return document


def done(answer: Answer) -> None:
    """3.9: `{success: true}` and no more."""
    assert _json(answer, 200) == {"success": True}


def standing(answer: Answer) -> dict[str, Any]:
    """3.10."""
    data = wrapped(answer, STANDING)
    for name in STANDING:
        text(data[name])
    return data


def history(answer: Answer) -> dict[str, Any]:
    """3.11."""
    data = wrapped(answer, HISTORY)
    pagination(data["pagination"])
    for row in data["transactions"]:
        assert set(row) == TRANSACTION
        for name in TRANSACTION_TEXTS:
            text(row[name])
        amount(row["payoutAmount"])
        instant(row["createdAt"])
    return data


def users(answer: Answer) -> dict[str, Any]:
    """3.12, by reading 14."""
    data = wrapped(answer, {"users", "pagination"})
    pagination(data["pagination"])
    for user in data["users"]:
        assert set(user) == USER
        text(user["userRef"])
        text(user["status"])
        instant(user["linkedAt"])
    return data


def invite(answer: Answer, status: int = 200) -> dict[str, Any]:
    """Reading 14: one invite."""
    return _invite(wrapped(answer, {"invite"}, status)["invite"])


def invites(answer: Answer) -> dict[str, Any]:
    """Reading 14: a page of invites."""
    data = wrapped(answer, {"invites", "pagination"})
    pagination(data["pagination"])
    for one in data["invites"]:
        _invite(one)
    return data


def wrapped(answer: Answer, keys: set[str], status: int = 200) -> dict[str, Any]:
    """`{success: true, data: {...}}` with exactly `keys` in the data."""
    document = _json(answer, status)
    assert set(document) == {"success", "data"}
    assert document["success"] is True
    data: dict[str, Any] = document["data"]
    assert set(data) == keys
    return data


def pagination(page: dict[str, Any]) -> None:
    assert set(page) == PAGINATION
    assert all(type(page[name]) is int for name in ("limit", "offset", "total"))
    assert type(page["hasMore"]) is bool


def text(value: object) -> str:
    assert isinstance(value, str)
    assert value
    return value


def instant(value: object) -> str:
    found = text(value)
    assert _INSTANT.fullmatch(found), found
    return found


def amount(value: object) -> Decimal:
    """A JSON number, of at most six decimals, not below zero."""
    assert type(value) in {int, Decimal}
    found = Decimal(str(value))
    assert found == found.quantize(Decimal("0.000001"))
    assert found >= 0
    return found


def _invite(got: dict[str, Any]) -> dict[str, Any]:
    assert set(got) == INVITE
    for name in ("id", "label", "url"):
        text(got[name])
    assert got["state"] in {"active", "paused", "revoked", "expired", "exhausted"}
    assert type(got["uses"]) is int
    assert got["maxUses"] is None or type(got["maxUses"]) is int
    assert got["expiresAt"] is None or instant(got["expiresAt"])
    instant(got["createdAt"])
    return got


def _json(answer: Answer, status: int) -> dict[str, Any]:
    assert answer.status == status, (answer.status, answer.body[:400])
    assert answer.headers.get_content_type() == "application/json"
    document = answer.json
    assert isinstance(document, dict)
    return document
