"""A probe as it is kept: one key a gap, when it was sent and sent again, what was counted.

In: nothing. Out: frozen models, for a file. Sends nothing and counts nothing.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt

from bridge.cli.probe.moments import Moment

#: So many forgotten keys end a probe: longer gaps would only cost money. One alone might be a
#: payout that somebody else made.
ENOUGH_FORGOTTEN: Final = 2


class Verdict(StrEnum):
    """What the count says of one gap."""

    REMEMBERED = "remembered"
    FORGOTTEN = "forgotten"
    INCONCLUSIVE = "inconclusive"


class Trial(BaseModel):
    """One gap: a key that is sent once, and once more after it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    gap: Annotated[float, Field(gt=0)]
    key: UUID
    #: Before the first byte could leave, and when the API had taken it.
    first: Moment | None = None
    accepted: Moment | None = None
    #: The user's payouts before it was sent again, and once they had settled afterwards.
    before: NonNegativeInt | None = None
    after: NonNegativeInt | None = None
    #: Before the last attempt to send it again, and when it was answered.
    resent: Moment | None = None
    answered: Moment | None = None
    verdict: Verdict | None = None
    why: str = ""

    @property
    def due(self) -> datetime | None:
        """When it is sent again, by steady time; None before it was sent once."""
        return None if self.accepted is None else self.accepted.steady + timedelta(seconds=self.gap)

    @property
    def is_under_way(self) -> bool:
        """Whether it may have been sent again, and isn't judged."""
        return self.resent is not None and self.verdict is None

    @property
    def remembered_for(self) -> float | None:
        """The age that the key had at least when it was still remembered."""
        if self.verdict is not Verdict.REMEMBERED or self.resent is None or self.accepted is None:
            return None
        return self.resent.least_since(self.accepted)

    @property
    def forgotten_within(self) -> float | None:
        """The age that the key had at most when it was forgotten."""
        if self.verdict is not Verdict.FORGOTTEN or self.answered is None or self.first is None:
            return None
        return self.answered.most_since(self.first)


class Probe(BaseModel):
    """All gaps of a campaign, in growing order, and the count that they are judged by."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str
    campaign: str
    user_ref: str
    event_code: str
    #: The exact bytes of every event, which are JSON and so text.
    body: str
    #: What one payout is, None where the API doesn't say.
    price: Decimal | None = None
    #: Payouts of this event to this user before the probe, and as last settled (None: not yet).
    base: NonNegativeInt
    count: NonNegativeInt | None = None
    #: Seconds that the first payouts took.
    lag: NonNegativeFloat = 0.0
    #: Whether payouts were seen that this probe can't explain.
    others: bool = False
    #: The gap that was judged last.
    last: NonNegativeInt | None = None
    trials: tuple[Trial, ...]

    @property
    def done(self) -> bool:
        """Whether nothing is left to be sent."""
        forgotten = sum(trial.verdict is Verdict.FORGOTTEN for trial in self.trials)
        return forgotten >= ENOUGH_FORGOTTEN or all(trial.verdict for trial in self.trials)

    def next(self) -> int | None:
        """Return the number of the gap that is judged next; None where the probe is done."""
        if self.done:
            return None
        open_ = [number for number, trial in enumerate(self.trials) if trial.verdict is None]
        return next((n for n in open_ if self.trials[n].is_under_way), open_[0])

    def with_trial(self, number: int, **changes: Any) -> Self:
        """Return this probe with one gap changed."""
        trials = list(self.trials)
        trials[number] = trials[number].model_copy(update=changes)
        return self.model_copy(update={"trials": tuple(trials)})


def gaps(first: float, factor: float, longest: float) -> list[float]:
    """Return the gaps in seconds: `first`, each `factor` times the last one, and `longest`."""
    found = [first]
    while found[-1] * factor < longest:
        found.append(found[-1] * factor)
    return found if found[-1] == longest else [*found, longest]


def verdict(before: int, after: int, *, taken: bool, others: bool) -> tuple[Verdict, str]:
    """Return what a count says of a key that was sent again, and why where it says nothing."""
    more = after - before
    if not taken:
        return Verdict.INCONCLUSIVE, "the API answered 409 again and again"
    if more == 0:
        return Verdict.REMEMBERED, ""
    if more != 1:
        return Verdict.INCONCLUSIVE, f"the count went from {before} to {after}"
    if others:
        return Verdict.INCONCLUSIVE, "one payout more, and somebody else pays this user, too"
    return Verdict.FORGOTTEN, ""


def fresh(keys: Sequence[UUID], gaps: Sequence[float]) -> tuple[Trial, ...]:
    """Return the trials of a new probe."""
    return tuple(Trial(gap=gap, key=key) for key, gap in zip(keys, gaps, strict=True))
