"""The end of a quarantine is noticed at once, also where it held nothing."""

from bridge.outbox import life
from tests.outbox.play import CAMPAIGN, Play


async def test_a_quarantine_that_held_nothing_wakes_the_lanes_when_it_ends(play: Play) -> None:
    woken = play.outbox.watch(CAMPAIGN)
    await play.outbox.quarantine("an old copy")
    woken.clear()
    await play.outbox.release(life.QUARANTINE, "an operator")

    assert woken.is_set()
