"""One campaign's state of delivery: open, or why nothing is sent and when to look again.

In: outcomes and standings, the time in seconds. Out: whether to send, how many at once. Knows
nothing of the outbox or of sockets.

```text
 starting ──probe──▶ open ──PauseLane──▶ paused ──probe is fine──▶ open
                      │ breaker trips ─▶ resting ──probe is fine──▶ open
                      └ Retry-After ───▶ waiting ──time──────────▶ open
```
Probes read the campaign; no entry is ever spent on finding out.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Final

from bridge.campaigns import outcomes
from bridge.campaigns.schemas import Standing
from bridge.delivery.breaker import Breaker
from bridge.delivery.concurrency import Concurrency
from bridge.delivery.retry import asked_for
from bridge.record import record
from bridge.settings.models import DeliverySettings
from bridge.timing import CALLS, Histogram

STARTING = "starting"
RESTING = "breaker_open"
SHADOW = "shadow"
#: What an attempt came to, in a word; a retry that may have been paid is `UNPROVEN`.
WORDS: Final[Mapping[type[outcomes.Outcome], str]] = MappingProxyType(
    {
        outcomes.Accepted: "accepted",
        outcomes.Retry: "retry",
        outcomes.Hold: "held",
        outcomes.PauseLane: "paused",
        outcomes.Refused: "refused",
    }
)
UNPROVEN: Final = "unproven"
#: What the outbox answers to a claim, as a lane says it.
_STOPPED = {
    "": ("", ""),
    "paused": ("operator_pause", "an operator paused it"),
    "shadow": (SHADOW, "shadow mode: everything runs and nothing is sent"),
    "quarantine": ("quarantine", "the ledger is in quarantine; `campaign-bridge status` says why"),
}


@record
class LaneStatus:
    """A lane as `status` shows it. `paused` is None while it is open; times in seconds.

    `outcomes` counts attempts by what they came to, `rests` how often the breaker opened.
    `last_error` stays when it is over; `last_error_age` says how long ago it was.
    """

    campaign: str
    paused: str | None
    detail: str
    next_probe_in: float | None
    waiting: float
    in_flight: int
    limit: int
    last_error: str
    last_error_age: float | None = None
    outcomes: dict[str, int] = field(default_factory=dict)
    standing: Standing | None = None
    rests: int = 0


class Lane:
    """Whether and how fast one campaign is sent to."""

    def __init__(self, campaign: str, environment: str, settings: DeliverySettings) -> None:
        self.campaign = campaign
        self._environment = environment
        self._settings = settings
        self._breaker = Breaker(settings.breaker_open.total_seconds())
        self._concurrency = Concurrency(settings.concurrency)
        self._paused: str | None = STARTING
        self._detail = ""
        self._probe_at = float("-inf")
        self._wait_until = float("-inf")
        self._last_error = ""
        self._erred_at: float | None = None
        self._standing: Standing | None = None
        self._stopped = _STOPPED[""]
        self._rests = 0
        self.counts: Counter[str] = Counter()
        #: How long attempts took.
        self.durations = Histogram(CALLS)

    @property
    def paused(self) -> str | None:
        """Why nothing is sent, or None."""
        return self._paused

    @property
    def limit(self) -> int:
        """Calls that may be in flight."""
        return self._concurrency.limit

    def wait(self, now: float) -> float:
        """Return the seconds until the next probe (paused) or the next send; 0 is now."""
        at = self._probe_at if self._paused is not None else self._wait_until
        return max(0.0, at - now)

    def claimed(self, stopped: str) -> None:
        """Take in why the outbox gives nothing out: a pause, shadow mode, a quarantine; or ""."""
        self._stopped = _STOPPED[stopped]

    # -- what attempts met ------------------------------------------------------------------

    def note(self, sent: outcomes.Sent, now: float) -> None:
        """Take in the outcome of an attempt."""
        outcome = sent.outcome
        unproven = isinstance(outcome, outcomes.Retry) and outcome.maybe_sent
        self.counts[UNPROVEN if unproven else WORDS[type(outcome)]] += 1
        if not isinstance(outcome, outcomes.Accepted):
            detail = f"{outcome.reason}: {sent.detail}" if sent.detail else outcome.reason
            self._last_error, self._erred_at = detail, now
        match outcome:
            case outcomes.Retry() if not outcome.conflict:
                self._failed(outcome, now)
            case outcomes.PauseLane():
                self._pause(outcome.reason, sent.detail, now, self._pause_length())
            case _:
                self._breaker.success()
                self._concurrency.success()

    def _failed(self, outcome: outcomes.Retry, now: float) -> None:
        self._concurrency.failure()
        asked = asked_for(outcome, self._settings)
        if outcome.slow_down and asked > 0:
            self._wait_until = max(self._wait_until, now + asked)
            return
        if self._paused is not None:  # it was out when the lane was paused, and tells nothing new
            return
        rest = self._breaker.failure()
        if rest is not None:
            self._rests += 1
            self._pause(RESTING, outcome.reason, now, rest)

    # -- probing ----------------------------------------------------------------------------

    def probed(self, standing: Standing, now: float) -> None:
        """Take in what the campaign says of itself; open the lane where all is well."""
        self._standing = standing
        if standing.environment.lower() != self._environment:
            detail = f"the API says {standing.environment!r}, the settings {self._environment!r}"
            self._pause("environment_differs", detail, now, self._pause_length())
        elif not standing.active:
            detail = f"its status is {standing.status}"
            self._pause("campaign_not_active", detail, now, self._pause_length())
        else:
            self._paused, self._detail = None, ""

    def probe_failed(self, reason: str, detail: str, now: float) -> None:
        """Take in that the campaign could not be read."""
        self._last_error, self._erred_at = f"{reason}: {detail}", now
        self._pause(reason, detail, now, self._pause_length())

    def _pause_length(self) -> float:
        return self._settings.probe_every.total_seconds()

    def _pause(self, reason: str, detail: str, now: float, length: float) -> None:
        self._paused, self._detail = reason, detail
        self._probe_at = now + length

    def status(self, now: float, in_flight: int) -> LaneStatus:
        """Return the lane as `status` shows it."""
        return LaneStatus(
            self.campaign,
            self._paused or self._stopped[0] or None,
            self._detail or self._stopped[1],
            self.wait(now) if self._paused is not None else None,
            max(0.0, self._wait_until - now),
            in_flight,
            self.limit,
            self._last_error,
            None if self._erred_at is None else max(0.0, now - self._erred_at),
            dict(self.counts),
            self._standing,
            self._rests,
        )
