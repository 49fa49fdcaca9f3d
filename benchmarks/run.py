"""Runs goals one after another; one that fails is told and the others go on.

In: the goals' code and a `Bench`. Out: a `Result` a goal. Knows nothing of what they measure.
"""

import asyncio
import math
import shutil
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.catalog import Listed
from benchmarks.contract import Bench, Goal, Missing, Outcome, Row
from benchmarks.lines import said
from benchmarks.record import Result

#: Seconds that one goal may take; it is ended then.
QUICK, FULL = 120.0, 5400.0
#: So often a pair is taken with a daemon that is not pinned: what is held to nothing needs no more.
_FREE_PAIRS: Final = 3
#: What a goal writes goes there; nobody has a folder of that name for something else.
_FOLDER: Final = "campaign-bridge-bench-"

Load = Callable[[Listed], Goal]


class Unusable(Exception):
    """A goal measured nothing, or figures that can't be compared."""

    hint = ""


async def run(
    goals: Sequence[Listed],
    load: Load,
    bench: Bench,
    limit: float,
    told: Callable[[Result], None] = lambda _: None,
    free: Sequence[int] = (),
) -> list[Result]:
    """Run `goals` in turn, each for `limit` seconds at most and in an empty folder of its own.

    Where `free` has processors, goals that are listed so are measured a second time with a daemon
    that may use all of them; what they say then is facts of the first outcome.

    `told` hears each result as soon as it is there. A goal's folder is removed when it is done and
    left for its logs when it fails; the next run of that goal removes it then.
    """
    results = []
    for listed in goals:
        results.append(await _one(listed, load, bench, limit, free if listed.free else ()))
        told(results[-1])
    return results


async def _one(
    listed: Listed, load: Load, bench: Bench, limit: float, free: Sequence[int]
) -> Result:
    folder = bench.folder / f"{_FOLDER}{listed.name}"
    begun = time.perf_counter()
    outcome, why = None, ""
    try:
        goal, own = load(listed), replace(bench, folder=folder)
        outcome = await _measured(goal, own, limit)
        if free:
            outcome = await _with_free(outcome, goal, replace(own, free=free), limit)
        shutil.rmtree(folder, ignore_errors=True)
    except Exception as error:  # noqa: BLE001  # whatever it is: it is told, and the others go on
        traceback.print_exception(error)
        why = f"{explained(error)}; its logs are left in {_FOLDER}{listed.name}"
        why = why.replace(str(folder), folder.name)
    return Result(listed.number, listed.name, time.perf_counter() - begun, outcome, why)


async def _with_free(pinned: Outcome, goal: Goal, bench: Bench, limit: float) -> Outcome:
    """Return `pinned` with facts of the same goal, measured with a daemon that is not."""
    fewer = replace(bench, pairs=min(bench.pairs, _FREE_PAIRS))
    outcome = await _measured(goal, fewer, limit)
    facts = {
        f"not pinned, {row.what}": f"missing: {row.why}" if isinstance(row, Missing) else said(row)
        for row in outcome.rows
        if row not in pinned.rows
    }
    return replace(pinned, facts={**pinned.facts, **facts})


async def _measured(goal: Goal, bench: Bench, limit: float) -> Outcome:
    _cleared(bench.folder)
    try:
        async with asyncio.timeout(limit) as deadline:
            outcome = await goal(bench)
    except TimeoutError as late:
        if deadline.expired():
            raise Unusable(f"it was not done after {limit:g} s and was ended") from late
        raise
    checked(outcome)
    return outcome


def checked(outcome: Outcome) -> None:
    """Raise `Unusable` where nothing was measured, or a figure is none."""
    if not outcome.rows:
        raise Unusable("it measured nothing and named nothing that is missing")
    for row in outcome.rows:
        if not isinstance(row, Row):
            continue
        figures: list[float] = []
        with suppress(ZeroDivisionError, ValueError):  # a reference of 0, or an odd one out
            figures = row.figures
        if not figures or not all(map(math.isfinite, figures)):
            raise Unusable(
                f"{row.what}: ours {list(row.ours)} and reference {list(row.reference)} "
                "make no figures to compare"
            )


def explained(error: BaseException) -> str:
    """Return an error in one line: of a group the errors in it, with a hint where there is one."""
    return "; ".join(dict.fromkeys(_leaves(error)))


def _leaves(error: BaseException) -> Iterator[str]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
        return
    said, kind = " ".join(str(error).split()), type(error).__name__
    hint = getattr(error, "hint", None)  # an error that has one explains itself
    if hint is None:
        yield f"{kind}: {said}" if said else kind
    else:
        yield f"{said} ({hint})" if hint else said


def _cleared(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
