"""The command `python -m benchmarks`: runs goals, prints their table, writes JSON and plots.

In: the command line. Out: the table on stdout, files in build/bench, exit code 1 where a must is
missed (in a quick run: by more than a factor of two) or a goal failed. Knows nothing of goals.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from filelock import FileLock, Timeout
from rich.console import Console
from rich.text import Text

from benchmarks import catalog, machine, plots, record, report
from benchmarks.catalog import GOALS, Listed
from benchmarks.contract import Bench, Missing, Outcome
from benchmarks.record import Record, Result
from benchmarks.run import FULL, QUICK, Load, run

OUT: Final = machine.ROOT / "build" / "bench"
#: Where nothing is synced: figures of a disk would be those of memory.
_MEMORY: Final = {"tmpfs", "ramfs"}


class Busy(Exception):
    """Another run writes to the folder."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the command line asks for; `left_out` are goals that a quick run only names."""

    goals: Sequence[Listed] = GOALS
    quick: bool = False
    runs: int = 1
    pairs: int = 0
    folder: Path = OUT
    out: Path = OUT
    pinned: bool = False
    left_out: Sequence[Listed] = ()


@click.command()
@click.option("--quick", is_flag=True, help="All but the peers in two minutes, fewer events.")
@click.option("--goals", "wanted", default="", help="Numbers or names, with commas between.")
@click.option("--runs", type=click.IntRange(1, 10), default=1, help="Run everything N times.")
@click.option("--pairs", type=click.IntRange(1, 50), help="Take each pair N times in a run.")
@click.option("--pinned", is_flag=True, help="Never measure a daemon that is not pinned as well.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=OUT,
    help="Where the goals write: on the disk that is to be measured.",
)
def main(
    quick: bool, wanted: str, runs: int, pairs: int | None, pinned: bool, folder: Path
) -> None:
    """Measure the goals, each side by side with its reference."""
    try:
        goals = catalog.chosen(wanted)
    except catalog.UnknownGoal as unknown:
        raise click.UsageError(str(unknown)) from unknown
    left_out = [goal for goal in goals if quick and not wanted and not goal.quick]
    goals = [goal for goal in goals if goal not in left_out]
    order = Order(goals, quick, runs, pairs or 0, folder, pinned=pinned, left_out=left_out)
    try:
        sys.exit(asyncio.run(_ending_with_sigterm(order)))
    except Busy as busy:
        raise click.ClickException(str(busy)) from busy
    except asyncio.CancelledError:
        sys.exit(128 + signal.SIGTERM)


async def _ending_with_sigterm(order: Order) -> int:
    """Carry out an order; SIGTERM ends the goal that runs, and with it all that it started."""
    work = asyncio.ensure_future(measured(order, catalog.load, report.console()))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    return await work


async def measured(order: Order, load: Load, out: Console) -> int:
    """Carry out an order; return the exit code. Raises `Busy`."""
    order.folder.mkdir(parents=True, exist_ok=True)
    with _alone(order.folder):
        for warning in _warnings(order.folder):
            out.print(Text(f"warning: {warning}", style="yellow"))
        bench = _bench(order)
        failed = [await _once(order, bench, load, out) for _ in range(order.runs)]
    return 1 if any(failed) else 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep a second run out of `folder`: it would clear what this one writes there."""
    try:
        with FileLock(folder / "campaign-bridge-bench.lock", timeout=0):
            yield
    except Timeout as taken:
        raise Busy(f"another run writes to {folder}; wait for it, or choose a --folder") from taken


def _bench(order: Order) -> Bench:
    cores = machine.cores()
    pairs = order.pairs or (2 if order.quick else 5)
    return Bench(
        order.folder.resolve(), order.quick, pairs, cores[0], cores[min(1, len(cores) - 1)]
    )


def _warnings(folder: Path) -> list[str]:
    found = []
    if len(machine.cores()) < 2:
        found.append("one processor only: the generator takes its time from what it measures")
    if (kind := machine.filesystem(folder)) in _MEMORY:
        found.append(f"the folder is on {kind}, which syncs nothing; choose one with --folder")
    return found


async def _once(order: Order, bench: Bench, load: Load, out: Console) -> list[str]:
    """Run all goals once, keep what each said as soon as it is there, print the table."""
    begun = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    done = Record(begun, order.quick, bench.pairs, machine.place(bench.folder))

    def told(result: Result) -> None:
        nonlocal done
        done = replace(done, results=[*done.results, result])
        report.done(result, out)
        record.write(done, order.out / f"{done.name}.json")

    for listed in order.left_out:
        told(_left_out(listed))
    free = () if order.quick or order.pinned else machine.cores()
    limit = QUICK if order.quick else FULL
    with _kept_to(bench.load):
        await run(order.goals, load, bench, limit, told, free)
    report.show(done, out)
    _plotted(done, order.out, out)
    return record.wrong(done)


def _left_out(listed: Listed) -> Result:
    why, hint = "it takes too long for a quick run", f"--goals {listed.name}, or a full run"
    missing = Missing(listed.number, f"all of goal {listed.number}, {listed.name}", why, hint)
    return Result(listed.number, listed.name, 0.0, Outcome([missing]))


@contextmanager
def _kept_to(core: int) -> Iterator[None]:
    """Keep this process, and what it starts without saying where, off what is measured."""
    ours = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, ours)


def _plotted(done: Record, folder: Path, out: Console) -> None:
    """Draw the plots beside the record; one that can't be drawn is told and fails nothing."""
    curves = [curve for result in done.results if result.outcome for curve in result.outcome.curves]
    try:
        drawn = plots.draw(curves)
    except plots.Undrawable as unable:
        out.print(Text(f"warning: no plots: {unable}", style="yellow"))
        return
    for name, svg in drawn.items():
        (folder / f"{done.name}-{name}.svg").write_text(svg, "utf-8")
    out.print(Text(f"kept in {folder}: {done.name}.json and {len(drawn)} plots"))


if __name__ == "__main__":
    main()
