"""What the client reads in answers: times, campaigns, words; and never the key."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.campaigns.client import retry_after
from bridge.campaigns.outcomes import Refused, Retry, Sent
from bridge.campaigns.schemas import ConfiguredEvent
from bridge.errors import CampaignError
from bridge.testing import START
from tests.campaigns.play import client_of, sent_to
from tests.delivery import far
from tests.delivery.far import Far, closed_port, says
from tests.delivery.rig import API_KEY

# -- retry-after ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Thu, 01 Jan 2026 00:01:00 -0000", 60.0),
        ("Thu, 01 Jan 2026 01:00:30 +0100", 30.0),
        ("Wed, 31 Dec 2025 23:00:00 GMT", 0.0),
        ("Thursday, 01-Jan-26 00:01:00 GMT", 60.0),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("1e3", None),
        ("Thu, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Thu, 01 Jan 2026 00:00:00 +99999999999999999", None),
    ],
)
def test_retry_after_is_read_in_both_forms(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, START) == seconds


def test_an_absurd_number_of_seconds_is_more_than_any_cap() -> None:
    absurd = retry_after("9" * 400, START)

    assert absurd is not None
    assert absurd > 1e100


_PART = st.sampled_from(
    [
        "Mon,",
        "01",
        "Jan",
        "2026",
        "9" * 20,
        "00:00:00",
        "99:99",
        "GMT",
        "+0100",
        "+" + "9" * 15,
        "²",
    ]
)


@given(st.one_of(st.text(max_size=60), st.lists(_PART, max_size=8).map(" ".join)))
@example("Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
def test_retry_after_may_hold_anything(value: str) -> None:
    seconds = retry_after(value, datetime(2026, 1, 1, tzinfo=UTC))

    assert seconds is None or seconds >= 0


@pytest.mark.parametrize("value", ["30", "Thu, 01 Jan 2026 00:00:30 GMT"])
@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
async def test_retry_after_comes_with_every_answer_that_is_retried(
    there: Far, status: int, value: str
) -> None:
    there.always = says(status, Retry_After=value)
    sent = await sent_to(there.url)

    assert isinstance(sent.outcome, Retry)
    assert sent.outcome.after == 30
    assert sent.outcome.slow_down == (status in {429, 503})


# -- reading the campaign -------------------------------------------------------------------


async def test_the_campaign_and_its_events_are_read(there: Far) -> None:
    there.codes = ("EARN5", "EARN6")
    async with client_of(there.url) as client:
        standing = await client.standing()
        events = await client.configured_events()

    assert (standing.status, standing.environment) == ("Active", "test")
    assert events == [ConfiguredEvent("EARN5", "", None), ConfiguredEvent("EARN6", "", None)]
    assert {call.headers["Authorization"] for call in there.calls} == {f"Bearer {API_KEY}"}
    assert all("Idempotency-Key" not in call.headers for call in there.calls)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_told_as_such(there: Far, status: int) -> None:
    there.standing = says(status)
    error = await failed_standing(there)

    assert error.reason == "key_refused"
    assert "the API says no" in str(error)
    assert "api_key_file" in error.hint


@pytest.mark.parametrize(
    "answer",
    [
        says(200, far.PAGE),
        says(200, b""),
        says(200, b"[]"),
        says(200, b'{"success": true}'),
        says(200, b'{"success": false, "campaign": {"status": "Active"}}'),
        says(202, b'{"campaign": {"status": "Active"}}'),
        says(204, b""),
        says(302, b"", Location="/elsewhere"),
        says(404),
        says(500),
        says(503, far.PAGE),
    ],
)
async def test_an_answer_that_is_no_campaign_is_told_as_such(
    there: Far, answer: far.Answer
) -> None:
    there.standing = answer
    error = await failed_standing(there)

    assert error.reason == "unexpected_answer"


@pytest.mark.parametrize("answer", [far.silence, far.reset])
async def test_a_campaign_that_does_not_answer_is_unreachable(
    there: Far, answer: far.Answer
) -> None:
    there.standing = answer
    error = await failed_standing(there)

    assert error.reason == "unreachable"


async def failed_standing(there: Far) -> CampaignError:
    async with client_of(there.url) as client:
        with pytest.raises(CampaignError) as raised:
            await client.standing()
    return raised.value


# -- the key is a secret --------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 409, 429, 500])
async def test_a_key_that_is_echoed_is_kept_nowhere(there: Far, status: int) -> None:
    there.always = far.echoes(status)
    sent = await sent_to(there.url)

    assert "Bearer" in sent.head
    assert API_KEY not in repr(sent)


@pytest.mark.parametrize("status", [200, 401, 403, 500])
async def test_a_key_that_is_echoed_is_in_no_error(there: Far, status: int) -> None:
    there.standing = far.echoes(status)
    error = await failed_standing(there)

    assert API_KEY not in repr(error)
    assert API_KEY not in str(error)


async def test_failures_to_connect_do_not_tell_the_key() -> None:
    sent = await sent_to(f"http://127.0.0.1:{closed_port()}/api")

    assert sent.detail
    assert API_KEY not in repr(sent)


# -- what is kept of an answer --------------------------------------------------------------


async def test_the_head_of_an_answer_and_its_words_are_kept(there: Far) -> None:
    there.always = says(400, json.dumps({"success": False, "error": "Bad code"}).encode())
    sent = await sent_to(there.url)

    assert sent == Sent(
        Refused("refused", maybe_sent=False),
        400,
        "Bad code",
        '{"success": false, "error": "Bad code"}',
    )


async def test_bytes_that_are_no_text_are_kept_as_far_as_they_are(there: Far) -> None:
    there.always = says(500, b"\xff\xfeoh no" + b"x" * 1000)
    sent = await sent_to(there.url)

    assert sent.head.startswith("��oh no")
    assert len(sent.head) == 300
