"""What reading something again would make, and what that would cost: tried on a copy.

In: an outbox file and something to do. Out: what it would make. Nothing is kept.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from bridge.cli.replay.beside import replays_on
from bridge.daemon import SystemClock
from bridge.daemon.replaying import Replays
from bridge.outbox.copy import Made, copied
from bridge.pipeline.sums import Sums
from bridge.record import record
from bridge.settings.models import Settings

#: (campaign, event code) → what the API says that it pays.
Prices = Mapping[tuple[str, str], Decimal]


@record
class Foreseen:
    """What would be made."""

    sums: Sums
    made: Sequence[Made]

    @property
    def entries(self) -> int:
        """How many entries would be new."""
        return sum(made.entries for made in self.made)

    def cost(self, prices: Prices | None = None) -> tuple[Decimal, int]:
        """Return what the new entries would cost, and of how many nobody knows the price."""
        known, unknown = Decimal(0), 0
        for made in self.made:
            price = (prices or {}).get((made.campaign, made.event_code), made.price)
            if price is None:
                unknown += made.entries
            else:
                known += price * made.entries
        return known, unknown

    def told(self, prices: Prices | None = None) -> str:
        """Say it in one line."""
        cost, unknown = self.cost(prices)
        parts = ", ".join(f"{made.entries} {made.event_code}" for made in self.made[:10])
        more = f" and {len(self.made) - 10} other codes" if len(self.made) > 10 else ""
        unsure = f", and {unknown} entries whose price is not known here" if unknown else ""
        return f"{parts}{more}: {cost.normalize():f} token units{unsure}"


async def foresee(
    outbox: Path, settings: Settings, read: Callable[[Replays], Awaitable[Sums]]
) -> Foreseen:
    """Try on a copy of the outbox what `read` would do.

    Raises:
        StoreUnavailable: the outbox can't be copied.
    """
    with copied(outbox, SystemClock()) as copy:
        sums = await read(replays_on(copy, settings))
        return Foreseen(sums, copy.made())
