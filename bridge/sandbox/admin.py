"""A client for the sandbox's own calls; the sandbox may be another process.

In: the sandbox's URL and its admin token. Out: typed answers. Knows nothing of the sandbox's
insides; it speaks HTTP.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

import aiohttp

from bridge.errors import SandboxError

#: Seconds for one call; a ledger can be long.
TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True, slots=True)
class Balances:
    """What a campaign was funded with, has paid out, and has left."""

    funded: Decimal
    paid_out: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True)
class CampaignState:
    """A campaign as the sandbox shows it."""

    id: str
    name: str
    environment: str
    status: str
    balances: Balances


@dataclass(frozen=True, slots=True)
class CreatedCampaign:
    """A new campaign and its API key, which is never shown again."""

    id: str
    name: str
    environment: str
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class EventDefinition:
    """One event that a campaign pays for."""

    code: str
    payout_amount: Decimal
    name: str = ""

    def told(self) -> dict[str, str]:
        """Return it as the sandbox takes it; the code stands in for a name."""
        amount = str(self.payout_amount)
        return {"code": self.code, "name": self.name or self.code, "payoutAmount": amount}


@dataclass(frozen=True, slots=True)
class Payout:
    """One line of the ledger; `key` is the Idempotency-Key its event came with."""

    key: str | None
    user_ref: str
    event_code: str
    amount: Decimal
    created_at: str


@dataclass(frozen=True, slots=True)
class WebhookAttempt:
    """One line of the delivery log: what was asked and what came back; `status` is None where no
    answer came, and `response` then says why."""

    number: int
    at: str
    url: str
    signature: str
    status: int | None
    response: str
    seconds: float


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """One webhook: its exact body, and `pending`, `delivered` or `failed`."""

    id: int
    event: str
    body: str
    state: str
    created_at: str
    attempts: tuple[WebhookAttempt, ...]


class SandboxAdmin:
    """The calls of /sandbox/v1.

    Used as it is, every call opens a connection of its own; as an async context manager they
    share them. Every method raises SandboxError where the sandbox refuses or does not answer.
    """

    def __init__(self, url: str, token: str) -> None:
        self._base = f"{url.rstrip('/')}/sandbox/v1"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = self._new_session()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def create_campaign(
        self,
        name: str,
        events: Sequence[EventDefinition],
        *,
        campaign_id: str | None = None,
        environment: str = "test",
    ) -> CreatedCampaign:
        """Make a campaign; it is a draft without funds."""
        body = {
            **({"id": campaign_id} if campaign_id else {}),
            "name": name,
            "environment": environment,
            "events": [event.told() for event in events],
        }
        got = await self._call("POST", "/campaigns", body)
        return CreatedCampaign(got["id"], got["name"], got["environment"], got["apiKey"])

    async def campaigns(self) -> tuple[CampaignState, ...]:
        """Return all campaigns, oldest first."""
        got = await self._call("GET", "/campaigns")
        return tuple(map(_campaign, got["campaigns"]))

    async def fund(self, campaign_id: str, amount: Decimal | int | str) -> Balances:
        """Put money in."""
        return _balances(
            await self._call("POST", f"/campaigns/{campaign_id}/fund", {"amount": str(amount)})
        )

    async def set_event(self, campaign_id: str, event: EventDefinition) -> None:
        """Add an event to the catalogue, or change the one with this code."""
        await self._call("PUT", f"/campaigns/{campaign_id}/catalogue", event.told())

    async def add_user(
        self, campaign_id: str, user_ref: str | None = None, *, email: str | None = None
    ) -> str:
        """Link a user, or find the one that is linked; return the userRef."""
        body = {"userRef": user_ref, "email": email}
        given = {name: value for name, value in body.items() if value is not None}
        got = await self._call("POST", f"/campaigns/{campaign_id}/users", given)
        return str(got["userRef"])

    async def ledger(self, campaign_id: str) -> tuple[Payout, ...]:
        """Return every payout, in the order of payment."""
        got = await self._call("GET", f"/campaigns/{campaign_id}/ledger")
        return tuple(map(_payout, got["payouts"]))

    async def set_webhook(self, campaign_id: str, url: str, *, enabled: bool = True) -> str | None:
        """Send webhooks to `url`; return the secret where this made one: it is told this once."""
        body = {"url": url, "enabled": enabled}
        got = await self._call("PUT", f"/campaigns/{campaign_id}/webhook", body)
        return None if got["secret"] is None else str(got["secret"])

    async def rotate_secret(self, campaign_id: str) -> str:
        """Sign with a new secret from now on; return it. The one before stays valid for a while."""
        return str((await self._call("POST", f"/campaigns/{campaign_id}/webhook/rotate"))["secret"])

    async def test_webhook(self, campaign_id: str) -> int:
        """Send `Webhook.Test`; return the delivery's number."""
        return int((await self._call("POST", f"/campaigns/{campaign_id}/webhook/test"))["delivery"])

    async def deliveries(
        self, campaign_id: str, *, limit: int = 50, offset: int = 0
    ) -> tuple[WebhookDelivery, ...]:
        """Return a page of webhooks with their log, newest first."""
        page = f"limit={limit}&offset={offset}"
        got = await self._call("GET", f"/campaigns/{campaign_id}/webhook/deliveries?{page}")
        return tuple(map(_delivery, got["deliveries"]))

    async def resend(self, campaign_id: str, delivery: int) -> None:
        """Send a webhook again, whatever became of it: the same bytes."""
        await self._call("POST", f"/campaigns/{campaign_id}/webhook/deliveries/{delivery}/resend")

    async def faults(self) -> dict[str, float]:
        """Return all faults as they are."""
        return _numbers(await self._call("GET", "/faults"))

    async def set_faults(self, values: Mapping[str, float]) -> dict[str, float]:
        """Replace the faults that are named; return all."""
        return _numbers(await self._call("PUT", "/faults", dict(values)))

    async def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        try:
            async with (
                self._a_session() as session,
                session.request(method, self._base + path, data=data) as response,
            ):
                return _object(response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise SandboxError(
                f"no sandbox answers at {self._base}: {problem}",
                hint="Start one with `campaign-bridge sandbox`.",
            ) from problem

    @asynccontextmanager
    async def _a_session(self) -> AsyncIterator[aiohttp.ClientSession]:
        if self._session is not None:
            yield self._session
            return
        async with self._new_session() as session:
            yield session

    def _new_session(self) -> aiohttp.ClientSession:
        headers = {**self._headers, "Content-Type": "application/json"}
        return aiohttp.ClientSession(headers=headers, timeout=TIMEOUT)


def _object(status: int, body: bytes) -> dict[str, Any]:
    try:
        got = json.loads(body, parse_float=Decimal)
    except ValueError as problem:
        raise SandboxError(f"the sandbox answered {status} without JSON") from problem
    if status >= 400 or not isinstance(got, dict):
        said = got.get("error") if isinstance(got, dict) else got
        raise SandboxError(
            f"the sandbox answered {status}: {said}",
            hint="Check the admin token and the campaign's id." if status in {401, 404} else None,
        )
    return got


def _campaign(got: Mapping[str, Any]) -> CampaignState:
    return CampaignState(got["id"], got["name"], got["environment"], got["status"], _balances(got))


def _balances(got: Mapping[str, Any]) -> Balances:
    return Balances(
        Decimal(got["totalAmountFunded"]),
        Decimal(got["totalAmountPaidOut"]),
        Decimal(got["availableToWithdraw"]),
    )


def _payout(got: Mapping[str, Any]) -> Payout:
    return Payout(
        got["key"], got["userRef"], got["eventCode"], Decimal(got["amount"]), got["createdAt"]
    )


def _delivery(got: Mapping[str, Any]) -> WebhookDelivery:
    attempts = tuple(map(_attempt, got["attempts"]))
    return WebhookDelivery(
        got["id"], got["event"], got["body"], got["state"], got["createdAt"], attempts
    )


def _attempt(got: Mapping[str, Any]) -> WebhookAttempt:
    return WebhookAttempt(
        got["number"],
        got["at"],
        got["url"],
        got["signature"],
        got["status"],
        got["response"],
        float(got["seconds"]),
    )


def _numbers(got: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(value) for name, value in got.items()}
