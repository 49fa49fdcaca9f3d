"""Each kind of damage: it starts or says exactly why not, and loses no key silently."""

import json
import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from bridge.errors import StoreCorrupt, StoreUnavailable
from bridge.events import State
from bridge.outbox import life
from bridge.outbox.archive.reports import Salvaged
from bridge.outbox.store import open_outbox, witness_path
from bridge.outbox.views import Listing
from bridge.rules.key import payout_key
from tests.outbox.archive.full import (
    PAGE,
    flip,
    keys_in,
    overwrite,
    pages_of,
    tables_in,
    truncate,
    works,
)
from tests.outbox.play import CAMPAIGN, Play, entry, terms
from tests.support.clock import FakeClock

OPEN = {State.DUE, State.SENDING}


async def healed(path: Path) -> Salvaged | None:
    """Open it as the daemon does; return what was salvaged."""
    async with open_outbox(path, FakeClock(), machine="one", key_of=payout_key) as outbox:
        await works(outbox)
        return outbox.salvaged


def evidence(path: Path) -> list[Path]:
    return sorted(path.parent.glob("outbox.db.corrupt.*"))


def content(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def log_of(path: Path) -> Path:
    return path.with_name("outbox.db-wal")


def tear(path: Path) -> bytes:
    """Flip a byte in the middle of a log; return what is left of it."""
    data = bytearray(log_of(path).read_bytes())
    data[len(data) // 2] ^= 0xFF
    log_of(path).write_bytes(data)
    return bytes(data)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def remove(path: Path) -> None:
    path.unlink()


def pages(path: Path) -> int:
    return path.stat().st_size // PAGE


# -- what is sound ----------------------------------------------------------------------------


async def test_a_sound_file_is_opened_as_it_is(path: Path, whole: Path) -> None:
    assert await healed(path) is None
    assert keys_in(path) == keys_in(whole)
    assert evidence(path) == []


async def test_a_missing_shm_is_no_damage(path: Path, whole: Path) -> None:
    """It is made anew of the log; here a process died with both open."""
    crashed(path)
    remove(path.with_name("outbox.db-shm"))
    assert content(log_of(path))

    assert await healed(path) is None
    assert len(keys_in(path)) == len(keys_in(whole)) + 1


async def test_a_log_that_a_power_cut_tore_behind_its_last_commit_is_no_damage(path: Path) -> None:
    crashed(path)
    write(log_of(path), content(log_of(path)) + random.Random(1).randbytes(PAGE + 24))

    assert await healed(path) is None


def crashed(path: Path, numbers: int = 1, *, at_once: int = 1) -> None:
    """Put entries, so many in a commit, in a process that then dies at once."""
    code = f"""
import asyncio, os
from pathlib import Path
from bridge.outbox.store import open_outbox
from tests.outbox.archive.full import ours
from tests.outbox.play import entry
from tests.support.clock import FakeClock

async def main():
    async with open_outbox(Path({str(path)!r}), FakeClock(), machine="one") as outbox:
        for first in range(9000, 9000 + {numbers}, {at_once}):
            await outbox.put([ours(entry(n)) for n in range(first, first + {at_once})])
        os._exit(9)

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == 9


# -- damage -----------------------------------------------------------------------------------

Harm = Callable[[Path], None]


def first_page(path: Path) -> None:
    overwrite(path, 1)


def root_of_entries(path: Path) -> None:
    overwrite(path, pages_of(path, "entries")[0])


def leaf_of_entries(path: Path) -> None:
    overwrite(path, pages_of(path, "entries")[3])


def zeroed_leaf(path: Path) -> None:
    overwrite(path, pages_of(path, "entries")[3], b"\0")


def index_of_keys(path: Path) -> None:
    overwrite(path, pages_of(path, "known_keys")[0])


def root_of_message_ids(path: Path) -> None:
    overwrite(path, pages_of(path, "message_ids")[0])


HARMS = [
    first_page,
    root_of_entries,
    leaf_of_entries,
    zeroed_leaf,
    index_of_keys,
    root_of_message_ids,
]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
async def test_one_lost_page_loses_no_key(path: Path, whole: Path, harm: Harm) -> None:
    harm(path)
    damaged = content(path)

    report = await healed(path)

    assert report is not None
    assert keys_in(path) == keys_in(whole)
    assert report.evidence == evidence(path)[0]
    assert content(report.evidence) == damaged
    assert mode(path) == 0o600


async def test_where_a_page_of_entries_is_lost_their_keys_are_kept_and_never_paid(
    path: Path, whole: Path
) -> None:
    leaf_of_entries(path)

    async with open_outbox(path, FakeClock(), machine="one", key_of=payout_key) as outbox:
        report = outbox.salvaged
        lost = [v for v in await outbox.listing(Listing(limit=1000)) if v.reason == "unreadable"]
        again = await Play(outbox, FakeClock()).taken(entry(1100))

    assert report is not None
    assert report.keys_only == len(lost) > 0
    assert {view.state for view in lost} == {State.DEAD}
    assert again[0].duplicate


async def test_where_index_and_page_are_lost_the_range_is_said(path: Path, whole: Path) -> None:
    leaf_of_entries(path)
    for page in pages_of(whole, "known_keys"):
        overwrite(path, page)

    report = await healed(path)

    assert report is not None
    assert report.unknown == len(keys_in(whole) - keys_in(path)) > 0
    assert "gone with their keys (numbers " in report.sentence()


async def test_a_salvaged_ledger_sends_nothing_until_it_is_released(path: Path) -> None:
    leaf_of_entries(path)

    async with open_outbox(path, FakeClock(), machine="one", key_of=payout_key) as outbox:
        standing = await outbox.standing()
        await outbox.quarantine("the API has paid more than this ledger knows of")
        worse = await outbox.standing()
        await outbox.resume(CAMPAIGN, "operator")
        stopped = await outbox.claim(CAMPAIGN, 10, terms())
        states = {view.state for view in await outbox.listing(Listing(limit=1000))}
        await outbox.release("quarantine", "operator")
        claimed = await outbox.claim(CAMPAIGN, 10, terms())

    assert worse.quarantine == standing.quarantine
    assert standing.quarantine.startswith(life.SALVAGED)
    assert (stopped.claims, stopped.stopped) == ((), "quarantine")
    assert not states & OPEN
    assert claimed.claims
    async with open_outbox(path, FakeClock(), machine="one", key_of=payout_key) as outbox:
        assert (outbox.salvaged, (await outbox.standing()).quarantine) == (None, "")


async def test_a_truncated_file_keeps_what_is_before_the_cut(path: Path, whole: Path) -> None:
    truncate(path, pages(path) * 3 // 4)

    report = await healed(path)

    assert report is not None
    kept, all_ = keys_in(path), keys_in(whole)
    assert kept < all_ or report.keys_only
    assert len(kept) > len(all_) // 4
    assert kept == all_ or report.missing or "more may have been" in report.sentence()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no database at all\n" * 3000], ids=len)
async def test_a_file_of_nothing_or_garbage_is_kept_and_a_fresh_one_sends_nothing(
    path: Path, data: bytes
) -> None:
    write(path, data)

    report = await healed(path)

    assert report is not None
    assert report.kept == 0
    assert content(evidence(path)[0]) == data
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        assert (await outbox.standing()).quarantine


async def test_an_empty_file_that_nobody_has_used_is_a_new_outbox(tmp_path: Path) -> None:
    write(tmp_path / "outbox.db", b"")

    assert await healed(tmp_path / "outbox.db") is None


@pytest.mark.parametrize("seed", range(0, 300, 10))
async def test_flipped_bits_lose_no_key_silently(path: Path, whole: Path, seed: int) -> None:
    flip(path, random.Random(seed), bits=1 + seed * 3)

    report = await healed(path)

    known = set(keys_in(path))
    if report is not None:
        lost = keys_in(whole) - known
        said = report.unknown + report.keys_only  # a key of which a bit is flipped is another one
        assert len(lost) <= said or "more may have been" in report.sentence()
        assert evidence(path)


async def test_what_was_not_damaged_is_all_there(path: Path, whole: Path) -> None:
    index_of_keys(path)

    await healed(path)

    before, after = tables_in(whole), tables_in(path)
    # The quarantine is noted, and told to streams; totals are counted anew.
    grown = {"journal", "changes", "totals", "session_totals"}
    assert {name for name in before if before[name] != after[name]} <= grown


async def test_a_salvage_that_is_interrupted_is_done_again_with_its_log(
    path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaf_of_entries(path)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            await healed(path)

    report = await healed(path)

    assert report is not None
    assert len([found for found in evidence(path) if found.suffix.endswith("Z")]) == 1
    assert keys_in(path) == keys_in(whole)


# -- the log ----------------------------------------------------------------------------------


async def test_a_log_torn_in_its_middle_gives_what_comes_after_the_tear(path: Path) -> None:
    """SQLite itself would stop at the tear, and be silent about all that follows."""
    crashed(path, 20)
    torn = tear(path)

    report = await healed(path)

    assert report is not None
    assert "torn" in report.damage
    keys = {entry(9000 + number).key for number in range(20)}
    assert len(keys - keys_in(path)) <= 1
    assert evidence(path)[-1].name.endswith("-wal")
    assert content(evidence(path)[-1]) == torn


async def test_a_log_whose_file_is_gone_is_kept_and_read(path: Path) -> None:
    crashed(path, 3)
    remove(path)

    report = await healed(path)

    assert report is not None
    assert "gone" in report.damage
    assert any(found.name.endswith("-wal") for found in evidence(path))


async def test_what_had_arrived_is_filed_when_it_is_salvaged_and_what_is_torn_is_said(
    path: Path, whole: Path
) -> None:
    crashed(path, 300, at_once=300)
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT first, n FROM arrivals ORDER BY first").fetchall()
        db.execute("UPDATE arrivals SET packed = substr(packed, 2) WHERE first = ?", rows[1][:1])
        db.commit()

    report = await healed(path)

    assert report is not None
    assert report.damage == "arrivals can't be unpacked"
    assert report.tables["arrivals"].lost == 1
    arrived = {entry(n).key for n in range(9000, 9300)}
    assert len(arrived & keys_in(path)) == 300 - rows[1][1]
    assert keys_in(whole) <= keys_in(path)


# -- what is no damage, and can't be used all the same ------------------------------------------


async def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "outbox.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE photos (n INTEGER)")
    before = content(path)

    with pytest.raises(StoreUnavailable, match="not an outbox"):
        await healed(path)
    assert content(path) == before


async def test_without_a_way_to_prove_entries_nothing_is_touched(path: Path) -> None:
    write(path, b"")

    with pytest.raises(StoreCorrupt, match="empty"):
        async with open_outbox(path, FakeClock(), machine="one"):
            pytest.fail("it opened")
    assert content(path) == b""
    assert evidence(path) == []


async def test_an_entry_that_says_something_else_than_its_key_is_never_sent(path: Path) -> None:
    """A flipped bit in a text is no damage to SQLite; where rows are salvaged, it is found."""
    with closing(sqlite3.connect(path)) as db:
        (number, key) = db.execute("SELECT id, key FROM entries WHERE state = 'due'").fetchone()
        db.execute("UPDATE entries SET player = 'name:Mallory' WHERE id = ?", (number,))
        db.commit()
    index_of_keys(path)

    report = await healed(path)

    assert report is not None
    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        view = (await outbox.receipt(UUID(bytes=key))).entry
    assert (view.state, view.reason) == (State.DEAD, "unreadable")


async def test_a_lost_ledger_row_is_taken_from_the_witness(path: Path) -> None:
    before = json.loads(content(witness_path(path))[33:512].decode())
    overwrite(path, pages_of(path, "ledger")[0])

    await healed(path)

    async with open_outbox(path, FakeClock(), machine="one") as outbox:
        standing = await outbox.standing()
    assert str(standing.identity) == before[1]
    assert standing.sequence > before[2]
