"""Brakes: what keeps an entry from being sent although nothing is wrong with it.

In: entries that are about to be sent for the first time, and operators' words. Out: the same,
held with a reason, or turned away. What a brake holds is never dropped.

```text
 new entry ──▶ source's minute ─▶ player's day ─▶ campaign's day ─▶ once a user ─▶ shadow ─▶ due
                    └───────────────┴─ over_cap ─┴─────────────────────┘          quarantine
```
Caps of a userRef can only be looked at once the player is linked; until then the entry carries
their terms with it.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from decimal import Decimal

from bridge.errors import CapReached, OutboxError
from bridge.events import State
from bridge.outbox import life
from bridge.outbox.entry import Entry, as_millis, as_moment, cap_written
from bridge.outbox.ledger.book import Book
from bridge.outbox.money import millionths, tokens
from bridge.outbox.values import Brakes, NewEntry
from bridge.record import record

_MINUTE = 60_000
#: Tallies of days and minutes are kept so long; an entry may be a week late.
_KEPT = 30 * 24 * 3600 * 1000


@record
class _Cap:
    """One thing that is counted: what adds to it, up to what, and how to say that it is reached."""

    scope: str
    period: str
    adds: int
    most: int
    words: str
    refuse: bool = False

    @property
    def told(self) -> str:
        """Which cap it is, its limit, and the day or minute that was full."""
        if not self.period.isdecimal():
            return f"{self.words} ({self.period})" if self.period else self.words
        minute = as_moment(int(self.period) * _MINUTE)
        return f"{self.words} ({minute:%Y-%m-%d %H:%M} UTC)"


def admit(book: Book, entry: Entry, new: NewEntry) -> Entry | OutboxError:
    """Return a new entry as it is to be kept: due, or held; an error where it is turned away."""
    brakes = new.brakes
    if brakes is not None:
        unpriced = brakes.campaign_day is not None and entry.amount is None
        caps = [*_at_the_door(brakes, entry, new), *([] if unpriced else _of_user(brakes, entry))]
        reached = _reached(book, caps)
        if reached is not None and reached.refuse:
            return CapReached(f"{reached.words}; nothing was stored")
        if reached is not None:
            entry = _over(entry, reached, book.now)
        elif unpriced:
            _count(book, caps)
            entry = _carrying(entry, brakes, life.PRICE_UNKNOWN, book.now)
        else:
            _count(book, caps)
            entry = _waiting(entry, brakes)
    return _by_lane(book, entry) if entry.state is State.DUE else entry


def linked(book: Book, entry: Entry) -> Entry:
    """Return an entry that a link has just released as it is to go on: due, or held."""
    if entry.brakes:
        brakes = _read(entry.brakes)
        caps = [*_of_user(brakes, entry)]
        reached = _reached(book, caps)
        if reached is not None:
            return _over(entry, reached, book.now)
        _count(book, caps)
        entry = entry.changed(brakes="")
    return _by_lane(book, entry)


def released(book: Book, entry: Entry) -> Entry:
    """Return an entry that an operator lets go: caps don't hold it again."""
    if entry.user_ref is None and entry.first_maybe_sent_at is None:
        return life.held_unlinked(entry.changed(brakes=""), book.now)
    return _by_lane(book, life.due_again(entry, book.now).changed(brakes=""))


def price_some(book: Book, campaign: str, limit: int) -> int:
    """Let go on, or hold by its caps, what waited for a price that is known now."""
    found = book.rows.entries.held_and_priced(life.PRICE_UNKNOWN, campaign, limit)
    for before in found:
        book.move(before, _priced(book, before))
    return len(found)


def _priced(book: Book, entry: Entry) -> Entry:
    """Return an entry whose price has become known: due, or held by its caps after all."""
    entry = entry.changed(amount=book.rows.lanes.price(entry.campaign, entry.event_code))
    brakes = _read(entry.brakes)
    caps = [*_of_the_day(brakes, entry), *_of_user(brakes, entry)]
    reached = _reached(book, caps)
    if reached is not None:
        return _over(entry, reached, book.now)
    _count(book, caps)
    if entry.user_ref is None:
        return life.held_unlinked(_waiting(entry, brakes), book.now)
    return _by_lane(book, life.due_again(entry, book.now).changed(brakes=""))


