"""What `check` has to say: one line each, with what to do.

In: nothing. Out: values, and how they are printed.
"""

from collections.abc import Sequence
from enum import StrEnum

import click

from bridge.cli.printing import harmless, in_place, one_line
from bridge.control.views import Json
from bridge.errors import BridgeError
from bridge.record import record


class Level(StrEnum):
    """How a thing stands."""

    FINE = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


_MARKS = {
    Level.FINE: click.style("✓", fg="green"),
    Level.WARNING: click.style("!", fg="yellow"),
    Level.PROBLEM: click.style("✗", fg="red"),
}


@record
class Finding:
    """One line of `check`: `what` was looked at, and what was found."""

    level: Level
    what: str
    text: str
    hint: str = ""

    @property
    def view(self) -> Json:
        """The finding as JSON."""
        return {"level": self.level.value, "what": self.what, "text": self.text, "hint": self.hint}


def fine(what: str, text: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(Level.FINE, what, text)


def warning(what: str, text: str, hint: str = "") -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(Level.WARNING, what, text, hint)


def problem(what: str, text: str, hint: str = "") -> Finding:
    """Return a finding that must be put right."""
    return Finding(Level.PROBLEM, what, text, hint)


def refused(what: str, error: BridgeError) -> Finding:
    """Return the problem that an error explains."""
    return problem(what, str(error), in_place(error.hint))


def print_findings(findings: Sequence[Finding]) -> None:
    """Print each finding, its hint below it."""
    for found in findings:
        text = harmless(found.text).replace("\n", "\n    ")
        click.echo(f"{_MARKS[found.level]} {found.what}: {text}")
        if found.hint:
            click.echo(f"    {click.style('hint:', fg='cyan')} {one_line(found.hint, 1000)}")
