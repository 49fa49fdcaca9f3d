"""How the command line speaks: errors with hints, notes, JSON, tables on a terminal.

In: values. Out: results on stdout; errors and notes on stderr. What players, games and servers
wrote is shown with everything escaped that a terminal would act on, and cut where it is long: a
name must not be able to draw on an operator's terminal.
"""

import json
import sys
import unicodedata
from contextvars import ContextVar
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from bridge.errors import BridgeError, CommandError, MessageRejected, SettingsError
from bridge.settings.units import AS_SERVICE

#: Characters of one value in a table or a line; of a message; of raw text in a receipt.
CELL, MESSAGE, RAW = 120, 4000, 2000
#: Marks that may sit on one letter; more of them paint over the neighbouring lines.
_MARKS = 3


# -- harmless text --------------------------------------------------------------------------


def harmless(text: str, limit: int = MESSAGE) -> str:
    """Return `text` with all escaped that a terminal would act on, cut at `limit` characters.

    Newlines stay. Control and format characters go, and with them every switch of direction
    (U+202E and its like); letters of right-to-left scripts stay, being somebody's name.
    """
    shown: list[str] = []
    marks = 0
    for char in text[:limit]:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        shown.append(char if _is_harmless(char) and marks <= _MARKS else _escaped(char))
    cut = f"… ({len(text)} characters)" if len(text) > limit else ""
    return "".join(shown) + cut


def _is_harmless(char: str) -> bool:
    return char.isprintable() or char == "\n"


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def one_line(value: object, limit: int = CELL) -> str:
    """Return `value` as one harmless line; None is a dash."""
    if value is None or value == "":
        return "-"
    return harmless(str(value), limit).replace("\n", "\\n")


# -- what is printed ------------------------------------------------------------------------


def say(text: str = "") -> None:
    """Print harmless text as a result."""
    click.echo(harmless(text, sys.maxsize))


def note(text: str) -> None:
    """Say one dim line beside the results, on stderr."""
    click.echo(click.style(one_line(in_place(text), MESSAGE), dim=True), err=True)


def note_unreadable(error: SettingsError) -> None:
    """Warn that the file can't be read, where a daemon is asked that read it in time."""
    told = " ".join(str(error).split())
    note(f"! {told}; the daemon goes on with the settings before it, and could not start again")


def print_error(error: BridgeError) -> None:
    """Print an error, the fields it names, and its hint."""
    lines = [str(error)]
    if isinstance(error, MessageRejected):
        fields = [field for field in error.fields if field.detail not in str(error)]
        lines += [f"  {field.pointer}: {field.detail}" for field in fields]
    complain("\n".join(lines), _hint(error))


def _hint(error: BridgeError) -> str:
    """Return the hint for a terminal: there is no document whose `errors` could be looked at."""
    if isinstance(error, MessageRejected) and error.hint == MessageRejected.hint:
        return "Correct it, and give the command again; --help shows how it is written."
    return in_place(error.hint)


#: How root runs this very command as the service does; the program knows it.
AS_THE_SERVICE: ContextVar[str] = ContextVar("AS_THE_SERVICE", default=AS_SERVICE)


def in_place(hint: str) -> str:
    """Return a hint with this command, and this configuration's instance, where it names one."""
    return hint.replace(AS_SERVICE, AS_THE_SERVICE.get())


def error_json(error: BridgeError) -> dict[str, Any]:
    """Return an error as `--json` prints it."""
    told: dict[str, Any] = {"error": str(error), "code": error.code, "hint": in_place(error.hint)}
    if isinstance(error, MessageRejected) and error.fields:
        told["errors"] = [asdict(field) for field in error.fields]
    return told


def complain(what: str, hint: str = "") -> None:
    """Print what went wrong, and the next step where there is one."""
    click.echo(f"{click.style('error:', fg='red', bold=True)} {harmless(what)}", err=True)
    if hint:
        click.echo(f"{click.style('hint:', fg='cyan')} {harmless(hint)}", err=True)


def confirm(*, yes: bool, what: str) -> None:
    """Ask before something is done; go on only with a yes.

    Raises:
        CommandError: nobody is there to be asked, or the answer is no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError("nobody is there to confirm it", hint="Add --yes to go ahead.")
    if not click.confirm(one_line(what, MESSAGE), err=True):
        raise CommandError("nothing was changed", hint="")


#: Whether this run has printed its document: there is one, whatever happens after it.
PRINTED: ContextVar[bool] = ContextVar("PRINTED", default=False)


def print_json(value: Any) -> None:
    """Print a value as JSON, one document; only ASCII leaves here."""
    PRINTED.set(True)
    click.echo(json.dumps(value, indent=2 if sys.stdout.isatty() else None, default=str))


# -- words ----------------------------------------------------------------------------------


def plural(number: int, thing: str, things: str | None = None) -> str:
    """Return `1 entry`, `2 entries`."""
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def span(seconds: float | None) -> str:
    """Return a length of time in the unit a person would use."""
    if seconds is None:
        return "-"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def since(moment: str, now: datetime | None = None) -> str:
    """Return how long ago a moment of an answer was."""
    passed = (now or datetime.now(UTC)) - datetime.fromisoformat(moment)
    return span(max(0.0, passed.total_seconds()))
