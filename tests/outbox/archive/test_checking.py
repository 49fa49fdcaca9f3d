"""A large file is opened after a moment's look; the rest is looked at while it is in use."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from bridge.errors import StoreCorrupt, StoreUnavailable
from bridge.outbox.archive import checking, damage
from bridge.outbox.archive.checking import Check
from bridge.outbox.archive.damage import Seen, damage_of, first_look, slices
from bridge.outbox.archive.reports import Salvaged
from bridge.outbox.archive.suspicion import DAMAGED, suspect, suspicion
from bridge.outbox.store import SqliteOutbox, open_outbox
from bridge.rules.key import payout_key
from bridge.sqlite.connection import open_connection, open_reader
from tests.outbox.archive.full import flip, keys_in, overwrite, pages_of
from tests.support.clock import FakeClock

#: So small that every file counts as a large one.
SMALL = 0


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have many slices, and few entries seen before a file is opened."""
    monkeypatch.setattr(damage, "SLICE", 50)
    monkeypatch.setattr(damage, "NEWEST", 10)


@asynccontextmanager
async def opened(path: Path, clock: FakeClock | None = None) -> AsyncIterator[SqliteOutbox]:
    """Open it as the daemon opens a large one."""
    async with open_outbox(
        path, clock or FakeClock(), machine="one", key_of=payout_key, small=SMALL
    ) as outbox:
        yield outbox


async def until(true: Callable[[], bool]) -> None:
    for _ in range(30_000):
        if true():
            return
        await asyncio.sleep(0.001)
    pytest.fail("it took too long")


async def looked_over(check: Check) -> None:
    """Wait until everything was seen; raises what the check ends with."""
    running = asyncio.create_task(check.run(first=0, again=0))
    try:
        await until(lambda: check.checked.at is not None or running.done())
        if running.done():
            running.result()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def started_twice(path: Path) -> tuple[Salvaged | None, str | None]:
    """Start as a daemon does and let it look; start again. Return what was salvaged, and found."""
    found = None
    async with opened(path) as outbox:
        first = outbox.salvaged
        try:
            await looked_over(outbox.check)
        except StoreCorrupt as damaged:
            found = str(damaged)
    async with opened(path) as outbox:
        return first or outbox.salvaged, found


def tamper(path: Path, statement: str) -> None:
    """Write what no ledger writes."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TRIGGER entry_moves")
        db.execute(statement)
        db.commit()


# -- sound files --------------------------------------------------------------------------------


async def test_a_small_file_has_been_looked_over_when_it_is_open(path: Path) -> None:
    clock = FakeClock()

    async with open_outbox(path, clock, machine="one", key_of=payout_key) as outbox:
        assert outbox.check.checked.at == clock.now()
        assert outbox.check.checked.words().startswith("checked whole at ")


async def test_a_large_sound_file_is_looked_over_while_it_is_open(path: Path, whole: Path) -> None:
    async with opened(path) as outbox:
        before = outbox.check.checked
        await looked_over(outbox.check)

        assert (before.progress, before.at, before.words()) == (0.0, None, "checked 0%")
        assert outbox.check.checked.progress == 1.0
        assert outbox.check.checked.words().startswith("checked whole at ")
        assert outbox.salvaged is None
    assert suspicion(path) is None
    assert keys_in(path) == keys_in(whole)


def test_the_look_comes_forward_and_sees_every_slice(path: Path) -> None:
    with closing(open_reader(path)) as db:
        shares = [share for share, found in slices(db) if found is None]

    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 40


def test_between_two_bits_the_log_can_be_written_back(path: Path) -> None:
    with closing(open_reader(path)) as db, closing(open_connection(path)) as writer:
        for number, (_, found) in enumerate(slices(db)):
            assert found is None
            writer.execute("UPDATE ledger SET sequence = ?", (1000 + number,))
            busy = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            assert busy == 0


async def test_the_rest_is_as_long_as_the_work_asks(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slice of a second is followed by so many seconds of rest."""
    rests: list[float] = []
    clock = FakeClock()

    async def sleep(seconds: float) -> None:
        rests.append(seconds)

    def working(_: sqlite3.Connection) -> Iterator[Seen]:
        for _ in range(2):
            clock.advance(1.0)
            yield 0.5, None

    async with opened(path, clock) as outbox:
        monkeypatch.setattr(checking, "slices", working)
        with monkeypatch.context() as patched:
            patched.setattr(checking.asyncio, "sleep", sleep)
            await outbox.check._look(7.0, 19.0, 60.0)

    assert rests == [7.0, 19.0, 19.0]


async def test_where_it_cannot_be_read_it_is_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def refused(db: sqlite3.Connection) -> Iterator[Seen]:
        tries.append(1)
        if len(tries) < 3:
            raise sqlite3.OperationalError("disk I/O error")
        yield from slices(db)

    monkeypatch.setattr(checking, "slices", refused)
    async with opened(path) as outbox:
        await looked_over(outbox.check)

    assert len(tries) == 3
    assert suspicion(path) is None


async def test_where_it_is_not_there_it_is_tried_again(tmp_path: Path) -> None:
    check = Check(tmp_path / "outbox.db", FakeClock(), whole=False)
    running = asyncio.create_task(check.run(first=0, again=0))
    await asyncio.sleep(0.05)

    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_who_stops_it_waits_for_no_more_than_a_bit(path: Path) -> None:
    async with opened(path) as outbox:
        running = asyncio.create_task(outbox.check.run(first=0, rest=10**6))
        await until(lambda: outbox.check.checked.progress > 0)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

        assert outbox.check.checked.at is None


# -- damage -------------------------------------------------------------------------------------

Harm = Callable[[Path], None]


def leaf_of_entries(path: Path) -> None:
    overwrite(path, pages_of(path, "entries")[3])


