"""What webhooks say, as the sandbox writes them and as nobody should."""

import hashlib
import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import get_args

import pytest

from bridge.campaigns import readings
from bridge.campaigns.webhooks import notices
from bridge.campaigns.webhooks.reading import read
from bridge.errors import (
    BridgeError,
    MessageRejected,
    MessageTooLarge,
    NotJson,
    WebhookStale,
)
from bridge.sandbox.answers import Json
from bridge.sandbox.readings import Hook
from bridge.sandbox.webhooks.announcing import envelope

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MILLIS = int(NOW.timestamp()) * 1000
PAYOUT: dict[str, Json] = {
    "user_ref": "u-1",
    "eventCode": "EARN5",
    "payoutAmount": Decimal("0.250000"),
}


def said(event: str, data: object = None, **more: object) -> bytes:
    return json.dumps({"event": event, "data": {} if data is None else data, **more}).encode()


def notice(event: str, data: object = None, **more: object) -> notices.Notice:
    return read(said(event, data, **more), NOW, None)


def linked(**data: object) -> notices.LinkSucceeded:
    told = notice("User.Account.Link.Succeeded", data)
    assert isinstance(told, notices.LinkSucceeded)
    return told


def paid(**data: object) -> notices.Paid:
    told = notice("Campaign.Event.Paid", data)
    assert isinstance(told, notices.Paid)
    return told


def failed(**data: object) -> notices.PayoutFailed:
    told = notice("Campaign.Event.Failed", data)
    assert isinstance(told, notices.PayoutFailed)
    return told


def refusal(body: bytes) -> MessageRejected:
    with pytest.raises(MessageRejected) as caught:
        read(body, NOW, None)
    return caught.value


# -- what is in every notice ------------------------------------------------------------------


def test_the_envelope_of_the_sandbox_is_read_whole() -> None:
    body = envelope(MILLIS, "camp-1", Hook.EVENT_PAID, {**PAYOUT, "transactionId": "tx-9"}, "key-1")

    assert read(body, NOW, None) == notices.Paid(
        event="Campaign.Event.Paid",
        sent_at=NOW,
        digest=hashlib.sha256(body).digest()[:16],
        idempotency_key="key-1",
        campaign_id="camp-1",
        user_ref="u-1",
        event_code="EARN5",
        amount=Decimal("0.25"),
        transaction_id="tx-9",
    )


def test_every_name_that_the_sandbox_plays_is_known() -> None:
    told = [read(envelope(MILLIS, "camp-1", hook, {}, None), NOW, None) for hook in Hook]

    assert notices.Unknown not in {type(each) for each in told}
    assert {type(each) for each in told} == set(get_args(notices.Notice)) - {notices.Unknown}


def test_a_replayed_webhook_has_the_digest_of_the_first() -> None:
    body, other = said("Webhook.Test"), said("Webhook.Test", {"n": 1})
    later = NOW + timedelta(hours=1)

    assert read(body, NOW, None).digest == read(body, later, "key").digest
    assert read(body, NOW, None).digest != read(other, NOW, None).digest
    assert len(read(body, NOW, None).digest) == 16


def test_the_key_is_the_signed_one_then_the_header_s() -> None:
    both = {"metadata": {"Idempotency-Key": "second", "idempotencyKey": "first"}}
    body = said("Webhook.Test", both)
    other = said("Webhook.Test", {"metadata": {"Idempotency-Key": "second"}})

    bare = said("Webhook.Test")

    assert read(body, NOW, "header").idempotency_key == "first"
    assert read(other, NOW, "header").idempotency_key == "second"
    assert read(bare, NOW, "header").idempotency_key == "header"
    assert read(bare, NOW, "").idempotency_key is None
    assert read(bare, NOW, "\udcff").idempotency_key is None


@pytest.mark.parametrize("metadata", [None, [], "key", {}, {"idempotencyKey": 5}])
def test_metadata_without_a_key_are_no_key(metadata: object) -> None:
    assert notice("Webhook.Test", {"metadata": metadata}).idempotency_key is None


# -- what it tells ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Succeeded", "Completed"])
def test_a_link_that_is_there_has_two_names(name: str) -> None:
    told = notice(f"User.Account.Link.{name}", {"sessionKey": "s-1", "user_ref": "u-1"})

    assert isinstance(told, notices.LinkSucceeded)
    assert (told.session_key, told.user_ref) == ("s-1", "u-1")


@pytest.mark.parametrize("nobody", [None, "", "null", 7, ["u"], {"id": "u"}, True, "\ud800"])
def test_what_is_no_user_is_nobody(nobody: object) -> None:
    assert linked(sessionKey="s-1", user_ref=nobody).user_ref is None
    assert linked(sessionKey="s-1").user_ref is None
    assert linked(sessionKey="s-1", user_ref=nobody, userRef="u-2").user_ref == "u-2"


