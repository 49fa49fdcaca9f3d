"""The SQLite outbox as a file: it survives, is locked, says what is wrong, and takes a bad row."""

import asyncio
import json
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from bridge.errors import (
    OutboxError,
    SchemaTooNew,
    StoreCorrupt,
    StoreError,
    StoreLocked,
    StoreUnavailable,
)
from bridge.events import State, Taken
from bridge.outbox.store import open_outbox
from bridge.outbox.values import Decision, NewEntry
from bridge.outbox.views import Listing
from bridge.testing import START
from tests.outbox.play import ALICE, CAMPAIGN, HOUR, REFUSED, TIMEOUT, Play, entry, message_id
from tests.support.clock import FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.db"


async def _fill(path: Path, clock: FakeClock) -> None:
    async with open_outbox(path, clock) as outbox:
        await Play(outbox, clock).put(entry(message_id=message_id("m", "one")))


# -- it survives ----------------------------------------------------------------------------


async def test_everything_is_there_after_a_restart(path: Path) -> None:
    clock = FakeClock()
    async with open_outbox(path, clock) as outbox:
        play = Play(outbox, clock)
        await outbox.adopt_rules(["rule one"])
        key = await play.put(entry(message_id=message_id("m", "one")))
        await play.attempt(REFUSED)
        await outbox.decide(key, Decision.RETRY, "olga")
        await play.attempt(TIMEOUT)
        before = await outbox.receipt(key), await outbox.counts(), await outbox.links()
        rules = await outbox.remembered_rules()

    async with open_outbox(path, clock) as outbox:
        after = await outbox.receipt(key), await outbox.counts(), await outbox.links()
        (resent,) = await outbox.put([entry(2, message_id=message_id("m", "two"))])

        assert after == before
        assert list(await outbox.remembered_rules()) == list(rules)
        assert resent == Taken(key, State.DUE, duplicate=True, differs=True)


async def test_an_attempt_of_a_daemon_that_died_is_repeated_with_the_same_bytes(
    path: Path,
) -> None:
    clock = FakeClock()
    async with open_outbox(path, clock) as outbox:
        play = Play(outbox, clock)
        await play.put()
        lost = await play.claim()

    async with open_outbox(path, clock) as outbox:
        play = Play(outbox, clock)
        too_early = await play.claims()
        play.lose_lease()

        assert not too_early
        assert (await play.claim()).wire == lost.wire


async def test_a_wall_clock_set_back_over_a_restart_does_not_make_a_doubt_older_than_now(
    path: Path,
) -> None:
    clock = FakeClock()
    clock.advance(100)
    async with open_outbox(path, clock) as outbox:
        play = Play(outbox, clock)
        key = await play.put()
        await play.attempt(TIMEOUT)
    clock.jump(-HOUR)

    async with open_outbox(path, clock) as outbox:
        play = Play(outbox, clock)
        play.pass_horizon()

        assert not await play.claims()
        assert await play.state(key) is State.UNCERTAIN


async def _due(play: Play) -> None:
    await play.attempt(replace(TIMEOUT, after=60.0, unsent=True))


async def _held(play: Play) -> None:
    await play.attempt(REFUSED)


@pytest.mark.parametrize("wait", [_due, _held])
async def test_what_a_clock_that_ran_ahead_put_off_comes_back(
    path: Path, wait: Callable[[Play], object]
) -> None:
    """A year ahead while it was put off: it waits two days, not a year."""
    clock = FakeClock()
    clock.jump(365 * 24 * HOUR)
    async with open_outbox(path, clock) as outbox:
        play = Play(outbox, clock)
        await play.put()
        await cast("asyncio.Future[None]", wait(play))
    clock.jump(-365 * 24 * HOUR)

    async with open_outbox(path, clock) as outbox:
        play = Play(outbox, clock)
        clock.advance(48 * HOUR)

        assert len(await play.claims()) == 1


async def test_a_lease_of_a_clock_that_ran_ahead_ends(path: Path) -> None:
    clock = FakeClock()
    async with open_outbox(path, clock) as outbox:
        play = Play(outbox, clock)
        await play.put()
        await play.claim()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE entries SET lease_until = lease_until + 1000000000")
    db.close()

    async with open_outbox(path, clock) as outbox:
        clock.advance(15 * 60)

        assert len(await Play(outbox, clock).claims()) == 1


# -- it is ours -----------------------------------------------------------------------------


async def test_nobody_else_may_read_it(path: Path) -> None:
    clock = FakeClock()
    async with open_outbox(path, clock, reserve=4096) as outbox:
        await Play(outbox, clock).put()
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {modes[f"outbox.db{end}"] for end in ("", "-wal", "-shm", ".lock")} == {0o600}


async def test_a_second_one_is_refused_and_told_by_whom(path: Path) -> None:
    async with open_outbox(path, FakeClock()):
        with pytest.raises(StoreLocked) as refused:
            async with open_outbox(path, FakeClock()):
                pytest.fail("two had it open")

    assert f"pid {os.getpid()}" in str(refused.value)
    assert str(path) in str(refused.value)


async def test_a_second_process_is_refused(path: Path) -> None:
    command = (
        "import asyncio, sys; from pathlib import Path\n"
        "from bridge.outbox.store import open_outbox\n"
        "from bridge.testing import FakeClock\n"
        "async def main():\n"
        "    async with open_outbox(Path(sys.argv[1]), FakeClock()): pass\n"
        "asyncio.run(main())\n"
    )
    async with open_outbox(path, FakeClock()):
        second = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-c", command, str(path)],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    assert second.returncode == 1
    assert f"StoreLocked: {path} is in use by another campaign-bridge" in second.stderr
    assert f"(pid {os.getpid()})" in second.stderr