def zeroed_leaf(path: Path) -> None:
    overwrite(path, pages_of(path, "entries")[3], b"\0")


def leaf_of_origins(path: Path) -> None:
    overwrite(path, pages_of(path, "origins")[3])


def page_of_keys(path: Path) -> None:
    overwrite(path, pages_of(path, "known_keys")[-1])


def page_of_an_index(path: Path) -> None:
    overwrite(path, pages_of(path, "entries_due")[-1])


def no_text(path: Path) -> None:
    tamper(path, "UPDATE entries SET feat = CAST(x'c328' AS TEXT) WHERE id = 60")


def no_state(path: Path) -> None:
    tamper(path, "UPDATE entries SET state = 'dux' WHERE id = 60")


def no_key(path: Path) -> None:
    tamper(path, "UPDATE entries SET key = x'00' WHERE id = 60")


def no_caps(path: Path) -> None:
    tamper(path, "UPDATE entries SET brakes = '{' WHERE id = 60")


FAR = [
    leaf_of_entries,
    zeroed_leaf,
    leaf_of_origins,
    page_of_keys,
    page_of_an_index,
    no_text,
    no_state,
    no_key,
    no_caps,
]


@pytest.mark.parametrize("harm", FAR, ids=lambda harm: harm.__name__)
async def test_what_a_start_does_not_see_is_found_and_salvaged_by_the_next(
    path: Path, whole: Path, harm: Harm
) -> None:
    harm(path)
    salvaged, found = await started_twice(path)

    assert salvaged is not None
    assert found is None or "is damaged" in found
    assert keys_in(path) >= keys_in(whole)
    assert not path.with_name(path.name + DAMAGED).exists()
    assert list(path.parent.glob("outbox.db.corrupt.*"))
    assert damage_of(path) is None


@pytest.mark.parametrize("table", ["ledger", "rules", "lanes", "totals", "segments"])
def test_the_first_look_sees_every_page_of_what_is_small(path: Path, table: str) -> None:
    overwrite(path, pages_of(path, table)[0])

    looked = first_look(path, small=SMALL)

    assert looked.damage is not None
    assert not looked.whole


def test_the_first_look_sees_the_entries_that_were_written_last(path: Path) -> None:
    tamper(path, "UPDATE entries SET state = 'dux' WHERE id = (SELECT max(id) FROM entries)")

    assert first_look(path, small=SMALL).damage == "entries have states or keys that don't exist"


@pytest.mark.parametrize("seed", range(0, 120, 10))
async def test_nothing_is_kept_that_an_open_look_would_have_refused(path: Path, seed: int) -> None:
    """Bits flipped anywhere: what a look at all of the file finds, two starts find as well."""
    flip(path, random.Random(seed), bits=1 + seed * 3)
    why = damage_of(path)

    salvaged, _ = await started_twice(path)

    assert salvaged is not None or why is None or "never used" in why or "reelist" in why


# -- what is stumbled over ----------------------------------------------------------------------


async def test_who_stumbles_over_damage_leaves_word_and_ends_the_daemon(path: Path) -> None:
    async with opened(path) as outbox:
        running = asyncio.create_task(outbox.check.run(first=3600))
        await outbox.database.write(_spoil)
        with pytest.raises(StoreCorrupt):
            await outbox.look(lambda rows: rows.entries.by_id(60))
        with pytest.raises(StoreCorrupt, match="is damaged") as ended:
            await running

    assert "salvaged" in ended.value.hint
    async with opened(path) as outbox:
        assert outbox.salvaged is not None
        assert outbox.check.checked.at is not None


def _spoil(db: sqlite3.Connection) -> None:
    db.execute("DROP TRIGGER entry_moves")
    db.execute("UPDATE entries SET feat = CAST(x'c328' AS TEXT) WHERE id = 60")


async def test_a_job_that_stumbles_does_so_too(path: Path) -> None:
    async with opened(path) as outbox:
        await outbox.database.write(_spoil)
        with pytest.raises(StoreCorrupt, match="decode"):
            await outbox.change(lambda book: book.rows.entries.by_id(60))

    assert "decode" in (suspicion(path) or "")


async def test_a_suspicion_that_nothing_bears_out_is_taken_back(path: Path, whole: Path) -> None:
    suspect(path, "a page was read wrongly")

    async with opened(path) as outbox:
        assert outbox.salvaged is None
        assert outbox.check.checked.at is not None
    assert suspicion(path) is None
    assert keys_in(path) == keys_in(whole)


async def test_a_suspicion_has_indexes_compared_with_their_tables(path: Path) -> None:
    """As a write stumbles over an index that lacks a row: a quick check finds nothing there."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, '= ''due''', '= ''dead''')"
            " WHERE name = 'entries_due'"
        )
        db.commit()
    assert damage_of(path) is None
    suspect(path, "row missing from index")

    async with opened(path) as outbox:
        assert outbox.salvaged is not None


async def test_what_the_opening_stumbles_over_is_salvaged_at_once(path: Path) -> None:
    """The first look passes over indexes of entries; mending times reads them."""
    tamper(path, "UPDATE entries SET state = 'sending', lease_until = 9000000000000 WHERE id = 60")
    overwrite(path, pages_of(path, "entries_leased")[0])

    async with opened(path) as outbox:
        assert outbox.salvaged is not None


async def test_a_word_that_cannot_be_written_is_in_the_log_alone(path: Path) -> None:
    path.with_name(path.name + DAMAGED).mkdir()

    suspect(path, "something")

    assert "can't be read" in (suspicion(path) or "")


def test_what_cannot_be_read_at_all_is_no_damage(path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        damage.words_of(sqlite3.OperationalError("unable to open database file"), path)
