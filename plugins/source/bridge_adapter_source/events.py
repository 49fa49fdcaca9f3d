"""What a deed in the log is worth telling: game events with their details.

In: a saying, the game it happened in, the options. Out: events without id and time. Knows nothing
of lines, posts or time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pydantic import JsonValue

from bridge import MessageRejected
from bridge_adapter_source.grammar import (
    Accolade,
    Assist,
    Bombed,
    Damaged,
    Kill,
    LinkCode,
    Person,
    Saying,
    Triggered,
)
from bridge_adapter_source.identity import is_bot, player_of, shown
from bridge_adapter_source.memory import Game
from bridge_adapter_source.options import SourceOptions

#: Names that this adapter gives itself: no plugin may pass off its event as one of them.
OWN_NAMES = frozenset({"kill", "teamkill", "death", "assist", "link_code"})
_OWN_PREFIX = "accolade_"

_NO_TEAMS = frozenset({"", "Unassigned", "unassigned", "Spectator", "SPECTATOR"})
_OWN_DETAILS = frozenset({"match", "map", "team", "against"})
_MOST_PROPERTIES = 12
_LONGEST_PROPERTY = 100

Details = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Deed:
    """One player's part in what a line tells."""

    player: str
    name: str
    details: Details


def deeds_of(said: Saying, game: Game, options: SourceOptions) -> Iterator[Deed]:
    """Yield what `said` is worth telling.

    Raises:
        MessageRejected: the line begins like a deed and is damaged.
    """
    match said:
        case Kill():
            yield from _kill(said, options)
        case Bombed(victim):
            yield from _deed(victim, "death", {"cause": "bomb", **_team(victim)})
        case Assist():
            yield from _assist(said, options)
        case Triggered():
            yield from _triggered(said, options)
        case LinkCode(player, code):
            yield from _deed(player, "link_code", {"code": code})
        case Accolade():
            yield from _accolade(said, game, options)
        case Damaged(player) if not is_bot(player.auth):
            raise MessageRejected("a line about a player's deed is cut off or not known here")
        case _:
            pass


def is_deed(said: Saying | None) -> bool:
    """Return whether `said` is a deed whose line may be kept: no chat, nothing of the server."""
    return isinstance(said, Kill | Bombed | Assist | Triggered | Accolade)


def _deed(person: Person, name: str, details: Details) -> Iterator[Deed]:
    if player := player_of(person.auth):
        yield Deed(player, name, details)


def _kill(kill: Kill, options: SourceOptions) -> Iterator[Deed]:
    killer, victim = kill.killer, kill.victim
    custom = kill.properties.get("customkill", "")
    if custom == "feign_death":  # a spy who plays dead
        return
    how: Details = {"weapon": kill.weapon, "headshot": _is_headshot(kill, custom)}
    if flags := sorted((kill.flags | {custom}) - {"", "headshot"}):
        how["flags"] = list(flags)
    if (killer.uid, killer.auth) == (victim.uid, victim.auth):
        yield from _deed(victim, "death", {"cause": "suicide", **how, **_team(victim)})
        return
    name = "teamkill" if _is_mate(killer, victim) and not options.free_for_all else "kill"
    sides: Details = {**_team(killer), "victim_team": victim.team}
    if options.bots or not is_bot(victim.auth):
        yield from _deed(killer, name, {**how, "victim": shown(victim.auth), **sides})
    if options.bots or not is_bot(killer.auth):
        told: Details = {"cause": name, **how, "killer": shown(killer.auth), **_team(victim)}
        yield from _deed(victim, "death", told)


def _is_headshot(kill: Kill, custom: str) -> bool:
    return "headshot" in kill.flags or custom.startswith("headshot")


def _assist(assist: Assist, options: SourceOptions) -> Iterator[Deed]:
    player, victim = assist.player, assist.victim
    if _is_mate(player, victim) and not options.free_for_all:
        return
    if options.bots or not is_bot(victim.auth):
        details: Details = {"victim": shown(victim.auth), **_team(player)}
        yield from _deed(player, "assist", details)


def _triggered(deed: Triggered, options: SourceOptions) -> Iterator[Deed]:
    name = deed.name
    if name in OWN_NAMES or name.startswith(_OWN_PREFIX):
        return
    if not any(fnmatchcase(name, pattern) for pattern in options.triggered):
        return
    if deed.torn and not is_bot(deed.player.auth):
        raise MessageRejected("a line about a player's deed is cut off or not known here")
    details: Details = {**_properties(deed), **_team(deed.player)}
    if deed.against is not None:
        details["against"] = shown(deed.against)
    yield from _deed(deed.player, name, details)


def _properties(deed: Triggered) -> Details:
    """Return what the game or the plugin adds, but for what only the adapter may say."""
    some = list(deed.properties.items())[:_MOST_PROPERTIES]
    return {
        key: value
        for key, value in some
        if len(value) <= _LONGEST_PROPERTY and key not in _OWN_DETAILS
    }


def _accolade(accolade: Accolade, game: Game, options: SourceOptions) -> Iterator[Deed]:
    """Give the award to the only one of that name; the line's number is nobody's user id."""
    if not options.accolades or game.match is None:
        return
    if player := game.only(accolade.name):
        details: Details = {
            "value": accolade.value,
            "place": accolade.place,
            "score": accolade.score,
        }
        yield Deed(player, f"{_OWN_PREFIX}{accolade.award}", details)


def _is_mate(one: Person, other: Person) -> bool:
    return one.team == other.team and one.team not in _NO_TEAMS


def _team(person: Person) -> Details:
    return {"team": person.team} if person.team else {}
