"""Start, stop, withdraw: what is sent, and when the job is done."""

from decimal import Decimal

import pytest

from bridge.campaigns.api import CampaignApi
from bridge.campaigns.lifecycle import Verb
from bridge.campaigns.schemas import Standing
from tests.campaigns.host import CAMPAIGN, ENQUEUED, Host, says

CALLS = {Verb.START: "PUT", Verb.STOP: "PUT", Verb.WITHDRAW: "POST"}


@pytest.mark.parametrize(("verb", "method"), CALLS.items())
async def test_an_order_is_sent_as_the_guide_does_with_its_key_and_without_a_body(
    api: CampaignApi, host: Host, verb: Verb, method: str
) -> None:
    host.on(f"{method} /campaign/{CAMPAIGN}/{verb}", ENQUEUED)
    words = await getattr(api.lifecycle, verb.value)("key-1")
    (call,) = host.calls

    assert words == "Job enqueued"
    assert call.line == f"{method} /api/v1/campaign/{CAMPAIGN}/{verb}"
    assert call.key == "key-1"
    assert call.body == b""
    assert "Content-Type" not in call.headers


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("body", [{}, {"success": True}, {"message": 7}])
async def test_any_success_that_is_not_denied_is_one(
    api: CampaignApi, host: Host, status: int, body: object
) -> None:
    host.on(f"PUT /campaign/{CAMPAIGN}/start", says(status, body))

    assert await api.lifecycle.start("key-1") == ""


@pytest.mark.parametrize(
    ("verb", "status", "available", "done"),
    [
        (Verb.START, "Starting", "5", False),
        (Verb.START, "ACTIVE", "5", True),
        (Verb.STOP, "Active", "5", False),
        (Verb.STOP, "Stopping", "5", False),
        (Verb.STOP, "Frozen", "5", True),
        (Verb.WITHDRAW, "Withdrawing", "5", False),
        (Verb.WITHDRAW, "Withdrawn", None, False),
        (Verb.WITHDRAW, "Stopped", "0.00", True),
    ],
)
def test_the_end_of_a_job_is_seen_in_the_standing(
    verb: Verb, status: str, available: str | None, done: bool
) -> None:
    standing = Standing(status, "test", available=None if available is None else Decimal(available))

    assert verb.done(standing) is done
