"""Campaigns as rows: their terms, pauses, prices, totals, and what brakes have counted.

In: what is known of a campaign. Out: the same, found again. Decides nothing.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bridge.events import State
from bridge.outbox.sqlite.memo import LaneRow, Memo
from bridge.outbox.sqlite.statements import Statements
from bridge.outbox.views import LaneTerms
from bridge.record import record


@record
class PaidRow:
    """A paid-out total, in millionths: what of it was there before our ledger, at least and at
    most, and what it may be by our ledger; None where a price isn't known."""

    base: int | None
    base_most: int | None
    paid_out: int
    least: int | None
    most: int | None


@record
class Total:
    """A campaign's entries in one state; `unpriced` of them have no known amount."""

    n: int = 0
    amount: int = 0
    unpriced: int = 0


class Lanes:
    """The rows of `lanes`, `prices`, `totals` and `tallies`."""

    def __init__(self, sql: Statements, memo: Memo) -> None:
        self._sql = sql
        self._memo = memo

    def of(self, campaign: str) -> LaneRow:
        """Return what is known of a campaign; the defaults where that is nothing."""
        lane = self._memo.lanes.get(campaign)
        if lane is None:
            lane = self._memo.lanes[campaign] = self._read(campaign)
        return lane

    def _read(self, campaign: str) -> LaneRow:
        row = self._sql.one("lane", campaign=campaign)
        if row is None:
            return LaneRow()
        return LaneRow(
            bool(row["shadow"]),
            bool(row["history"]),
            row["first_look"],
            row["per_user"],
            row["paused_at"] is not None,
            row["paid_base"],
            row["base_most"],
            row["paid_out"],
        )

    def adopt(self, terms: LaneTerms) -> None:
        """Keep what the settings say of a campaign."""
        self._memo.lanes.pop(terms.campaign, None)
        self._sql.run(
            "adopt_lane",
            campaign=terms.campaign,
            shadow=terms.shadow,
            history=terms.history,
            first_look=round(terms.first_look * 1000),
            per_user=terms.per_user,
        )

    def pause(self, campaign: str, at: int | None, who: str, why: str) -> None:
        """Pause a campaign, or (`at` None) let it go on."""
        self._memo.lanes.pop(campaign, None)
        self._sql.run("pause_lane", campaign=campaign, at=at, who=who, why=why)

    def set_paid(self, campaign: str, paid: PaidRow, at: int) -> None:
        """Keep the paid-out total, what of it isn't ours, and what our ledger makes of it."""
        self._memo.lanes.pop(campaign, None)
        self._sql.run(
            "set_paid",
            campaign=campaign,
            base=paid.base,
            base_most=paid.base_most,
            paid_out=paid.paid_out,
            least=paid.least,
            most=paid.most,
            at=at,
        )

    # -- prices and totals --

    def price(self, campaign: str, event_code: str) -> int | None:
        """Return what an event pays; None where nobody has said yet."""
        try:
            return self._memo.prices[campaign, event_code]
        except KeyError:
            row = self._sql.one("price", campaign=campaign, event_code=event_code)
        amount: int | None = None if row is None else row["amount"]
        self._memo.prices[campaign, event_code] = amount
        return amount

    def set_prices(self, campaign: str, prices: Sequence[tuple[str, int]]) -> None:
        """Keep what a campaign's events pay, in place of what was known."""
        self._memo.prices.clear()
        self._sql.run("drop_prices", campaign=campaign)
        for code, amount in prices:
            self._sql.run("set_price", campaign=campaign, event_code=code, amount=amount)

    def fill_prices(self, campaign: str, but: str) -> None:
        """Give entries without an amount their event's price, but those held for a reason."""
        if self._sql.one("unpriced", campaign=campaign) is not None:
            self._sql.run("fill_prices", campaign=campaign, but=but)

    def names(self) -> list[str]:
        """Return the campaigns that have entries."""
        return [row["campaign"] for row in self._sql.many("lane_names")]

    def add_new(
        self, campaign: str, state: State, reason: str, n: int, amount: int, unpriced: int
    ) -> None:
        """Add new entries to what a campaign has; triggers or `counted` add up what changes."""
        self._sql.run(
            "add_total",
            campaign=campaign,
            state=state.value,
            reason=reason if state is State.HELD else "",
            n=n,
            amount=amount,
            unpriced=unpriced,
        )

    @contextmanager
    def counted(
        self,
        campaign: str,
        before: State,
        after: State,
        amounts: Sequence[tuple[int | None, int | None]],
    ) -> Iterator[None]:
        """Add up entries that go from one state to another while this is entered, many at once.

        None of them is fenced or held, before or after; `amounts` are what each is worth before and
        after. Should it fail, all of it is rolled back with the transaction.
        """
        self._sql.run("be_quiet", quiet=1)
        yield
        self._sql.run("be_quiet", quiet=0)
        was, now = [pair[0] for pair in amounts], [pair[1] for pair in amounts]
        self._sql.run(
            "take_total",
            campaign=campaign,
            state=before.value,
            n=len(was),
            amount=sum(filter(None, was)),
            unpriced=was.count(None),
        )
        self.add_new(campaign, after, "", len(now), sum(filter(None, now)), now.count(None))

    def total(self, campaign: str, state: State) -> Total:
        """Return how many entries are in a state and what they cost."""
        row = self._sql.one("total", campaign=campaign, state=state.value)
        return Total() if row is None else Total(row["n"], row["amount"], row["unpriced"])

    def unproven(self, campaign: str) -> Total:
        """Return the same of entries that an attempt may have paid."""
        row = self._sql.one("unproven_total", campaign=campaign)
        return Total() if row is None else Total(row["n"], row["amount"], row["unpriced"])

    # -- tallies --

    def tally(self, scope: str, period: str) -> int:
        """Return what was counted."""
        row = self._sql.one("tally", scope=scope, period=period)
        return 0 if row is None else int(row["value"])

    def count(self, scope: str, period: str, value: int, at: int) -> None:
        """Count more."""
        self._sql.run("count_tally", scope=scope, period=period, value=value, at=at)

    def drop_tallies(self, before: int) -> None:
        """Forget what was last counted before a time; what counts for ever stays."""
        self._sql.run("drop_tallies", before=before)
