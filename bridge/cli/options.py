"""Options that several commands share.

In: nothing. Out: click's decorators, and what they make of texts.
"""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click
from pydantic import JsonValue

from bridge.sandbox.faults import checked

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


def fault(command: Command) -> Command:
    """Add `--fault NAME=VALUE`, which may be repeated."""
    text = "NAME=VALUE, such as error_500=0.1; may be repeated."
    return click.option("--fault", "faults", multiple=True, callback=_faults, help=text)(command)


def _faults(ctx: click.Context, param: click.Parameter, given: tuple[str, ...]) -> dict[str, float]:
    try:
        wanted = {name: float(value or "nan") for name, _, value in map(_parts, given)}
        return {known.value: value for known, value in checked(wanted).items()}
    except ValueError as bad:
        raise click.BadParameter(str(bad)) from bad


def _parts(text: str) -> tuple[str, str, str]:
    return text.partition("=")


def values(
    ctx: click.Context, param: click.Parameter, given: tuple[str, ...]
) -> dict[str, JsonValue]:
    """Read KEY=VALUE texts; a value that reads as JSON is that, any other is text."""
    return dict(map(_value, given))


def _value(text: str) -> tuple[str, JsonValue]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"write KEY=VALUE: {text}")
    try:
        return key, json.loads(value)
    except (ValueError, RecursionError):
        return key, value
