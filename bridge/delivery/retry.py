"""How long to wait, and when to give up: plain arithmetic, chance handed in.

In: a claim's history and an outcome. Out: the outbox's verdict. Knows nothing of sockets or time.
"""

from bridge.campaigns import outcomes
from bridge.outbox.life import USER_UNKNOWN
from bridge.outbox.values import Accepted, Claim, Dead, Doubtful, Held, Later, Verdict
from bridge.record import record
from bridge.settings.models import DeliverySettings

#: So many answers of 409, and an operator must look.
MOST_CONFLICTS = 10

#: The refusal with this number is the last: the entry is dead.
LAST_REFUSAL = 5

#: Added to the attempt's timeout, before a request that got no answer is sent again (seconds): it
#: may still be under way, and land after its retry.
MARGIN = 1.0


@record
class Spent:
    """What an attempt took: seconds since it began, and a chance between 0 and 1."""

    seconds: float
    chance: float


def backoff(failures: int, settings: DeliverySettings, chance: float) -> float:
    """Return the full-jitter wait in seconds after `failures` earlier failures."""
    base = settings.retry_base.total_seconds()
    ceiling = min(settings.retry_cap.total_seconds(), base * 2.0 ** min(failures, 30))
    return chance * ceiling


def verdict(
    outcome: outcomes.Outcome, claim: Claim, settings: DeliverySettings, spent: Spent
) -> Verdict:
    """Return what the outbox shall record for an outcome."""
    match outcome:
        case outcomes.Accepted():
            return Accepted()
        case outcomes.Retry():
            return _again(outcome, claim, settings, spent)
        case outcomes.PauseLane():
            return Later(0, outcome.reason, unsent=not outcome.maybe_sent, spent=False)
        case outcomes.Hold():
            wait = _hold_wait(outcome, claim, settings)
            unknown = outcome.reason == USER_UNKNOWN  # days without a link are no refusals
            return Held(outcome.reason, wait, unsent=not outcome.maybe_sent, counts=not unknown)
        case outcomes.Refused():
            if claim.refusals + 1 >= LAST_REFUSAL:
                return Dead(outcome.reason, unsent=not outcome.maybe_sent)
            wait = refused_wait(claim.refusals, settings)
            return Held(outcome.reason, wait, unsent=not outcome.maybe_sent)


def _again(
    outcome: outcomes.Retry, claim: Claim, settings: DeliverySettings, spent: Spent
) -> Verdict:
    if outcome.conflict and claim.conflicts + 1 >= MOST_CONFLICTS:
        return Doubtful(outcome.reason)
    wait = max(
        backoff(claim.failures, settings, spent.chance),
        asked_for(outcome, settings),
        _still_under_way(outcome, settings, spent),
    )
    return Later(wait, outcome.reason, unsent=not outcome.maybe_sent, conflict=outcome.conflict)


def asked_for(outcome: outcomes.Retry, settings: DeliverySettings) -> float:
    """Return the wait that the API asked for, as far as it is believed."""
    return min(outcome.after or 0.0, settings.retry_after_cap.total_seconds())


def _still_under_way(outcome: outcomes.Retry, settings: DeliverySettings, spent: Spent) -> float:
    if outcome.answered or not outcome.maybe_sent:
        return 0.0
    return max(0.0, settings.attempt_timeout.total_seconds() + MARGIN - spent.seconds)


def _hold_wait(outcome: outcomes.Hold, claim: Claim, settings: DeliverySettings) -> float:
    """A link that comes releases an unknown user at once; without one, daily is soon enough."""
    if outcome.reason == USER_UNKNOWN:
        return settings.refused_again[-1].total_seconds()
    return refused_wait(claim.refusals, settings)


def refused_wait(refusals: int, settings: DeliverySettings) -> float:
    """Return how long a refused entry is held, in seconds, after `refusals` earlier ones."""
    waits = settings.refused_again
    return waits[min(refusals, len(waits) - 1)].total_seconds()
