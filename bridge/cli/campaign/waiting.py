"""Following something to its end: looked at again and again, for a bounded time.

In: a way to look, and when it is over. Out: the last look. On a terminal a spinner moves; in a
log each change is a line.
"""

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import click
from rich.console import Console
from rich.text import Text

from bridge.campaigns.client import retry_after
from bridge.campaigns.failures import CallFailed
from bridge.cli.printing import MESSAGE, note, one_line
from bridge.daemon import SystemClock
from bridge.errors import CommandError

T = TypeVar("T")
Command = TypeVar("Command", bound=Callable[..., Any])

#: Seconds between two looks: the first pause, how it grows, the longest.
_FIRST, _GROWTH, _LONGEST = 0.1, 1.5, 2.0


def waits(what: str) -> Callable[[Command], Command]:
    """Add `--wait`, which follows `what`, and `--timeout`."""

    def add(command: Command) -> Command:
        command = click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            default=120.0,
            show_default=True,
            help="Seconds that --wait waits.",
        )(command)
        return click.option("--wait", is_flag=True, help=f"Wait until {what}.")(command)

    return add


async def follow(
    look: Callable[[], Awaitable[T]],
    done: Callable[[T], bool],
    told: Callable[[T], str],
    *,
    seconds: float,
    late: str,
    hint: str,
) -> T:
    """Look until it is `done`; a host that is away for a while is waited for.

    Raises:
        CommandError: it took longer than `seconds`; `late` and what was seen last.
        CampaignError: a look failed in a way that does not pass by itself.
    """
    last, pause = "nothing was seen yet", _FIRST
    with _Show() as show:
        try:
            async with asyncio.timeout(seconds):
                while True:
                    found = await _seen(look)
                    if not isinstance(found, CallFailed) and done(found):
                        return found
                    last = str(found) if isinstance(found, CallFailed) else told(found)
                    show.update(last)
                    await asyncio.sleep(max(pause, _asked_for(found)))
                    pause = min(pause * _GROWTH, _LONGEST)
        except TimeoutError as over:
            raise CommandError(f"{late} after {seconds:g} s: {last}", hint=hint) from over


async def _seen(look: Callable[[], Awaitable[T]]) -> T | CallFailed:
    try:
        return await look()
    except CallFailed as failure:
        if not failure.passing:
            raise
        return failure


def _asked_for(found: object) -> float:
    """Return the seconds that the API asked to be left alone for."""
    value = found.retry_after if isinstance(found, CallFailed) else None
    return retry_after(value, SystemClock().now()) or 0.0


class _Show:
    """What is said meanwhile, on stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._status = self._console.status(Text("…")) if self._console.is_terminal else None
        self._said = ""

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def update(self, text: str) -> None:
        if self._status is not None:
            self._status.update(Text(one_line(text, MESSAGE)))
        elif text != self._said:
            note(text)
        self._said = text
