"""What is erased of a person is in no file any more: not in the log, not on a free page."""

from pathlib import Path

from bridge.outbox.store import open_outbox
from tests.outbox.play import ALICE, Play
from tests.outbox.sessions import DECLINED, begin, look, new
from tests.support.clock import FakeClock

DAY = 24 * 3600
#: Long enough to fill pages of its own.
ADDRESS = "alice." + "a" * 200 + "@example.com"


def where_it_stands(folder: Path) -> list[str]:
    """Return the files that hold the address."""
    return sorted(each.name for each in folder.iterdir() if ADDRESS.encode() in each.read_bytes())


async def test_a_forgotten_players_address_is_in_no_file(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_outbox(tmp_path / "outbox.db", clock) as outbox:
        play = Play(outbox, clock)
        session = await outbox.begin_session(new(email=ADDRESS))
        await look(play, session, DECLINED)
        kept = where_it_stands(tmp_path)
        await outbox.forget(ALICE, "olga")

        assert kept
        assert where_it_stands(tmp_path) == []


async def test_a_strangers_address_is_in_no_file_after_a_day(tmp_path: Path) -> None:
    clock = FakeClock()
    async with open_outbox(tmp_path / "outbox.db", clock) as outbox:
        play = Play(outbox, clock)
        for _ in range(50):  # many rows, so that pages are split and freed
            session = await outbox.begin_session(new(None, email=ADDRESS))
            await look(play, session, DECLINED)
            await begin(play)
        clock.advance(DAY + 1)

        assert await outbox.forget_strangers(DAY) == 50
        assert where_it_stands(tmp_path) == []
