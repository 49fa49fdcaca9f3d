"""How a probe is told: a moving line while it goes on, a table and a proposal at its end.

In: a probe, what it has learned, the key horizon of the settings. Out: text, or one JSON document.
"""

import math
from collections.abc import Iterator
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

from bridge.cli.init.template import toml
from bridge.cli.printing import MESSAGE, note, one_line, plural, say
from bridge.cli.probe.learned import Learned, learned
from bridge.cli.probe.trials import Probe, Trial
from bridge.cli.tables import print_table
from bridge.control.views import Json

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def length(seconds: float | None) -> str:
    """Return a length of time in the two largest units that say something."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    left, words = int(seconds + 1e-6), []
    for size, unit in _UNITS:
        if left >= size:
            words.append(f"{left // size} {unit}")
            left %= size
    return " ".join(words[:2])


# -- meanwhile ------------------------------------------------------------------------------


class Telling:
    """What is said on stderr: on a terminal a line that moves, else a line a change."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status = self._console.status(Text("…")) if self._console.is_terminal else None
        self._said = ""

    def __enter__(self) -> Self:
        """Begin the moving line."""
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        if self._status is not None:
            self._status.stop()

    def waits(self, text: str) -> None:
        """Tell what is waited for."""
        if self._status is not None:
            self._status.update(Text(one_line(text, MESSAGE)))
        elif text != self._said:
            note(text)
        self._said = text

    def judged(self, trial: Trial) -> None:
        """Tell a verdict, in a line that stays."""
        line = one_line(f"{length(trial.gap)}: {state(trial)} {seen(trial)}".rstrip(), MESSAGE)
        if self._status is not None:
            self._console.print(Text(line))
        else:
            note(line)


# -- at the end -----------------------------------------------------------------------------


def state(trial: Trial, *, done: bool = False) -> str:
    """Return one word for a gap."""
    if trial.verdict is not None:
        return trial.verdict.value
    if done:
        return "skipped"
    return "counting" if trial.is_under_way else "waiting"


def seen(trial: Trial) -> str:
    """Return what was measured, or why nothing was."""
    if trial.remembered_for is not None:
        return f"after {length(trial.remembered_for)}"
    if trial.forgotten_within is not None:
        return f"within {_rounded_up(trial.forgotten_within)}"
    return trial.why


def show(probe: Probe, horizon: timedelta) -> None:
    """Print how a probe stands, and what it has learned."""
    say(f"{one_line(probe.campaign)}  {one_line(probe.event_code)} for {one_line(probe.user_ref)}")
    print_table(("GAP", "STATE", "MEASURED"), (_row(trial, probe) for trial in probe.trials))
    say()
    for line in _told(probe, learned(probe), horizon):
        say(line)


def _row(trial: Trial, probe: Probe) -> tuple[str, str, str]:
    measured = seen(trial)
    if trial.verdict is None and not probe.done and trial.due is not None:
        measured = f"due {trial.due:%Y-%m-%d %H:%M:%S} UTC"
    return length(trial.gap), state(trial, done=probe.done), measured


def _told(probe: Probe, found: Learned, horizon: timedelta) -> Iterator[str]:
    left = sum(trial.verdict is None for trial in probe.trials)
    if not probe.done:
        yield f"{plural(left, 'gap')} still open: the same command goes on"
    if not found.anything:
        yield "nothing is learned" if probe.done else "nothing is learned yet"
        return
    yield f"remembered  {_after(found.remembered)}"
    yield f"forgotten   {_within(found.forgotten)}"
    if found.contradictory:
        yield "! an older key was remembered than one that was forgotten; only shorter gaps count"
    if probe.others:
        yield "! payouts came that this probe did not make: use a user whom nobody else pays"
    if found.proposed is not None:
        yield from ("", "config.toml:", "[delivery]", f'key_horizon = "{found.proposed}"')
    if found.endangered_by(horizon):
        yield from ("", _danger(found, horizon))


def _after(seconds: float | None) -> str:
    return "never" if seconds is None else f"after {length(seconds)}, the longest"


def _within(seconds: float | None) -> str:
    return "never" if seconds is None else f"within {_rounded_up(seconds)}, the shortest"


def _rounded_up(seconds: float) -> str:
    """Return a length that is an upper bound: never told shorter than it is."""
    return length(seconds if seconds < 1 else math.ceil(seconds - 1e-6))


def _danger(found: Learned, horizon: timedelta) -> str:
    now = f"! dangerous: key_horizon is {toml(horizon)} now, longer than was proven"
    if found.forgotten is not None and horizon.total_seconds() >= found.forgotten:
        return f"{now}; a retry after {_rounded_up(found.forgotten)} would pay a second time"
    return now


def probe_json(probe: Probe, horizon: timedelta) -> Json:
    """Return a probe and what it has learned; lengths of time are seconds."""
    found = learned(probe)
    return {
        "campaign": probe.campaign,
        "userRef": probe.user_ref,
        "eventCode": probe.event_code,
        "done": probe.done,
        "gaps": [_gap_json(trial, probe) for trial in probe.trials],
        "others": probe.others,
        "remembered": found.remembered,
        "forgotten": found.forgotten,
        "contradictory": found.contradictory,
        "proposed": found.proposed,
        "key_horizon": horizon.total_seconds(),
        "dangerous": found.endangered_by(horizon),
    }


def _gap_json(trial: Trial, probe: Probe) -> Json:
    waits = trial.verdict is None and not probe.done and trial.due is not None
    return {
        "gap": trial.gap,
        "state": state(trial, done=probe.done),
        "due_at": trial.due.isoformat() if waits and trial.due is not None else None,
        "remembered_for": trial.remembered_for,
        "forgotten_within": trial.forgotten_within,
        "why": trial.why or None,
    }
