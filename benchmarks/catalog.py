"""The list of goals: their numbers and names, and what each measures and how, in two sentences.

In: what the command line asks for. Out: the goals it means, and their code. Knows nothing of how
a goal measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, cast

from benchmarks.contract import Goal


class UnknownGoal(Exception):
    """The command line asks for a goal that is not on the list."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One goal of the list; its code is `measure` of the module `benchmarks.goals.<name>`.

    A `quick` one is in quick runs, too; a `free` one is measured once more in full runs, with a
    daemon that is not pinned to one processor, and that is told as facts.
    """

    number: int
    name: str
    what: str
    how: str
    quick: bool = True
    free: bool = True


GOALS: Final = (
    Listed(
        1,
        "accept",
        "How many single events a second are validated, made durable and answered.",
        "64 and 256 keep-alive callers in a closed loop, one event a POST, against an aiohttp "
        "handler that parses, validates and echoes the same bytes and stores nothing (E).",
    ),
    Listed(
        2,
        "batches",
        "The same in arrays of 100 and as a stream of lines.",
        "Events accepted a second, against raw SQLite that inserts rows of the same size in "
        "groups of 1,000, WAL and `synchronous=FULL` (S1000).",
    ),
    Listed(
        3,
        "datagrams",
        "What UDP takes without a loss, and what it sustains with acknowledgements.",
        "A burst flat out into a 4 MiB buffer, counted in the outbox afterwards; then a window "
        "with resends, against raw SQLite in groups of 100 (S100).",
    ),
    Listed(
        4,
        "peers",
        "The same work by programs that also sync before they answer.",
        "Each peer is started here with syncing on and given the same events in turn with ours; "
        "one that is not installed is named.",
        quick=False,
    ),
    Listed(
        5,
        "deliver",
        "How fast a backlog leaves, each outcome made durable.",
        "50 calls in flight to a bare sink that answers at once, against aiohttp's client "
        "posting the same to the same sink and storing nothing (C).",
    ),
    Listed(
        6,
        "latency",
        "How long a caller waits while deliveries and checkpoints run.",
        "Open loop at 2,000 events a second, each counted from the instant it was due; then one "
        "caller alone, against one `fdatasync` and one echo (1/F + E).",
    ),
    Listed(
        7,
        "growth",
        "What millions of kept keys cost, and a restart after SIGKILL with a full queue.",
        "Accepting at 1 and 10 million kept keys against an empty outbox; the start with 1 "
        "million queued against an empty start.",
    ),
    Listed(
        8,
        "footprint",
        "Memory idle, with a backlog and under load; the time to ready; what idling costs.",
        "Read from /proc of the daemon's process; ready against a process that only imports "
        "the same libraries and serves.",
    ),
    Listed(
        9,
        "steady",
        "Accepting, delivering and marking at once on one core.",
        "Events that were accepted and delivered a second over the same time, against the echo "
        "of goal 1 (E).",
        free=False,
    ),
    Listed(
        10,
        "overload",
        "What happens beyond capacity: early refusals, latency of what is accepted, memory.",
        "Twice and ten times the capacity just measured: the latency of what is accepted against "
        "that at capacity, how much of it still is, and the daemon's memory at most.",
        free=False,
    ),
)


def chosen(wanted: str, goals: Sequence[Listed] = GOALS) -> list[Listed]:
    """Return the goals that `wanted` names, by number or name with commas between; all for "".

    Raises:
        UnknownGoal: one is not on the list; the message has the list.
    """
    known = {str(goal.number): goal for goal in goals} | {goal.name: goal for goal in goals}
    words = [word.strip() for word in wanted.split(",") if word.strip()]
    if unknown := [word for word in words if word not in known]:
        listed = ", ".join(f"{goal.number} {goal.name}" for goal in goals)
        raise UnknownGoal(f"there is no goal {unknown[0]!r}; there are: {listed}")
    asked = {known[word] for word in words} or set(goals)
    return [goal for goal in goals if goal in asked]


def load(listed: Listed) -> Goal:
    """Return a goal's code; raises what its import raises."""
    return cast("Goal", import_module(f"benchmarks.goals.{listed.name}").measure)