async def test_it_is_free_again_after_it_was_closed(path: Path) -> None:
    for _ in range(2):
        async with open_outbox(path, FakeClock()) as outbox:
            assert list(await outbox.listing(Listing())) == []


async def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file stands where the folder should be")

    with pytest.raises(StoreUnavailable, match="state"):
        async with open_outbox(tmp_path / "state" / "outbox.db", FakeClock()):
            pytest.fail("it opened")


# -- what is wrong with it ------------------------------------------------------------------


def _not_a_database(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04 not a database at all" * 500)


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _content(path: Path) -> bytes:
    return path.read_bytes()


def _page_lost(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:12288] = b"\xff" * 4096  # the second page says where others belong
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [_not_a_database, _cut_short])
async def test_a_damaged_file_is_called_damaged(path: Path, damage: Callable[[Path], None]) -> None:
    await _fill(path, FakeClock())
    damage(path)
    content = _content(path)

    with pytest.raises(StoreCorrupt, match=str(path)):
        async with open_outbox(path, FakeClock()):
            pytest.fail("it opened")

    assert _content(path) == content


async def _use(path: Path) -> None:
    async with open_outbox(path, FakeClock()) as outbox:
        await outbox.put([entry(2)])
        await outbox.listing(Listing())


async def test_a_file_damaged_inside_is_called_damaged_when_it_is_used(path: Path) -> None:
    await _fill(path, FakeClock())
    _page_lost(path)

    with pytest.raises(StoreCorrupt):
        await _use(path)


async def test_a_newer_file_is_left_alone(path: Path) -> None:
    await _fill(path, FakeClock())
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    content = _content(path)

    with pytest.raises(SchemaTooNew, match="schema 99"):
        async with open_outbox(path, FakeClock()):
            pytest.fail("it opened")

    assert _content(path) == content


@pytest.mark.parametrize("damage", [_not_a_database, _cut_short])
async def test_a_file_that_did_not_open_is_not_kept_locked(
    path: Path, damage: Callable[[Path], None]
) -> None:
    await _fill(path, FakeClock())
    damage(path)
    with pytest.raises(StoreError):
        async with open_outbox(path, FakeClock()):
            pytest.fail("it opened")
    for file in path.parent.iterdir():
        file.unlink()

    async with open_outbox(path, FakeClock()) as outbox:
        assert list(await outbox.counts()) == []


# -- a bad row ------------------------------------------------------------------------------

LONE_SURROGATE = replace(entry(90), player="name:\ud800")
TOO_LARGE = replace(entry(91), occurrence=cast("str", 2**70))
OF_NO_KIND = replace(entry(92), feat=cast("str", object()))
BAD = [LONE_SURROGATE, TOO_LARGE, OF_NO_KIND]
NAMES = ["lone surrogate", "too large", "of no kind"]


@pytest.mark.parametrize("bad", BAD, ids=NAMES)
async def test_a_bad_row_fails_only_itself(path: Path, bad: NewEntry) -> None:
    clock = FakeClock()
    async with open_outbox(path, clock) as outbox:
        await outbox.link(CAMPAIGN, ALICE, "usr_1", "test")

        first, refused, second = await outbox.put([entry(1), bad, entry(2)])

        assert isinstance(refused, OutboxError)
        assert [taken for taken in (first, second) if isinstance(taken, Taken)] == [first, second]
        assert len(await outbox.listing(Listing())) == 2


@pytest.mark.parametrize("bad", BAD, ids=NAMES)
async def test_a_bad_row_alone_is_refused_in_the_same_words(path: Path, bad: NewEntry) -> None:
    async with open_outbox(path, FakeClock()) as outbox:
        (refused,) = await outbox.put([bad])

        assert isinstance(refused, OutboxError)
        assert "can't be kept" in str(refused)
        assert list(await outbox.listing(Listing())) == []


async def test_a_bad_row_fails_nobody_else_of_its_group(path: Path) -> None:
    async with open_outbox(path, FakeClock()) as outbox:
        before = outbox.database.commits
        results = await asyncio.gather(
            *(outbox.put([BAD[n % 3] if n % 8 == 0 else entry(n)]) for n in range(64))
        )
        refused = [n for n, (result,) in enumerate(results) if isinstance(result, OutboxError)]

        assert refused == [n for n in range(64) if n % 8 == 0]
        assert len(await outbox.listing(Listing())) == 56
        assert outbox.database.commits - before < 64


async def test_a_bad_row_leaves_nothing_of_itself(path: Path) -> None:
    """Its rule is not used, its message id is not known."""
    bad = replace(LONE_SURROGATE, rule="rule two", message_id=message_id("m"))
    async with open_outbox(path, FakeClock()) as outbox:
        await outbox.adopt_rules(["rule one", "rule two"])
        await outbox.put([bad, entry(1)])
        (taken,) = await outbox.put([entry(2, message_id=message_id("m"))])

        assert taken == Taken(entry(2).key, State.HELD, duplicate=False)
        assert [rule.used for rule in await outbox.remembered_rules()] == [True, False]


async def test_what_a_receipt_says_is_kept_to_the_millisecond(path: Path) -> None:
    new = replace(
        entry(), origin=replace(entry().origin, received_at=START.replace(microsecond=1999))
    )
    async with open_outbox(path, FakeClock()) as outbox:
        await outbox.put([new])
        receipt = await outbox.receipt(new.key)

        assert receipt.origin.received_at == START.replace(microsecond=2000)


async def test_its_owner_file_names_the_process(path: Path) -> None:
    async with open_outbox(path, FakeClock()):
        owner = json.loads(path.with_name("outbox.db.owner").read_text())

    assert owner == {"pid": os.getpid(), "stays": False}