def test_the_user_of_the_code_comes_before_the_user_of_the_documents() -> None:
    assert linked(userRef="u-2", user_ref="u-1").user_ref == "u-1"
    assert linked(userRef="u-2").user_ref == "u-2"


@pytest.mark.parametrize(
    ("name", "how"), [("Canceled", "declined"), ("Cancelled", "declined"), ("Failed", "failed")]
)
def test_a_session_ends_by_a_no_or_by_a_failure(name: str, how: str) -> None:
    told = notice(f"User.Account.Link.{name}", {"sessionKey": "s-1", "user_ref": "null"})

    assert isinstance(told, notices.LinkEnded)
    assert (told.session_key, told.user_ref, told.how) == ("s-1", None, how)


def test_a_removed_link_names_its_user() -> None:
    told = notice("User.Account.Link.Removed", {"user_ref": "u-1"})

    assert isinstance(told, notices.LinkRemoved)
    assert (told.session_key, told.user_ref) == (None, "u-1")


def test_a_session_that_began_names_itself() -> None:
    told = notice("User.Account.Link.Started", {"sessionKey": "s-1", "user_ref": None})

    assert isinstance(told, notices.LinkStarted)
    assert (told.session_key, told.user_ref) == ("s-1", None)


@pytest.mark.parametrize("how", ["started", "stopped", "withdrawn"])
def test_a_campaign_s_change_is_told(how: str) -> None:
    told = notice(f"Campaign.{how.capitalize()}", {"campaignId": "camp-1"})

    assert isinstance(told, notices.CampaignChanged)
    assert (told.campaign_id, told.how) == ("camp-1", how)


@pytest.mark.parametrize("body", [b'{"event":"Webhook.Test"}', said("Webhook.Test", {})])
def test_the_test_needs_no_data(body: bytes) -> None:
    assert isinstance(read(body, NOW, None), notices.Test)


@pytest.mark.parametrize("data", [{}, None, [], "text", 5])
def test_a_name_that_nobody_knows_is_kept_whatever_comes_with_it(data: object) -> None:
    told = read(json.dumps({"event": "Purchases.Completed", "data": data}).encode(), NOW, "key")

    assert isinstance(told, notices.Unknown)
    assert (told.event, told.idempotency_key) == ("Purchases.Completed", "key")


@pytest.mark.parametrize("event", ["campaign.event.paid", "Campaign.Event.Paid ", "Platform.Link"])
def test_a_name_is_known_only_as_it_is_listed(event: str) -> None:
    assert isinstance(notice(event), notices.Unknown)


def test_a_payout_of_which_nothing_is_said_is_still_a_payout() -> None:
    told = paid()

    assert {getattr(told, field.name) for field in fields(told)[3:]} == {None}


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("0.1", "0.1"),
        ('"0.10"', "0.10"),
        ("5", "5"),
        ("1e-6", "0.000001"),
        ("0.1000000000000000055511151231257", None),
        ("1E+999999999", None),
        ("9" * 4000, None),
        ('"Infinity"', None),
        ('"NaN"', None),
        ('"ten"', None),
        ("true", None),
        ("null", None),
        ("[1]", None),
    ],
)
def test_an_amount_is_exact_or_unknown(written: str, read_as: str | None) -> None:
    body = f'{{"event":"Campaign.Event.Paid","data":{{"payoutAmount":{written}}}}}'.encode()
    told = read(body, NOW, None)

    assert isinstance(told, notices.Paid)
    assert told.amount == (None if read_as is None else Decimal(read_as))


def test_the_other_style_of_a_payout_s_fields_is_read_too() -> None:
    told = paid(userRef="u-1", event_code="EARN5", amount="0.25", transaction_id="tx-9")

    assert (told.user_ref, told.event_code) == ("u-1", "EARN5")
    assert (told.amount, told.transaction_id) == (Decimal("0.25"), "tx-9")


def test_an_unreadable_spelling_does_not_hide_a_readable_one() -> None:
    assert paid(payoutAmount="?", amount="0.25").amount == Decimal("0.25")


def test_the_reason_of_a_failed_payout_can_be_printed() -> None:
    told = failed(error="no\n\tfunds \x1b[31m\u202eleft\ud83d" + "!" * 1000)

    assert told.error.startswith("no funds [31m left !!!")
    assert told.error.isprintable()
    assert len(told.error) == 300


@pytest.mark.parametrize("error", [None, 5, {"message": "x"}])
def test_a_reason_that_is_no_text_is_empty(error: object) -> None:
    assert failed(error=error).error == ""
    assert failed(error=error, reason="no funds").error == "no funds"


