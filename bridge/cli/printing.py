"""How the command line speaks: errors with hints, JSON, tables on a terminal.

In: values. Out: lines on stdout, errors on stderr. What players wrote is shown with its control
characters escaped: a name must not be able to draw on an operator's terminal.
"""

import json
import sys
from typing import Any

import click

from bridge.errors import BridgeError


def print_error(error: BridgeError) -> None:
    """Print an error and its hint."""
    click.echo(f"{click.style('error:', fg='red', bold=True)} {harmless(str(error))}", err=True)
    if error.hint:
        click.echo(f"{click.style('hint:', fg='cyan')} {harmless(error.hint)}", err=True)


def print_json(value: Any) -> None:
    """Print a value as JSON, one document."""
    json.dump(value, sys.stdout, indent=2 if sys.stdout.isatty() else None)
    sys.stdout.write("\n")


def harmless(text: str) -> str:
    """Return `text` with everything escaped that a terminal would act on; newlines stay."""
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode()
        for char in text
    )
