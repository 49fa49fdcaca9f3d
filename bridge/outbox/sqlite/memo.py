"""What is asked for every new entry and seldom changes, remembered between transactions.

In: links, prices, campaigns' terms, rules, the quarantine, as rows say them. Out: the same without
a statement. Who writes such a row forgets it here; a rollback forgets everything.
"""

from dataclasses import dataclass, field
from typing import Final

from bridge.record import record

#: Links that are remembered at most; then all are forgotten and remembered anew.
_MOST_LINKS: Final = 50_000


@record
class LaneRow:
    """A campaign; times in milliseconds, money in millionths."""

    shadow: bool = False
    history: bool = True
    first_look: int = 3000
    per_user: int = 0
    paused: bool = False
    paid_base: int | None = None
    base_most: int | None = None
    paid_out: int | None = None


@dataclass(slots=True)
class Memo:
    """Rows as they were last read; nothing here outlives what it was read from."""

    refs: dict[tuple[str, str], str | None] = field(default_factory=dict)
    prices: dict[tuple[str, str], int | None] = field(default_factory=dict)
    lanes: dict[str, LaneRow] = field(default_factory=dict)
    used_rules: dict[str, int] = field(default_factory=dict)
    quarantine: str | None = None
    #: Whether there are message ids beside those that made entries.
    other_messages: bool | None = None

    def keep_ref(self, campaign: str, player: str, ref: str | None) -> None:
        """Remember a link, or that there is none."""
        if len(self.refs) >= _MOST_LINKS:
            self.refs.clear()
        self.refs[campaign, player] = ref

    def clear(self) -> None:
        """Forget everything."""
        self.refs.clear()
        self.prices.clear()
        self.lanes.clear()
        self.used_rules.clear()
        self.quarantine = self.other_messages = None
