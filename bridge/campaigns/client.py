"""The client of the Campaigns API: one campaign, its key, its calls.

In: calls. Out: outcomes and standings. Knows what each status means (docs/states.md has the
table), and nothing of retries, lanes or the outbox.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote
from uuid import UUID

import aiohttp

from bridge.campaigns import readings
from bridge.campaigns.outcomes import Accepted, Hold, Outcome, PauseLane, Refused, Retry, Sent
from bridge.campaigns.schemas import (
    ConfiguredEvent,
    Standing,
    configured_events_of,
    json_object,
    own_error,
    standing_of,
)
from bridge.errors import CampaignError
from bridge.events import Clock
from bridge.settings.models import CampaignSettings, DeliverySettings

#: As much of an answer is read; a longer one is a page, not the API's.
LONGEST_ANSWER = 256 * 1024
_HEAD = 300

#: Stands where an answer repeats the API key: answers are kept in receipts and told in errors.
_HIDDEN = "(the API key)"

_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def head(self) -> str:
        return self.body[:_HEAD].decode("utf-8", "replace")


class CampaignClient:
    """One campaign of one host."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        campaign: CampaignSettings,
        api_key: str,
        clock: Clock,
    ) -> None:
        self._session = session
        self._api_key = api_key
        self._clock = clock
        self._url = f"{campaign.base_url}/v1/campaign/{quote(campaign.id, safe='')}"

    async def send_event(self, key: UUID, body: bytes, event_code: str) -> Sent:
        """POST one event under an Idempotency-Key and say what the answer means.

        Source: API reference, POST /campaign/{id}/events. Raises nothing but cancellation: a
        failure is an outcome.
        """
        headers = {"Idempotency-Key": str(key), "Content-Type": "application/json"}
        try:
            answer = await self._call("POST", f"{self._url}/events", headers=headers, data=body)
        except _NEVER_SENT as failure:
            return Sent(Retry("unreachable", maybe_sent=False), detail=self._words(failure))
        except (TimeoutError, aiohttp.ClientError, OSError) as failure:
            timed_out = isinstance(failure, TimeoutError)
            reason = "timeout" if timed_out else "connection_lost"
            return Sent(Retry(reason, maybe_sent=True, answered=False), detail=self._words(failure))
        outcome, detail = await self._judge(answer, event_code)
        return Sent(outcome, answer.status, detail, answer.head)

    async def standing(self) -> Standing:
        """GET the campaign: its status, environment and balances.

        Raises:
            CampaignError: `reason` is `unreachable`, `key_refused` or `unexpected_answer`.
        """
        return standing_of(await self._get(self._url))

    async def configured_events(self) -> list[ConfiguredEvent]:
        """GET the events that the campaign pays for.

        Raises:
            CampaignError: as `standing`.
        """
        return configured_events_of(await self._get(f"{self._url}/events"))

    # -- reading answers --------------------------------------------------------------------

    async def _judge(self, answer: _Answer, event_code: str) -> tuple[Outcome, str]:
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

    def _retry(self, answer: _Answer, *, maybe_sent: bool) -> Retry:
        after = retry_after(answer.headers.get("Retry-After"), self._clock.now())
        crowded = answer.status in {429, 503}
        return Retry(f"http_{answer.status}", maybe_sent, after, slow_down=crowded)

    async def _judge_refusal(self, status: int, code: str, *, maybe_sent: bool) -> Outcome:
        """Ask the campaign itself, after the refusal, what was wrong."""
        try:
            async with asyncio.timeout(self._session.timeout.total):
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

    async def _get(self, url: str) -> dict[str, object]:
        try:
            answer = await self._call("GET", url)
        except (TimeoutError, aiohttp.ClientError, OSError) as failure:
            raise CampaignError(
                f"{url} can't be reached: {self._words(failure)}", reason="unreachable"
            ) from failure
        document = json_object(answer.body)
        if answer.status in readings.KEY_REFUSED:
            raise CampaignError(
                f"{url} answered {answer.status}: {own_error(document) or 'the key was refused'}",
                reason="key_refused",
                hint="See that api_key_file holds this campaign's key.",
            )
        if answer.status != 200 or document is None or document.get("success") is False:
            said = own_error(document) or answer.head[:80]
            raise CampaignError(
                f"{url} answered {answer.status}, not a campaign: {said!r}",
                reason="unexpected_answer",
                hint="See that base_url and the campaign's id are right.",
            )
        return document

    async def _call(self, method: str, url: str, **options: object) -> _Answer:
        async with self._session.request(
            method,
            url,
            allow_redirects=False,
            **options,  # type: ignore[arg-type]  # headers and data, passed on as they are
        ) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                body += chunk
                if len(body) >= LONGEST_ANSWER:
                    response.close()
                    break
            hidden = body.replace(self._api_key.encode(), _HIDDEN.encode())
            return _Answer(response.status, response.headers, bytes(hidden))

    def _words(self, failure: BaseException) -> str:
        return str(failure).replace(self._api_key, _HIDDEN) or type(failure).__name__


@asynccontextmanager
async def campaign_client(
    campaign: CampaignSettings, api_key: str, delivery: DeliverySettings, clock: Clock
) -> AsyncIterator[CampaignClient]:
    """Open a client with connections of its own."""
    total = delivery.attempt_timeout.total_seconds()
    # `connect` covers names that don't resolve and TLS, too. It must run out first: only then is
    # it known that nothing was sent, and an outage of days leaves no entry unproven.
    connect = min(delivery.connect_timeout.total_seconds(), total / 2)
    timeout = aiohttp.ClientTimeout(total=total, connect=connect)
    headers = {
        "Authorization": f"Bearer {api_key}",
        "X-Oncade-API-Version": "v1",
        "X-Campaign-Id": campaign.id,
        "User-Agent": "campaign-bridge",
    }
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=delivery.concurrency + 4, keepalive_timeout=30),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        headers=headers,
    ) as session:
        yield CampaignClient(session, campaign, api_key, clock)


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
