"""The shapes that are read and written: unknown fields ignored, money exact."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.campaigns.schemas import (
    ConfiguredEvent,
    Standing,
    configured_events_of,
    event_body,
    json_object,
    own_error,
    standing_of,
)
from bridge.campaigns.schemas.documents import json_bytes
from bridge.errors import CampaignError


def test_a_campaign_is_read_with_its_money_as_decimals() -> None:
    document = json_object(
        b'{"success": true, "campaign": {"id": "c", "name": "Autumn", "status": "Active",'
        b' "environment": "test", "totalAmountFunded": 100.10, "totalAmountPaidOut": "0.3",'
        b' "availableToWithdraw": 99, "chain": {"id": 1}}}'
    )
    assert document is not None
    standing = standing_of(document)

    assert standing == Standing(
        "Active", "test", "Autumn", Decimal("100.10"), Decimal("0.3"), Decimal(99)
    )


@pytest.mark.parametrize("amount", [None, True, "lots", "", [], {}, "NaN", "Infinity", "-Infinity"])
def test_an_amount_that_is_none_is_unknown(amount: object) -> None:
    campaign = {"status": "Active", "totalAmountFunded": amount}

    assert standing_of({"campaign": campaign}).funded is None


@pytest.mark.parametrize("status", ["Active", "active", "ACTIVE"])
def test_active_is_compared_without_regard_to_case(status: str) -> None:
    assert standing_of({"campaign": {"status": status}}).active


@pytest.mark.parametrize("status", ["Stopped", "", "Active ", "Inactive"])
def test_every_other_word_is_not_active(status: str) -> None:
    assert not standing_of({"campaign": {"status": status}}).active


@pytest.mark.parametrize(
    "document",
    [{}, {"campaign": None}, {"campaign": []}, {"campaign": {}}, {"campaign": {"status": 1}}],
)
def test_an_answer_without_a_status_is_no_campaign(document: dict[str, Any]) -> None:
    with pytest.raises(CampaignError, match="no campaign"):
        standing_of(document)


def test_configured_events_are_read_and_odd_ones_passed_over() -> None:
    events = [
        {"code": "EARN5", "name": "Five", "payoutAmount": "5.50", "new": 1},
        {"code": "BARE"},
        {"code": 7},
        {"name": "nameless"},
        "EARN6",
        None,
    ]

    assert configured_events_of({"events": events}) == [
        ConfiguredEvent("EARN5", "Five", Decimal("5.50")),
        ConfiguredEvent("BARE", "", None),
    ]


@pytest.mark.parametrize("document", [{}, {"events": None}, {"events": {"EARN5": 5}}])
def test_an_answer_without_a_list_of_events_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(CampaignError, match="no list of events"):
        configured_events_of(document)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"1",
        b"{",
        b"<html>",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"n": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_json_object_is_none(body: bytes) -> None:
    assert json_object(body) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_none(body: bytes) -> None:
    assert isinstance(json_object(body), dict | None)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"success": False, "error": "Unknown userRef"}, "Unknown userRef"),
        ({"success": False, "error": ""}, ""),
        ({"success": True, "error": "x"}, None),
        ({"error": "x"}, None),
        ({"success": False}, None),
        ({"success": False, "error": {"code": 1}}, None),
        ({"success": 0, "error": "x"}, None),
        (None, None),
    ],
)
def test_only_the_apis_own_form_is_its_own_error(
    document: dict[str, object] | None, message: str | None
) -> None:
    assert own_error(document) == message


def test_an_events_body_is_these_bytes() -> None:
    assert event_body("quest_complete", "usr_é") == (
        '{"eventCode":"quest_complete","userRef":"usr_é"}'.encode()
    )


@given(st.text(), st.text())
def test_an_events_body_is_what_the_json_of_all_others_is(code: str, ref: str) -> None:
    assert event_body(code, ref) == json_bytes({"eventCode": code, "userRef": ref})


@pytest.mark.parametrize("text", ["1e30", "1e999999999", "1e-31", "9" * 31, "-1e999999999"])
def test_a_number_that_is_no_money_is_unknown(text: str) -> None:
    document = json_object(
        f'{{"campaign": {{"status": "Active", "totalAmountFunded": {text}}}}}'.encode()
    )
    assert document is not None

    assert standing_of(document).funded is None


def test_the_deployment_of_a_campaign_is_read_where_it_is_text() -> None:
    campaign = {"status": "Active", "address": "0xab", "chain": 1, "createdAt": "2026"}
    standing = standing_of({"campaign": campaign})

    assert (standing.address, standing.chain, standing.created_at) == ("0xab", "", "2026")
