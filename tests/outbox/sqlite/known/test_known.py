"""What was ever known is found, whatever was sealed, rolled back, forgotten or opened again."""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.outbox.sqlite.known import Known
from bridge.outbox.sqlite.known.filter import WIDTH, Filter
from bridge.outbox.sqlite.statements import queries
from bridge.sqlite.connection import migrate
from bridge.sqlite.scripts import load_migrations

#: Small ones, so that every border is crossed many times.
SEGMENT, SLOT = 3, 6


def hashed(word: object) -> bytes:
    return hashlib.sha256(str(word).encode()).digest()[:16]


class Book:
    """Entries in a file, and what is known of them; `truth` is what has been committed."""

    def __init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        migrate(self.db, load_migrations("bridge.outbox.sqlite.migrations"), Path(":memory:"))
        self.known = Known(segment=SEGMENT, slot=SLOT)
        self.truth: dict[int, int] = {}
        self.word = 0

    def put(self, count: int, digests: bool) -> dict[int, int]:
        """Insert new entries; return their numbers by the words that they were made of."""
        made: dict[int, int] = {}
        for _ in range(count):
            self.word += 1
            number = self.known.next_number(self.db)
            digest = hashed(-self.word) if digests else None
            player = f"name:{self.word % 3}"
            self.db.execute(
                queries()["insert"],
                (number, hashed(self.word), "c", player, "E", "f", "once", 1, "held", "", None,
                 0, 0, None, None, "", digest, None),
            )  # fmt: skip
            self.known.add(number, hashed(self.word), digest, player)
            made[self.word] = number
        self.known.seal(self.db)
        return made

    def check(self) -> None:
        """Ask for everything that is there, and for what is not."""
        for word, number in self.truth.items():
            assert number in list(self.known.by_key(self.db, hashed(word)))
            row = self.db.execute("SELECT digest FROM entries WHERE id = ?", (number,)).fetchone()
            if row[0] is not None:
                assert number in list(self.known.by_digest(self.db, hashed(-word)))
            assert not self.known.take(self.db, 99, hashed(word), None, "name:x")
            if row[0] is not None:
                assert not self.known.take(self.db, 99, hashed("new"), hashed(-word), "name:x")
        assert not any(self.known.by_key(self.db, hashed("never")))

    @contextmanager
    def transaction(self, commits: bool) -> Iterator[dict[int, int]]:
        self.db.execute("BEGIN")
        made: dict[int, int] = {}
        yield made
        self.db.execute("COMMIT" if commits else "ROLLBACK")
        if commits:
            self.known.committed()
            self.truth |= made
        else:
            self.known.undone()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 8), st.booleans(), st.booleans()),
        st.tuples(st.just("close"), st.booleans()),
        st.tuples(st.just("forget"), st.integers(0, 30)),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=200, deadline=None)
def test_what_is_there_is_found(steps: Sequence[tuple[object, ...]]) -> None:
    book = Book()
    for step in steps:
        match step:
            case ("put", int(count), bool(commits), bool(digests)):
                with book.transaction(commits) as made:
                    made.update(book.put(count, digests))
            case ("close", bool(sealed)):
                if sealed:
                    with book.transaction(commits=True):
                        book.known.seal(book.db, least=1)
                book.known = Known(segment=SEGMENT, slot=SLOT)
            case ("forget", int(word)) if word in book.truth:
                book.db.execute("DELETE FROM entries WHERE id = ?", (book.truth.pop(word),))
        book.check()
    book.db.close()


def test_numbers_that_segments_speak_of_are_never_given_again() -> None:
    book = Book()
    with book.transaction(commits=True) as made:
        made.update(book.put(SEGMENT, digests=True))
    book.db.execute("DELETE FROM entries")
    book.known = Known(segment=SEGMENT, slot=SLOT)

    assert book.known.next_number(book.db) == SEGMENT + 1
    book.db.close()


def test_the_newest_entries_of_a_player_are_named_and_the_others_are_in_segments() -> None:
    book = Book()
    with book.transaction(commits=True) as made:
        made.update(book.put(SEGMENT, digests=False))
    with book.transaction(commits=True) as made:
        made.update(book.put(2, digests=False))

    tail = book.known.of_player(book.db, "name:1")
    found = book.db.execute(
        queries()["open_of"], {"player": "name:1", "campaign": "c", "tail": tail}
    ).fetchall()
    assert [row[0] for row in found] == [1, 4]
    book.db.close()


def test_who_reads_beside_the_writer_never_fills_what_the_writer_believes() -> None:
    book = Book()
    with book.transaction(commits=True) as made:
        made.update(book.put(2, digests=True))
    beside = book.known.beside()
    with book.transaction(commits=False):
        book.put(SEGMENT, digests=True)  # a segment is written, and undone

    anew = book.known.beside()
    for view in (beside, anew):
        assert list(view.by_key(book.db, hashed(1))) == [1]
        assert not any(view.by_key(book.db, hashed("never")))
    assert anew.filled
    assert not book.known.filled
    book.check()
    book.db.close()


def test_a_filter_never_forgets_and_seldom_errs() -> None:
    known = Filter()
    slots = {word: word % (2 * WIDTH + 1) for word in range(2000)}

    strange = [not known.meet(hashed(word), slot) for word, slot in slots.items()]

    assert sum(strange) > 1995
    assert all(slot in known.slots(hashed(word)) for word, slot in slots.items())
    assert all(known.meet(hashed(word), 3) for word in slots)


def test_parts_of_a_hash_that_every_uuid_shares_are_not_looked_at() -> None:
    known = Filter()
    known.meet(bytes(16), 0)

    assert known.meet(bytes(6) + b"\x40\x00\x80" + bytes(7), 0)
