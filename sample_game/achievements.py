"""What counts as an achievement: happenings of the arena become deeds of players.

In: happenings. Out: deeds, each with an id of its own. Knows nothing of how they are sent.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sample_game.arena import Capture, Happening, Kill, MatchOver, RoundOver, Team
from sample_game.roster import Player

#: Every name that a match can give; a campaign has an event for each of them.
ACHIEVEMENTS = (
    "first_blood",  # the match's first kill
    "frag",  # each kill
    "kill_streak_5",  # each fifth kill without dying
    "comeback",  # a kill after three deaths in a row
    "flag_capture",  # each flag brought home
    "match_won",  # everybody of the team that won more rounds
)

Details = dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Deed:
    """One player has done one thing, once. The id is never used for anything else."""

    player: str
    achievement: str
    id: str
    occurred_at: str
    details: Details = field(default_factory=dict)

    def message(self) -> dict[str, object]:
        """Return the call's JSON object; it is the same at every resend, by either transport."""
        return {
            "player": self.player,
            "achievement": self.achievement,
            "id": self.id,
            "occurred_at": self.occurred_at,
            "details": self.details,
        }


@dataclass(slots=True)
class _Record:
    """What the referee remembers of one player."""

    streak: int = 0
    deaths_in_a_row: int = 0


class Referee:
    """Watches one match and gives every deed its number: `<match id>/1`, `<match id>/2`, …"""

    def __init__(
        self, match_id: str, players: Sequence[Player], now: Callable[[], datetime]
    ) -> None:
        self._match_id = match_id
        self._players = players
        self._now = now
        self._records = [_Record() for _ in players]
        self._blood = False
        self._count = 0

    def deeds(self, happening: Happening) -> list[Deed]:
        """Return what is achieved by this happening; most kills give one deed, some give four."""
        match happening:
            case Kill():
                return self._kill(happening)
            case Capture(bot, score):
                details: Details = {"red": score[0], "blue": score[1]}
                return [self._deed(bot, "flag_capture", details)]
            case MatchOver(winner) if winner is not None:
                return self._won(winner)
            case RoundOver() | MatchOver():
                return []

    def _kill(self, kill: Kill) -> list[Deed]:
        killer, victim = self._records[kill.killer], self._records[kill.victim]
        names = [("frag", True), ("first_blood", not self._blood)]
        names.append(("comeback", killer.deaths_in_a_row >= 3))
        self._blood = True
        killer.streak, killer.deaths_in_a_row = killer.streak + 1, 0
        victim.streak, victim.deaths_in_a_row = 0, victim.deaths_in_a_row + 1
        names.append(("kill_streak_5", killer.streak % 5 == 0))
        details: Details = {"victim": self._players[kill.victim].name, "streak": killer.streak}
        return [self._deed(kill.killer, name, details) for name, achieved in names if achieved]

    def _won(self, winner: Team) -> list[Deed]:
        members = [n for n in range(len(self._players)) if n % len(Team) == winner]
        return [
            self._deed(member, "match_won", {"team": winner.name.lower()}) for member in members
        ]

    def _deed(self, bot: int, achievement: str, details: Details) -> Deed:
        self._count += 1
        player = self._players[bot]
        return Deed(
            player=player.id,
            achievement=achievement,
            id=f"{self._match_id}/{self._count}",
            occurred_at=self._now().isoformat(timespec="milliseconds"),
            details={"name": player.name, **details},
        )