# -- when it was sent -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (readings.STALE, True),
        (readings.STALE + timedelta(milliseconds=1), False),
        (timedelta(0), True),
        (-readings.AHEAD, True),
        (-readings.AHEAD - timedelta(milliseconds=1), False),
    ],
)
def test_what_is_too_old_or_too_new_is_refused(age: timedelta, fresh: bool) -> None:
    body = said("Webhook.Test", timestamp=(NOW - age).isoformat())
    if fresh:
        assert read(body, NOW, None).sent_at == NOW - age
        return
    with pytest.raises(WebhookStale) as caught:
        read(body, NOW, None)

    assert "polling" in caught.value.hint


@pytest.mark.parametrize(
    "written",
    ["2026-11-23T12:00:00Z", "2026-11-23T13:00:00.000+01:00", "2026-11-23T12:00:00"],
)
def test_a_time_is_read_in_utc(written: str) -> None:
    sent_at = notice("Webhook.Test", timestamp=written).sent_at

    assert sent_at == NOW
    assert sent_at is not None
    assert sent_at.tzinfo is UTC


def test_a_webhook_without_a_time_is_taken() -> None:
    assert notice("Webhook.Test").sent_at is None
    assert notice("Webhook.Test", timestamp=None).sent_at is None


@pytest.mark.parametrize(
    "given",
    ["", "yesterday", 1795000000000, True, [], {}, "0001-01-01T00:00:00+14:00", "\ud800", "9" * 50],
)
def test_a_time_that_is_none_is_refused(given: object) -> None:
    refused = refusal(said("Webhook.Test", timestamp=given))

    assert [field.pointer for field in refused.fields] == ["/timestamp"]


def test_the_furthest_times_are_stale_and_no_accident() -> None:
    assert isinstance(refusal(said("X", timestamp="0001-01-01T00:00:00Z")), WebhookStale)
    assert isinstance(refusal(said("X", timestamp="9999-12-31T23:59:59Z")), WebhookStale)


# -- what is no webhook -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"Webhook.Test"',
        b"{",
        b'{"event":"Webhook.Test"} {}',
        b'{"event":"Webhook.Test","data":{"n":NaN}}',
        b'{"event":"Webhook.Test","data":{"n":-Infinity}}',
        b'{"event":"Webhook.Test","data":{"n":' + b"1" * 5000 + b"}}",
        b'{"event":"Webhook.Test","data":{"n":1e99999999999999999999}}',
        b'{"event":"Webhook.Test","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"event":"Webhook.Test","data":' + b'{"a":' * 20_000,
        b'{"event":"Webhook.Test","event":"Campaign.Event.Paid"}',
        b'{"event":"Campaign.Event.Paid","data":{"user_ref":"u-1","user_ref":"u-2"}}',
        b'{"event":"\xff"}',
        b'\xef\xbb\xbf{"event":"Webhook.Test"}',
        '{"event":"Webhook.Test"}'.encode("utf-16"),
    ],
)
def test_what_is_not_one_plain_json_object_is_not_read(body: bytes) -> None:
    refused = refusal(body)

    assert isinstance(refused, NotJson)
    assert "Oncade" in refused.hint


@pytest.mark.parametrize("event", [None, "", 5, ["Webhook.Test"], {}, "\ud800"])
def test_what_names_no_event_is_refused(event: object) -> None:
    refused = refusal(json.dumps({"event": event}).encode())

    assert [field.pointer for field in refused.fields] == ["/event"]


def test_an_object_without_an_event_is_refused() -> None:
    assert [field.pointer for field in refusal(b"{}").fields] == ["/event"]


@pytest.mark.parametrize("data", [[], "text", 5, False])
def test_a_known_event_with_data_that_are_none_is_refused(data: object) -> None:
    body = json.dumps({"event": "Campaign.Event.Paid", "data": data}).encode()

    assert [field.pointer for field in refusal(body).fields] == ["/data"]


def test_a_body_larger_than_any_is_refused_unread() -> None:
    largest = said("Webhook.Test").ljust(readings.LONGEST_WEBHOOK)

    assert isinstance(read(largest, NOW, None), notices.Test)
    assert isinstance(refusal(largest + b" "), MessageTooLarge)


def test_a_refusal_repeats_nothing_of_the_body() -> None:
    bodies = [said("X", timestamp="s3cret"), b'{"s3cret":', json.dumps({"s3cret": 1}).encode()]
    refused = [refusal(body) for body in bodies]

    assert not any("s3cret" in f"{each} {each.hint} {each.fields}" for each in refused)


GENUINE = [envelope(MILLIS, "camp-1", hook, PAYOUT, "key-1") for hook in Hook]


def test_no_ill_formed_body_ends_in_anything_but_a_refusal_of_ours() -> None:
    chance = Random(6)
    ends: set[type[object]] = set()
    for _ in range(3_000):
        body = chance.choice(GENUINE)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(body))
            body = body[:at] + chance.randbytes(1) + body[at + 1 :]
        try:
            ends.add(type(read(body[: chance.randrange(len(body) + 1)] or body, NOW, None)))
        except BridgeError as refused:
            ends.add(type(refused))

    assert NotJson in ends
