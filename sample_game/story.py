"""What spectators read: a line for what they care about.

In: happenings and players. Out: text, safe to print. Knows nothing of achievements.
"""

from collections.abc import Sequence

from sample_game.arena import Capture, Happening, Kill, MatchOver, RoundOver, Team
from sample_game.roster import Player


def tell(happening: Happening, players: Sequence[Player]) -> str:
    """Return one line about a happening."""

    def name(number: int) -> str:
        return printable(players[number].name)

    match happening:
        case Kill(killer, victim, victim_carried):
            flag = " and saves the flag" if victim_carried else ""
            return f"{name(killer)} ✕ {name(victim)}{flag}"
        case Capture(bot, (red, blue)):
            return f"{name(bot)} captures the flag! red {red} : {blue} blue"
        case RoundOver(number, winner):
            return f"-- round {number}: {_side(winner)}"
        case MatchOver(winner, (red, blue)):
            return f"== match over, {red} : {blue} rounds: {_side(winner)}"


def printable(name: str) -> str:
    """Return `name` without what could turn, colour or break the lines of a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def _side(winner: Team | None) -> str:
    return "nobody wins" if winner is None else f"{winner.name.lower()} wins"
