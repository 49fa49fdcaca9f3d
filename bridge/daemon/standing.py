"""How the daemon gets on, and how it stands in one line: for the watchdog and `systemctl status`.

In: what it says of itself. Out: progress, a sentence. Changes nothing.
"""

from collections.abc import Sequence
from typing import Final

from bridge.control.desk import Desk
from bridge.control.health import RELOAD_REFUSED, Reason, ledger_reasons
from bridge.control.views import Json
from bridge.daemon.report import Report
from bridge.errors import StoreError

#: A reason's own words are cut to this.
_WORDS: Final = 200
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"))


class Living:
    """A running bridge as the pulse sees it; see `bridge.daemon.pulse.Life`."""

    def __init__(self, report: Report, desk: Desk) -> None:
        self._report = report
        self._desk = desk

    def commits(self) -> int:
        """Return how many commits there were."""
        return self._report.database.commits

    async def answered(self) -> None:
        """Return once the writer has come to it."""
        await self._report.database.answered()

    def dead_lanes(self) -> list[str]:
        """Return the campaigns whose worker does nothing any more."""
        return self._report.lanes.dead()

    async def line(self) -> str:
        """Return how it stands, in one line; the reasons alone where the disk refuses the rest."""
        try:
            status = await self._desk.status()
        except StoreError:
            return standing_line(self._report.reasons(), [])
        reasons = [*self._report.reasons(), *ledger_reasons(status)]
        return standing_line(reasons, status["campaigns"])


def standing_line(reasons: Sequence[Reason], campaigns: Sequence[Json]) -> str:
    """Say whether it is ready, why not, how much waits and for how long."""
    return " · ".join([_ready(reasons), _backlog(campaigns), *_refused(reasons)])


def codes(reasons: Sequence[Reason]) -> list[str]:
    """Return the reasons' codes, each once, those that keep others out first."""
    ordered = sorted(reasons, key=lambda reason: not reason.blocking)
    return list(dict.fromkeys(reason.code for reason in ordered))


def _ready(reasons: Sequence[Reason]) -> str:
    if not reasons:
        return "ready"
    word = "not ready" if any(reason.blocking for reason in reasons) else "degraded"
    return f"{word}: {', '.join(codes(reasons))}"


def _backlog(campaigns: Sequence[Json]) -> str:
    waiting = sum(
        lane["entries"].get(state, 0) for lane in campaigns for state in ("due", "sending")
    )
    oldest = max((lane["oldest_due_seconds"] or 0.0 for lane in campaigns), default=0.0)
    if not waiting:
        return "nothing waits"
    return f"{waiting} to send, the oldest due for {_span(oldest)}"


def _refused(reasons: Sequence[Reason]) -> list[str]:
    """Return why the last reload changed nothing."""
    told = [reason.detail for reason in reasons if reason.code == RELOAD_REFUSED]
    return [detail if len(detail) <= _WORDS else f"{detail[:_WORDS]}…" for detail in told]


def _span(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"
