"""What an outbox remembers beside its entries: the rules that made them, and its sources.

In: nothing. Out: two sides of the contract (`contract.py`).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bridge.outbox.views import (
    AsideView,
    LaneTerms,
    RememberedRule,
    RememberedSource,
    SourceState,
)


class Following(Protocol):
    """The side that sources are remembered on."""

    async def source(self, name: str, part: str = "") -> SourceState | None:
        """Return what a source, or one of its state files, has come to; None for a new one."""
        ...

    async def parts(self, name: str) -> Mapping[str, str]:
        """Return the places of a source's state files, by file name."""
        ...

    async def remembered_sources(self) -> Sequence[RememberedSource]:
        """Return the sources that were ever adopted."""
        ...

    async def adopt_sources(self, scopes: Mapping[str, str]) -> None:
        """Remember these sources, each with the scope of its ids."""
        ...

    async def asides(self, name: str, limit: int = 100) -> Sequence[AsideView]:
        """Return the messages of a source that were kept aside, oldest first."""
        ...

    async def drop_aside(self, number: int) -> None:
        """Forget a message that was kept aside: it has been taken after all."""
        ...


class Remembering(Protocol):
    """The side that keeps the rules that made entries."""

    async def remembered_rules(self, *, counted: bool = False) -> Sequence[RememberedRule]:
        """Return the rules last adopted, in order; `counted` with how many entries each has made.

        Counting takes a tenth of a second for each million entries.
        """
        ...

    async def adopt_rules(self, definitions: Sequence[str], journal: str = "") -> None:
        """Remember these as the rules in force; a non-empty `journal` is noted with it."""
        ...

    async def adopt_settings(
        self,
        definitions: Sequence[str] | None,
        scopes: Mapping[str, str],
        lanes: Sequence[LaneTerms],
    ) -> None:
        """Take over rules (None: those in force), sources and lanes, all of them or nothing."""
        ...
