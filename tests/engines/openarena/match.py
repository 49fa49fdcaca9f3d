"""The match of the live test: a human with a GUID among bots with hostile names.

In: a game that is not started. Out: what is known of it afterwards. Whoever follows `game.log`
meanwhile (an adapter, a daemon) must come to the same counts.
"""

from dataclasses import dataclass

from tests.engines.openarena.arena import OpenArena
from tests.engines.openarena.tally import Tally, tally

FRAGS = 10
NAME = "^4Zoe^7  Q"
CODE = "!link ABCD-EFGH"
BOTS = (
    "addbot sarge 5",
    'addbot liz 5 free 0 "a killed b by MOD_ROCKET"',
    'addbot grunt 5 free 0 "Award: 0 1: X gained the EXCELLENT "',
    'addbot gargoyle 5 free 0 "^1A: b^7"',
)


@dataclass(frozen=True, slots=True)
class Played:
    """A match that is over: its log, the human's GUID, and what a careful reader counts."""

    log: bytes
    guid: str
    counts: Tally

    def of_human(self) -> dict[str, int]:
        return {what: n for (who, what), n in self.counts.items() if who == self.guid}

    def of_bots(self) -> dict[str, int]:
        return {what: n for (who, what), n in self.counts.items() if who == ""}


def play(game: OpenArena) -> Played:
    """Play until the frag limit is hit; some 30 to 60 seconds."""
    game.start(FRAGS)
    game.join(NAME, CODE)
    for bot in BOTS:
        game.tell(bot)
    game.tell("say Award: 0 1: Zoe gained the EXCELLENT award!")
    game.wait(r" Award: ", 60)
    game.wait(r" Exit: ", 180)
    # Everybody has a line in the final table; the human and the bots make five.
    game.wait(r" score: .*  client: 4 ", 10)
    game.stop()
    log = game.log.read_bytes()
    counts = tally(log.decode("latin-1"))
    (guid,) = {who for who, _ in counts if who}
    return Played(log, guid, counts)
