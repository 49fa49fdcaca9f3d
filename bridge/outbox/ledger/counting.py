"""Counting: one message may be worth something itself, and moves counters that pay when full.

In: deeds. Out: what became of each: its entry, a full counter's entry, or counted. All of a deed
is decided in one transaction, with its message id.

```text
 known message id ─▶ its first decision again
 own entry ─▶ turned away: nothing is kept
     └──▶ each counter ─▶ not full: moved        full ─▶ an entry ─▶ kept: moved
                     └──▶ not in this replay         └─▶ turned away: stays one short
```
"""

from enum import Enum, auto

from bridge.errors import OutboxError
from bridge.events import Counted, Taken
from bridge.outbox import counter
from bridge.outbox.ledger import keeping
from bridge.outbox.ledger.book import Book, taken
from bridge.outbox.ledger.keeping import Kept
from bridge.outbox.values import Counting, Deed, Put


class _Became(Enum):
    MOVED = auto()
    NOT_REPLAYED = auto()


_Result = Kept | OutboxError | _Became


def put(book: Book, new: Put, *, replay: bool = False) -> Taken | Counted | OutboxError:
    """Keep an entry, or a deed with all that it moves, or nothing of it."""
    if isinstance(new, Deed):
        return _put_deed(book, new, replay=replay)
    return keeping.put(book, new)


def _put_deed(book: Book, deed: Deed, *, replay: bool) -> Taken | Counted | OutboxError:
    known = keeping.recall(book, deed.message_id)
    if known is not None:
        return known
    own = None if deed.entry is None else keeping.keep(book, deed.entry)
    if isinstance(own, OutboxError):
        return own
    results = [_move(book, counting, replay=replay) for counting in deed.countings]
    moved = any(isinstance(result, Kept) or result is _Became.MOVED for result in results)
    if own is None and not moved:
        return _refusal(results)
    first = own or next((result for result in results if isinstance(result, Kept)), None)
    _remember(book, deed, first, moved=moved)
    return _answer(first, not_replayed=_Became.NOT_REPLAYED in results)


def _move(book: Book, counting: Counting, *, replay: bool) -> _Result:
    """Move a counter; one whose entry is turned away stays as it was, and the next event tries."""
    rule_id = book.rows.rules.number(counting.rule)
    before = book.rows.counters.state(rule_id, counting.scope)
    if not counter.moves(before, counting, replay=replay):
        return _Became.NOT_REPLAYED
    after = counter.moved(before, counting, replay=replay)
    result: _Result = _Became.MOVED
    if after.filled > before.filled:
        result = keeping.keep(book, counting.make(after.filled))
    if not isinstance(result, OutboxError):
        book.rows.counters.keep(rule_id, counting.scope, after)
    return result


def _remember(book: Book, deed: Deed, kept: Kept | None, *, moved: bool) -> None:
    entry = None if kept is None else kept.entry
    if moved:
        keeping.remember_counted(book, deed.message_id, entry)
    elif entry is not None:
        keeping.remember(book, deed.message_id, entry)


def _answer(kept: Kept | None, *, not_replayed: bool) -> Taken | Counted:
    if kept is None:
        return Counted(duplicate=False, not_replayed=not_replayed)
    return taken(kept.entry, duplicate=kept.duplicate, not_replayed=not_replayed)


def _refusal(results: list[_Result]) -> Counted | OutboxError:
    """Return what is said of a deed of which nothing is kept."""
    refused = (result for result in results if isinstance(result, OutboxError))
    return next(refused, Counted(duplicate=False, not_replayed=True))
