"""What the writer is given to do, who waits for it, and who remembers what it wrote.

In: work. Out: its result for the one who waits. Knows nothing of files or threads.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Item = TypeVar("Item")
Work = Callable[[sqlite3.Connection], T]
#: Work that is the same for many callers: the items of all of them in, a result for each out.
Bulk = Callable[[sqlite3.Connection, Sequence[Item]], Sequence[T]]


class Job:
    """One piece of work and, afterwards, what became of it."""

    __slots__ = ("bulk", "erases", "error", "future", "grows", "item", "value", "work")

    def __init__(
        self,
        work: Work[Any] | None,
        future: "asyncio.Future[Any]",
        *,
        grows: bool = False,
        erases: bool = False,
        bulk: Bulk[Any, Any] | None = None,
        item: object = None,
    ) -> None:
        self.work = work
        self.future = future
        self.bulk = bulk
        self.item = item
        self.grows = grows
        self.erases = erases
        self.value: Any = None
        self.error: BaseException | None = None

    def answer(self) -> None:
        """Give who waits the result, or the error."""
        if self.future.done():  # the caller has gone away; the others must not suffer for it
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.value)


class Follower(Protocol):
    """Who remembers something of what is in the file, in the writer's thread."""

    def committed(self) -> None:
        """Know that the transaction is in the file."""
        ...

    def undone(self) -> None:
        """Know that the transaction, or a job of it, was rolled back."""
        ...


class Chore(Follower, Protocol):
    """What the writer does when nobody asks it for anything else; it is a follower as well."""

    def waits(self, db: sqlite3.Connection) -> bool:
        """Whether there is anything to do."""
        ...

    def urgent(self) -> bool:
        """Whether it must be done between two groups, and not only when there are none."""
        ...

    def do(self, db: sqlite3.Connection) -> None:
        """Do some of it, in a transaction of its own."""
        ...

    def rest(self, *, failed: bool) -> None:
        """Know that some was done and is in the file, or that it failed."""
        ...


def answer_all(group: Sequence[Job]) -> None:
    """Answer every one of them."""
    for job in group:
        job.answer()
