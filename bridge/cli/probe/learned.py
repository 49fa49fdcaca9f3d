"""What a probe has learned, and the key horizon that follows from it: plain arithmetic.

In: a judged probe. Out: the longest age at which a key was remembered, the shortest within which
one was forgotten, a proposal. Prints nothing.
"""

import math
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from bridge.cli.probe.trials import Probe
from bridge.record import record

#: Of what was proven, so much is trusted.
SHARE: Final = 0.8
#: From so many of a unit on, what is less than one is left out.
_ROUGH: Final = 3
_UNITS: Final = ((3600, "h"), (60, "min"), (1, "s"))


@record
class Learned:
    """All in seconds. `contradictory`: an older key was remembered than one that was forgotten."""

    remembered: float | None
    forgotten: float | None
    contradictory: bool

    @property
    def anything(self) -> bool:
        """Whether anything was learned."""
        return self.remembered is not None or self.forgotten is not None

    @property
    def proposed(self) -> str | None:
        """A `key_horizon` for config.toml; None where none can be trusted."""
        return None if self.remembered is None else plain(SHARE * self.remembered)

    def endangered_by(self, horizon: timedelta) -> bool:
        """Whether keys are trusted for longer than they were proven to be remembered."""
        return self.anything and horizon.total_seconds() > (self.remembered or 0.0)


def learned(probe: Probe) -> Learned:
    """Return what the verdicts say. Where they contradict each other, the shorter one counts."""
    forgotten = min(_known(trial.forgotten_within for trial in probe.trials), default=None)
    held = _known(trial.remembered_for for trial in probe.trials)
    sure = [age for age in held if forgotten is None or age < forgotten]
    return Learned(max(sure, default=None), forgotten, len(sure) < len(held))


def _known(ages: Iterable[float | None]) -> list[float]:
    return [age for age in ages if age is not None]


def plain(seconds: float) -> str | None:
    """Return a duration rounded down to whole hours, minutes or seconds; None below 1 s."""
    whole = math.floor(seconds + 1e-6)
    for size, unit in _UNITS:
        if whole >= _ROUGH * size or (whole >= size and whole % size == 0):
            return f"{whole // size}{unit}"
    return None