def _by_lane(book: Book, entry: Entry) -> Entry:
    """Hold what is due where the whole ledger, or its campaign, sends nothing."""
    why = stopped(book, entry.campaign, tried=entry.attempts > 0)
    return life.held_for(entry, why, book.now) if why else entry


def stopped(book: Book, campaign: str, *, tried: bool = False) -> str:
    """Return why a campaign's entries that are due are held all the same, or ""."""
    if book.rows.ledger.quarantined():
        return life.QUARANTINE
    return life.SHADOW if not tried and book.rows.lanes.of(campaign).shadow else ""


# -- caps -----------------------------------------------------------------------------------


def _at_the_door(brakes: Brakes, entry: Entry, new: NewEntry) -> Iterator[_Cap]:
    """Yield the caps that need no userRef."""
    if brakes.source_minute is not None:
        source = new.origin.source
        minute = str(as_millis(new.origin.received_at) // _MINUTE)
        words = f"source {source!r} may make {brakes.source_minute} entries a minute"
        refuse = brakes.source_refuse
        yield _Cap(f"source {source}", minute, 1, brakes.source_minute, words, refuse)
    if brakes.player_day is not None and not brakes.per_user:
        scope = _scope("player", brakes.rule, entry.campaign, entry.player)
        words = f"a player may have {brakes.player_day} of these a day"
        yield _Cap(scope, brakes.day, 1, brakes.player_day, words, brakes.refuse)
    yield from _of_the_day(brakes, entry)


def _of_the_day(brakes: Brakes, entry: Entry) -> Iterator[_Cap]:
    most = millionths(brakes.campaign_day)
    if most is not None and entry.amount is not None:
        scope = _scope("campaign", brakes.rule, entry.campaign)
        words = f"this rule may pay {tokens(most)} a day"
        yield _Cap(scope, brakes.day, entry.amount, most, words, brakes.refuse)


def _of_user(brakes: Brakes, entry: Entry) -> Iterator[_Cap]:
    """Yield the caps that count a userRef; none while the player has no link."""
    if not brakes.per_user or entry.user_ref is None:
        return
    if brakes.player_day is not None:
        scope = _scope("user", brakes.rule, entry.campaign, entry.user_ref)
        words = f"a user may have {brakes.player_day} of these a day"
        yield _Cap(scope, brakes.day, 1, brakes.player_day, words, brakes.refuse)
    if brakes.once:
        named = (entry.campaign, entry.user_ref, entry.event_code, entry.feat, entry.occurrence)
        words = "this user has had it already"
        yield _Cap(_scope("once", *named), "", 1, 1, words, brakes.refuse)


def _reached(book: Book, caps: list[_Cap]) -> _Cap | None:
    """Return the first cap that has no room for one more."""
    for cap in caps:
        if book.rows.lanes.tally(cap.scope, cap.period) + cap.adds > cap.most:
            return cap
    return None


def _over(entry: Entry, cap: _Cap, now: int) -> Entry:
    """Hold an entry; which cap it was, and of when, goes with it."""
    return life.held_for(entry, life.OVER_CAP, now).changed(brakes=cap_written(cap.told))


def _count(book: Book, caps: list[_Cap]) -> None:
    for cap in caps:
        book.rows.lanes.count(cap.scope, cap.period, cap.adds, book.now)


def forget_old(book: Book) -> None:
    """Forget the tallies of days and minutes that are long over."""
    book.rows.lanes.drop_tallies(book.now - _KEPT)


def _scope(*parts: str) -> str:
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


# -- terms that wait with an entry ------------------------------------------------------------


def _waiting(entry: Entry, brakes: Brakes) -> Entry:
    """Let an entry without a link carry the terms that need one."""
    if not brakes.per_user or entry.user_ref is not None:
        return entry.changed(brakes="")
    return entry.changed(brakes=_written(replace(brakes, campaign_day=None, source_minute=None)))


def _carrying(entry: Entry, brakes: Brakes, reason: str, now: int) -> Entry:
    return life.held_for(entry, reason, now).changed(brakes=_written(brakes))


def _written(brakes: Brakes) -> str:
    return json.dumps(asdict(brakes), default=str, separators=(",", ":"))


def _read(text: str) -> Brakes:
    values = json.loads(text)
    day = values["campaign_day"]
    return Brakes(**{**values, "campaign_day": None if day is None else Decimal(day)})
