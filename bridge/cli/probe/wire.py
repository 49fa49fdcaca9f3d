"""The calls that a probe makes, patient with a host that is away for a while.

In: a campaign's calls. Out: counts, standings, events that were taken. Judges nothing.
"""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar
from uuid import UUID

from bridge.campaigns import outcomes
from bridge.campaigns.api import CampaignApi
from bridge.campaigns.client import CampaignClient, retry_after
from bridge.campaigns.failures import HINTS, CallFailed
from bridge.campaigns.readings import NO_HISTORY
from bridge.campaigns.schemas import Standing
from bridge.cli.probe.moments import Time
from bridge.delivery.retry import MARGIN, MOST_CONFLICTS
from bridge.errors import CampaignError
from bridge.record import record
from bridge.settings.models import DeliverySettings

T = TypeVar("T")

#: Seconds until a host that is away is tried again: first, and at most.
_FIRST: Final = 1.0
_MOST: Final = 60.0

_KEPT: Final = "What was done is kept: the same command goes on from here."
_HINTS: Final = {
    **HINTS,
    "campaign_not_active": "Start it with `campaign-bridge campaign start`.",
    "user_unknown": "The user must be linked to the campaign: `campaign-bridge campaign users`.",
    "event_not_configured": "See `campaign-bridge campaign events`.",
}


@record
class _Away:
    """A call that is made again, not before `after` seconds."""

    error: CampaignError
    after: float


@record
class Patience:
    """For how many seconds a host that is away is tried (None: for ever), and who is told."""

    seconds: float | None
    tell: Callable[[str], None]


class Wire:
    """One user's and one event's calls."""

    def __init__(
        self,
        api: CampaignApi,
        client: CampaignClient,
        delivery: DeliverySettings,
        time: Time,
        patience: Patience,
    ) -> None:
        self._api = api
        self._client = client
        self._delivery = delivery
        self._time = time
        self._patience = patience

    async def standing(self) -> Standing:
        """Return how the campaign stands.

        Raises:
            CampaignError: it can't be read, in a way that does not pass by itself.
        """
        return await self._read(self._api.details.standing)

    async def count(self, user_ref: str, event_code: str) -> int:
        """Return how often the user was paid for the event.

        Raises:
            CampaignError: as `standing`; `reason` is `no_history` where the API shows none.
        """

        async def counted() -> int:
            rows = self._api.users.whole_history(user_ref)
            return sum([row.event_code == event_code async for row in rows])

        try:
            return await self._read(counted)
        except CallFailed as failure:
            if failure.status not in NO_HISTORY or failure.words:
                raise
            raise CampaignError(
                f"the API shows no history of payouts: {failure}",
                reason="no_history",
                hint="Without one nothing can be counted, and nothing can be learned.",
            ) from failure

    async def send(self, key: UUID, body: bytes, code: str, mark: Callable[[], None]) -> bool:
        """Send an event until it is taken; `mark` is called before each attempt.

        False where the API answers 409 again and again.

        Raises:
            CampaignError: it is refused in a way that does not pass by itself.
        """
        conflicts = 0

        async def attempt() -> bool | _Away:
            nonlocal conflicts
            mark()
            sent = await self._client.send_event(key, body, code)
            if isinstance(sent.outcome, outcomes.Retry) and sent.outcome.conflict:
                conflicts += 1
            return conflicts < MOST_CONFLICTS and self._taken(sent)

        return await self._patiently(attempt)

    def _taken(self, sent: outcomes.Sent) -> bool | _Away:
        outcome = sent.outcome
        if isinstance(outcome, outcomes.Accepted):
            return True
        told = ": ".join(filter(None, (outcome.reason, sent.detail)))
        hint = _HINTS.get(outcome.reason, HINTS["unexpected_answer"])
        error = CampaignError(
            f"the event was not taken: {told}", reason=outcome.reason, hint=f"{hint} {_KEPT}"
        )
        if isinstance(outcome, outcomes.Retry):
            return _Away(error, self._rest(outcome))
        if outcome.reason == "unreachable":
            return _Away(error, 0.0)
        raise error

    def _rest(self, outcome: outcomes.Retry) -> float:
        """Return how long to wait; a request without an answer may be under way for a while."""
        asked = min(outcome.after or 0.0, self._delivery.retry_after_cap.total_seconds())
        if outcome.answered or not outcome.maybe_sent:
            return asked
        return max(asked, self._delivery.attempt_timeout.total_seconds() + MARGIN)

    # -- patience ---------------------------------------------------------------------------

    async def _read(self, call: Callable[[], Awaitable[T]]) -> T:
        async def attempt() -> T | _Away:
            try:
                return await call()
            except CallFailed as failure:
                if not failure.passing:
                    raise
                asked = retry_after(failure.retry_after, self._time.clock.now()) or 0.0
                return _Away(failure, min(asked, self._delivery.retry_after_cap.total_seconds()))

        return await self._patiently(attempt)

    async def _patiently(self, attempt: Callable[[], Awaitable[T | _Away]]) -> T:
        waited, pause = 0.0, _FIRST
        while isinstance(found := await attempt(), _Away):
            if self._patience.seconds is not None and waited >= self._patience.seconds:
                raise found.error
            rest = max(pause, found.after)
            self._patience.tell(str(found.error))
            await self._time.sleep(rest)
            waited, pause = waited + rest, min(2 * pause, _MOST)
        return found
