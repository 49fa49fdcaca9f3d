"""Options that several commands share.

In: nothing. Out: click's decorators.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def as_json(command: Command) -> Command:
    """Add `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, one document.")(
        command
    )


def campaign(command: Command) -> Command:
    """Add `--campaign`."""
    text = "Id of the campaign; may be left out where only one is configured."
    return click.option("--campaign", help=text)(command)


def yes(command: Command) -> Command:
    """Add `--yes`."""
    return click.option("--yes", is_flag=True, help="Don't ask for confirmation.")(command)
