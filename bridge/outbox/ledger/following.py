"""Following: what sources have come to, kept with the entries that they made.

In: turns of sources. Out: rows. Knows nothing of what memories and places mean.
"""

from collections.abc import Mapping, Sequence

from bridge.outbox.ledger.book import Book
from bridge.outbox.values import Put, Turn

#: So many messages of a source are kept aside; the oldest go first.
KEPT_ASIDE = 1000


def keep(book: Book, turn: Turn, entries: Sequence[Put]) -> None:
    """Keep what a source has come to in the transaction of its entries.

    A replay leaves it as it is: its memory and its place are its own.
    """
    sources = book.rows.sources
    if not turn.replay and (turn.memory is not None or turn.place is not None):
        sources.keep(turn, book.now)
    if entries:
        sources.use(turn.source)
    for aside in turn.aside:
        sources.add_aside(turn.source, turn.adapter, aside)
    if turn.aside:
        sources.drop_asides(turn.source, KEPT_ASIDE)


def adopt(book: Book, scopes: Mapping[str, str]) -> None:
    """Remember sources; one that was known before takes over its scope."""
    for name, scope in scopes.items():
        book.rows.sources.adopt(name, scope)
