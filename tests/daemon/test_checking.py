"""The daemon looks its outbox over, says how far it is, and ends where something is damaged."""

import asyncio
from pathlib import Path

import pytest

from bridge.daemon.checking import checked_view, checking
from bridge.errors import StoreCorrupt
from bridge.outbox.archive.checking import Check, Checked
from bridge.outbox.archive.suspicion import suspicion
from bridge.testing import START
from tests.support.clock import FakeClock


def check_of(folder: Path, *, whole: bool = True) -> Check:
    return Check(folder / "outbox.db", FakeClock(), whole=whole)


async def test_damage_ends_the_daemon(tmp_path: Path) -> None:
    check = check_of(tmp_path)
    ended: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

    async with checking(check, lambda task: ended.set_result(task.exception())):
        check.suspect("a page is gone")
        check.suspect("and another one")
        why = await asyncio.wait_for(ended, 10)

    assert isinstance(why, StoreCorrupt)
    assert "a page is gone" in str(why)
    assert suspicion(tmp_path / "outbox.db") == "a page is gone"


async def test_a_daemon_that_ends_has_not_died_of_it(tmp_path: Path) -> None:
    died: list[object] = []

    async with checking(check_of(tmp_path), died.append):
        await asyncio.sleep(0)

    assert died == []


async def test_a_word_that_comes_when_the_loop_is_gone_is_kept(tmp_path: Path) -> None:
    check = check_of(tmp_path)
    check._loop = asyncio.new_event_loop()
    check._loop.close()

    check.suspect("too late")

    assert suspicion(tmp_path / "outbox.db") == "too late"


@pytest.mark.parametrize(
    ("checked", "view"),
    [
        (Checked(0.4, None), {"progress": 0.4, "whole_at": None, "words": "checked 40%"}),
        (
            Checked(1.0, START),
            {
                "progress": 1.0,
                "whole_at": START.isoformat(timespec="seconds"),
                "words": f"checked whole at {START.isoformat(timespec='seconds')}",
            },
        ),
    ],
)
async def test_how_far_it_is(tmp_path: Path, checked: Checked, view: dict[str, object]) -> None:
    check = check_of(tmp_path)
    check.checked = checked

    assert checked_view(check) == view
