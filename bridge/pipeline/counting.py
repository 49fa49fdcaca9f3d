"""What a game event is worth by itself and what it counts for, as the outbox takes it.

In: game events and the rules. Out: campaign events and countings; what a counter had to pass over
is told seldom. Knows nothing of where counters stand.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from bridge.errors import FieldProblem, MessageRejected, NoRule
from bridge.events import GameEvent
from bridge.outbox.entry import as_millis
from bridge.outbox.values import Counting, MessageId, NewEntry, Origin
from bridge.rules.book import NOTHING, CampaignEvent, Count, Counts, RuleBook
from bridge.rules.key import compact
from bridge.rules.occurrence import Circumstances

log = structlog.get_logger("pipeline")

#: Between two log lines of one reason.
SELDOM = timedelta(minutes=1)

NEEDS_ID = "counter_needs_id"
LACKS = "counter_lacks"


def counting(count: Count, origin: Origin, make: Callable[[CampaignEvent], NewEntry]) -> Counting:
    """Return a count as the outbox takes it; `make` makes its entry when it is full."""
    counter = count.counter
    return Counting(
        count.definition,
        count.rule.campaign,
        compact([*count.scope]),
        counter.to,
        counter.times,
        counter.cooldown,
        as_millis(origin.occurred_at or origin.received_at),
        count.resets,
        counter.ordered,
        counter.of_match,
        lambda n: make(count.filled(n)),
    )


class Uncounted:
    """Events that were taken, and that a counter passed over: sums, and a log line a minute."""

    def __init__(self) -> None:
        #: By reason, since the start of the daemon.
        self.sums: Counter[str] = Counter()
        self._told: dict[str, tuple[datetime, int]] = {}

    def add(self, reason: str, at: datetime, name: str, why: str) -> None:
        """Count one, and say so where none was told of for a while."""
        self.sums[reason] += 1
        last, told = self._told.get(reason, (None, 0))
        if last is not None and abs(at - last) < SELDOM:
            return
        self._told[reason] = at, self.sums[reason]
        log.warning(
            "a counter did not count",
            action=reason,
            achievement=name,
            why=why,
            count=self.sums[reason] - told,
        )


def worth(
    rules: RuleBook,
    event: GameEvent,
    around: Circumstances,
    message_id: MessageId | None,
    uncounted: Uncounted,
) -> tuple[CampaignEvent | None, Sequence[Count]]:
    """Return what an event is worth by itself, and what it counts for; one of them is something.

    Raises:
        NoRule: it is worth nothing and counts for nothing.
        MessageRejected: it lacks what its rule needs, or what all of its counters need.
    """
    counts = rules.counts(event, around)
    if counts is NOTHING:
        return rules.decide(event, around), ()
    own = _own(rules, event, around)
    if own is None and (refusal := _refusal(counts, message_id)) is not None:
        raise refusal
    for lacking in counts.refused:
        uncounted.add(LACKS, around.received_at, event.name, str(lacking))
    if counts.moved and message_id is None:
        uncounted.add(NEEDS_ID, around.received_at, event.name, "it has no `id`")
        return own, ()
    return own, counts.moved


def _own(rules: RuleBook, event: GameEvent, around: Circumstances) -> CampaignEvent | None:
    try:
        return rules.decide(event, around)
    except NoRule:
        return None


def _refusal(counts: Counts, message_id: MessageId | None) -> MessageRejected | None:
    """Return why nothing takes an event that only counters could take."""
    if not counts.moved:
        return counts.refused[0]
    if message_id is not None:
        return None
    detail = "what is counted needs an `id`, so that sending it twice counts once"
    return MessageRejected(detail, fields=[FieldProblem("/id", detail)])
