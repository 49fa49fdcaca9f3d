"""The occurrence: what makes one feat of a player differ from the next one of the same kind.

In: a game event, when its message was received, and a rule's `repeat`. Out: the text that goes
into the key. Never changes, since keys never do.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bridge.errors import FieldProblem, MessageRejected
from bridge.events import GameEvent
from bridge.record import record
from bridge.rules.key import compact

#: How far `occurred_at` may lie from the receipt, over the network.
OLDEST = timedelta(days=7)
NEWEST = timedelta(minutes=5)


class Repeat(StrEnum):
    """How often one player can be paid for one feat."""

    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"
    PER_ID = "per_id"
    ALWAYS = "always"
    #: The implicit default: per_id where there is an id, else once.
    DEFAULT = "default"


@record
class Circumstances:
    """What is known of a message beyond its events."""

    received_at: datetime
    position: str | None = None
    id_scope: str = ""


def occurrence(event: GameEvent, around: Circumstances, repeat: Repeat, timezone: str) -> str:
    """Return the occurrence of `event`.

    Raises:
        MessageRejected: the repeat needs an `id` or a time that the event lacks.
    """
    if repeat is Repeat.ONCE or (repeat is Repeat.DEFAULT and event.id is None):
        return "once"
    if repeat in {Repeat.DAILY, Repeat.WEEKLY}:
        return _period(event, around, repeat, timezone)
    if event.id is not None:
        return "id:" + compact([around.id_scope, event.id])
    if repeat is Repeat.ALWAYS and around.position is not None:
        return f"src:{around.position}"
    raise _rejected("/id", f"an achievement that repeats ({repeat}) needs an `id`")


def _period(event: GameEvent, around: Circumstances, repeat: Repeat, timezone: str) -> str:
    if event.occurred_at is None and event.id is None and around.position is None:
        raise _rejected(
            "/occurred_at", f"a {repeat} achievement needs `occurred_at` or an `id`, to be resent"
        )
    day = day_of(event, around, timezone)
    if repeat is Repeat.DAILY:
        return f"day:{day.isoformat()}"
    year, week, _ = day.isocalendar()
    return f"week:{year:04}-W{week:02}"


def day_of(event: GameEvent, around: Circumstances, timezone: str) -> date:
    """Return the day that an event counts in: the one when it occurred, else was received.

    Raises:
        MessageRejected: it claims over the network to have occurred long ago, or in the future.
    """
    moment = moment_of(event, around)
    try:
        return moment.astimezone(ZoneInfo(timezone)).date()
    except OverflowError as beyond:
        raise _rejected("/occurred_at", f"is no day that exists in {timezone}") from beyond


def moment_of(event: GameEvent, around: Circumstances) -> datetime:
    """Return when an event occurred, as far as that is known, else was received.

    Raises:
        MessageRejected: it claims over the network to have occurred long ago, or in the future.
    """
    moment = event.occurred_at or around.received_at
    if around.position is None and not -OLDEST <= moment - around.received_at <= NEWEST:
        raise _rejected("/occurred_at", "must lie within the last 7 days, and not in the future")
    return moment


def _rejected(pointer: str, detail: str) -> MessageRejected:
    return MessageRejected(detail, fields=[FieldProblem(pointer, detail)])
