"""The client of the Campaigns API as delivery uses it: events out, the campaign looked at.

In: calls. Out: outcomes and standings. Knows what each status means (docs/states.md has the
table), and nothing of retries, lanes or the outbox.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from uuid import UUID

from bridge.campaigns import readings
from bridge.campaigns.details import Details
from bridge.campaigns.failures import CallFailed
from bridge.campaigns.outcomes import Accepted, Hold, Outcome, PauseLane, Refused, Retry, Sent
from bridge.campaigns.posting.connection import Reply
from bridge.campaigns.posting.post import post
from bridge.campaigns.schemas import ConfiguredEvent, Standing, json_object, own_error
from bridge.campaigns.transport import (
    LOST,
    NEVER_SENT,
    Transport,
    head_of,
    headers_of,
    patience,
    transport,
)
from bridge.errors import CampaignError
from bridge.events import Clock
from bridge.settings.models import CampaignSettings, DeliverySettings

T = TypeVar("T")

#: What carries an event out: its Idempotency-Key and its body in, what came back out. Raises one of
#: `LOST`, of which `NEVER_SENT` proves that nothing was sent.
Carrier = Callable[[UUID, bytes], Awaitable[Reply]]

#: The reasons that a lane tells apart; any other is an answer that it didn't expect.
_LANE_REASONS = frozenset({"unreachable", "key_refused"})


class CampaignClient:
    """One campaign of one host; `carry` is what its events go out by."""

    def __init__(self, transport: Transport, carry: Carrier, clock: Clock) -> None:
        self._transport = transport
        self._carry = carry
        self._details = Details(transport)
        self._clock = clock

    async def send_event(self, key: UUID, body: bytes, event_code: str) -> Sent:
        """POST one event under an Idempotency-Key and say what the answer means.

        Source: API reference, POST /campaign/{id}/events. Raises nothing but cancellation: a
        failure is an outcome.
        """
        wire = self._transport
        try:
            reply = await self._carry(key, body)
        except NEVER_SENT as failure:
            return Sent(Retry("unreachable", maybe_sent=False), detail=wire.words(failure))
        except LOST as failure:
            timed_out = isinstance(failure, TimeoutError)
            reason = "timeout" if timed_out else "connection_lost"
            return Sent(Retry(reason, maybe_sent=True, answered=False), detail=wire.words(failure))
        reply.body = wire.hidden(reply.body)
        outcome, detail = await self._judge(reply, event_code)
        return Sent(outcome, reply.status, detail, head_of(reply.body))

    async def standing(self) -> Standing:
        """GET the campaign: its status, environment and balances.

        Raises:
            CampaignError: `reason` is `unreachable`, `key_refused` or `unexpected_answer`.
        """
        return await _for_a_lane(self._details.standing())

    async def configured_events(self) -> list[ConfiguredEvent]:
        """GET the events that the campaign pays for.

        Raises:
            CampaignError: as `standing`.
        """
        return await _for_a_lane(self._details.configured_events())

    # -- reading answers --------------------------------------------------------------------

    async def _judge(self, answer: Reply, event_code: str) -> tuple[Outcome, str]:
        document = json_object(answer.body)
        error = own_error(document)
        refused_by_api = error is not None and answer.status in readings.PROVES_NOTHING_DONE
        maybe_sent = not refused_by_api
        outcome: Outcome
        if 200 <= answer.status < 300:
            taken = document is not None and document.get("success") is not False
            outcome = Accepted() if taken else PauseLane("unexpected_answer", maybe_sent=True)
        elif answer.status in readings.RETRIED or answer.status >= 500:
            outcome = self._retry(answer, maybe_sent=maybe_sent)
        elif answer.status == readings.CONFLICT:
            outcome = Retry("conflict", maybe_sent=True, conflict=True)
        elif answer.status in readings.KEY_REFUSED:
            outcome = PauseLane("key_refused", maybe_sent)
        elif answer.status < 400:
            outcome = PauseLane("redirected", maybe_sent=True)
        else:
            outcome = await self._judge_refusal(answer.status, event_code, maybe_sent=maybe_sent)
        return outcome, error or ""

    def _retry(self, answer: Reply, *, maybe_sent: bool) -> Retry:
        said = answer.headers.get(b"retry-after")
        after = retry_after(None if said is None else said.decode("latin-1"), self._clock.now())
        crowded = answer.status in {429, 503}
        return Retry(f"http_{answer.status}", maybe_sent, after, slow_down=crowded)

    async def _judge_refusal(self, status: int, code: str, *, maybe_sent: bool) -> Outcome:
        """Ask the campaign itself, after the refusal, what was wrong."""
        try:
            async with asyncio.timeout(self._transport.patience):
                standing = await self.standing()
                configured = {event.code for event in await self.configured_events()}
        except CampaignError as failure:
            return PauseLane(failure.reason, maybe_sent)
        except TimeoutError:
            return PauseLane("unreachable", maybe_sent)
        if not standing.active:
            return PauseLane("campaign_not_active", maybe_sent)
        if code not in configured:
            return Hold("event_not_configured", maybe_sent)
        if status == readings.USER_UNKNOWN:
            return Hold("user_unknown", maybe_sent)
        return Refused("refused", maybe_sent)


async def _for_a_lane(reading: Awaitable[T]) -> T:
    try:
        return await reading
    except CallFailed as failure:
        if failure.reason in _LANE_REASONS:
            raise
        raise CampaignError(
            str(failure), reason="unexpected_answer", hint=failure.hint
        ) from failure


@asynccontextmanager
async def campaign_client(
    campaign: CampaignSettings, api_key: str, delivery: DeliverySettings, clock: Clock
) -> AsyncIterator[CampaignClient]:
    """Open a client with connections of its own."""
    connect, total = patience(delivery)
    async with transport(campaign.base_url, campaign.id, api_key, delivery) as wire:
        url, headers = wire.url(f"{wire.campaign}/events"), headers_of(campaign.id, api_key)
        async with post(url, headers, connect=connect, total=total) as events:
            yield CampaignClient(wire, events.send, clock)


def retry_after(value: str | None, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or date (RFC 9110, 10.2.3); None where it says nothing."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):  # a year of twenty digits is the latter
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - now).total_seconds())
