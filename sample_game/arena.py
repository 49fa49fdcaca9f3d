"""The game itself: capture the flag between two teams of bots on a small grid, tick by tick.

In: an arena and a source of chance. Out: the arena one tick later, and what happened. Pure:
knows nothing of clocks, networks, files or achievements.
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from random import Random

WIDTH, HEIGHT = 15, 15
REACH = 1  # how near an enemy must be to be fought
DEADLINESS = 0.3  # chance that a bot with an enemy in reach kills it in this tick
WANDERING = 0.15  # chance that a bot does not step towards its goal
RESPAWN_TICKS = 8
CAPTURES_A_ROUND = 3
ROUND_TICKS = 100


class Team(IntEnum):
    """A side; its number is its place in the scores."""

    RED = 0
    BLUE = 1

    @property
    def other(self) -> "Team":
        return Team.BLUE if self is Team.RED else Team.RED


@dataclass(frozen=True, slots=True)
class Place:
    """A square of the grid."""

    x: int
    y: int

    def distance(self, other: "Place") -> int:
        return max(abs(self.x - other.x), abs(self.y - other.y))


BASES = (Place(0, HEIGHT // 2), Place(WIDTH - 1, HEIGHT // 2))


@dataclass(frozen=True, slots=True)
class Bot:
    """A player's body. One that carries holds the other team's flag; dead ones wait for a tick."""

    number: int
    team: Team
    place: Place
    carries: bool = False
    back_at: int | None = None

    @property
    def alive(self) -> bool:
        return self.back_at is None

    @property
    def home(self) -> Place:
        """Where it starts and comes back to life: the team's side, on a lane of its own."""
        return Place(BASES[self.team].x, self.number // 2 * 4 % HEIGHT)


@dataclass(frozen=True, slots=True)
class Kill:
    """`killer` and `victim` are the bots' numbers, as everywhere below."""

    killer: int
    victim: int
    victim_carried: bool


@dataclass(frozen=True, slots=True)
class Capture:
    """A bot has brought the other team's flag home; `score` is the round's, red first."""

    bot: int
    score: tuple[int, int]


@dataclass(frozen=True, slots=True)
class RoundOver:
    """A round has ended; `winner` is None where both teams captured as often."""

    round: int
    winner: Team | None


@dataclass(frozen=True, slots=True)
class MatchOver:
    """The clock has run out; `rounds` are the rounds won, red first."""

    winner: Team | None
    rounds: tuple[int, int]


Happening = Kill | Capture | RoundOver | MatchOver


@dataclass(frozen=True, slots=True)
class Arena:
    """Everything about a match at one tick."""

    length: int
    bots: tuple[Bot, ...]
    tick: int = 0
    round: int = 1
    round_began: int = 0
    score: tuple[int, int] = (0, 0)
    rounds: tuple[int, int] = (0, 0)

    @property
    def over(self) -> bool:
        return self.tick >= self.length

    def team_of(self, number: int) -> Team:
        return self.bots[number].team


def new_arena(bots: int, length: int) -> Arena:
    """Return a match of `length` ticks before its first one, bots taking sides in turn."""
    teams = [Team(number % 2) for number in range(bots)]
    return Arena(length, tuple(_at_home(n, team) for n, team in enumerate(teams)))


def step(arena: Arena, chance: Random) -> tuple[Arena, tuple[Happening, ...]]:
    """Return the arena one tick later and what happened; the given arena stays as it is."""
    arena = replace(arena, tick=arena.tick + 1)
    arena = _take_flags(_move(_respawn(arena), chance))
    arena, kills = _fight(arena, chance)
    arena, captures = _capture(arena)
    arena, endings = _end(arena)
    return arena, (*kills, *captures, *endings)


def _at_home(number: int, team: Team) -> Bot:
    bot = Bot(number, team, BASES[team])
    return replace(bot, place=bot.home)


def _respawn(arena: Arena) -> Arena:
    bots = (
        _at_home(bot.number, bot.team) if bot.back_at == arena.tick else bot for bot in arena.bots
    )
    return replace(arena, bots=tuple(bots))


# -- moving -----------------------------------------------------------------------------------


def _move(arena: Arena, chance: Random) -> Arena:
    bots = (_moved(arena, bot, chance) if bot.alive else bot for bot in arena.bots)
    return replace(arena, bots=tuple(bots))


def _take_flags(arena: Arena) -> Arena:
    bots = list(arena.bots)
    thieves = {bot.team for bot in bots if bot.carries}
    for bot in arena.bots:
        if bot.alive and bot.team not in thieves and bot.place == BASES[bot.team.other]:
            thieves.add(bot.team)  # a team has one flag, so there is one thief of it at most
            bots[bot.number] = replace(bot, carries=True)
    return replace(arena, bots=tuple(bots))


def _moved(arena: Arena, bot: Bot, chance: Random) -> Bot:
    if bot.carries and arena.tick % 5 == 0:
        return bot  # a flag is heavy: its carrier can be caught up with
    if chance.random() < WANDERING:
        dx, dy = chance.choice((-1, 0, 1)), chance.choice((-1, 0, 1))
    else:
        goal = _goal(arena, bot)
        dx, dy = _sign(goal.x - bot.place.x), _sign(goal.y - bot.place.y)
    x = min(max(bot.place.x + dx, 0), WIDTH - 1)
    y = min(max(bot.place.y + dy, 0), HEIGHT - 1)
    return replace(bot, place=Place(x, y))


def _goal(arena: Arena, bot: Bot) -> Place:
    """Carriers go home, a third of each team defends, the others go for the flag."""
    if bot.carries:
        return _by_lane(bot, BASES[bot.team])
    foes = [foe for foe in arena.bots if foe.alive and foe.team is not bot.team]
    thief = next((foe for foe in foes if foe.carries), None)
    defends = (bot.number // 2) % 3 == 2
    if thief and defends:
        return thief.place
    if defends and foes:
        return min(foes, key=lambda foe: foe.place.distance(BASES[bot.team])).place
    return _by_lane(bot, BASES[bot.team.other])


def _by_lane(bot: Bot, base: Place) -> Place:
    """Keep to the bot's lane until the base is near, so that not all meet in the middle."""
    far = abs(base.x - bot.place.x) > HEIGHT // 2
    return Place(base.x, bot.home.y) if far else base


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


# -- fighting, capturing, ending --------------------------------------------------------------


def _fight(arena: Arena, chance: Random) -> tuple[Arena, list[Kill]]:
    bots = list(arena.bots)
    kills: list[Kill] = []
    for number in chance.sample(range(len(bots)), len(bots)):  # nobody always shoots first
        killer = bots[number]
        near = [foe for foe in bots if _can_fight(killer, foe)]
        if near and chance.random() < DEADLINESS:
            victim = chance.choice(near)
            kills.append(Kill(killer.number, victim.number, victim.carries))
            back_at = arena.tick + RESPAWN_TICKS
            bots[victim.number] = replace(victim, carries=False, back_at=back_at)
    return replace(arena, bots=tuple(bots)), kills


def _can_fight(bot: Bot, foe: Bot) -> bool:
    if not (bot.alive and foe.alive) or bot.team is foe.team:
        return False
    return bot.place.distance(foe.place) <= REACH


def _capture(arena: Arena) -> tuple[Arena, list[Capture]]:
    score = list(arena.score)
    bots: list[Bot] = []
    captures: list[Capture] = []
    for bot in arena.bots:
        home = bot.carries and bot.place == BASES[bot.team]
        if home:
            score[bot.team] += 1
            captures.append(Capture(bot.number, (score[0], score[1])))
        bots.append(replace(bot, carries=False) if home else bot)
    return replace(arena, bots=tuple(bots), score=(score[0], score[1])), captures


def _end(arena: Arena) -> tuple[Arena, list[Happening]]:
    round_ticks = arena.tick - arena.round_began
    if not (arena.over or round_ticks >= ROUND_TICKS or max(arena.score) >= CAPTURES_A_ROUND):
        return arena, []
    winner = _ahead(arena.score)
    rounds = list(arena.rounds)
    if winner is not None:
        rounds[winner] += 1
    endings: list[Happening] = [RoundOver(arena.round, winner)]
    arena = _next_round(replace(arena, rounds=(rounds[0], rounds[1])))
    if arena.over:
        endings.append(MatchOver(_ahead(arena.rounds), arena.rounds))
    return arena, endings


def _next_round(arena: Arena) -> Arena:
    home = (_at_home(bot.number, bot.team) for bot in arena.bots)
    return replace(
        arena,
        bots=tuple(home),
        round=arena.round + 1,
        round_began=arena.tick,
        score=(0, 0),
    )


def _ahead(score: tuple[int, int]) -> Team | None:
    if score[0] == score[1]:
        return None
    return Team.RED if score[0] > score[1] else Team.BLUE
