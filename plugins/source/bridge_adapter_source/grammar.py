"""What a log line says, as a value: a kill, an achievement, a chat code, the start of a match.

In: a line's text after its time. Out: what it says, or None for idle talk. Knows nothing of who is
paid, nor of what was said before.

A line about a player begins `"NAME<uid><auth><team>" VERB`. NAME is whatever the player likes, and
what follows `say` too, so: the player ends at the *first* quote that closes a number in brackets
and up to two more brackets (the last ones before it count), the verb must follow there, and the
rest must fit to the end of the line with no quote where the engine writes none. A player whose
name holds a false end and a false verb then leaves a rest that fits nothing; a chat line, whatever
is typed, has the verb `say`. The console has one pair of brackets and is nobody, as is whoever has
two. What starts with a quote and may be no player at all, such as a setting with a hostile value,
is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_END = re.compile(r'<(\d{1,10})>(?:<([^<>"]{0,64})>(?:<([^<>"]{0,64})>)?)?"', re.ASCII)
#: A quote within a name that might be the end of something else, such as `"sv_tags" = "…`.
_LOOKS_LIKE_TEXT = re.compile(r'"[ =:,]')
_VERB = re.compile(r"(?: \[[-0-9. ]{1,60}\])? (killed|triggered|committed suicide with) \"")
_WITH = re.compile(r'(?: \[[-0-9. ]{1,60}\])? with "([^"]{0,80})"')
_AGAINST = re.compile(
    r' against "[^"]{0,300}<\d{1,10}><([^<>"]{1,64})><[^<>"]{0,64}>"(?: with "[^"]{0,80}")?',
    re.ASCII,
)
_ASSISTED = re.compile(r" assisted killing \"")
_BOMBED = re.compile(r"(?: \[[-0-9. ]{1,60}\])? was killed by the bomb\.")
_RENAMED = re.compile(r' changed name to "(.*)"', re.DOTALL)
_LEFT = re.compile(r" disconnected(?: \(reason \".*\"\))?", re.DOTALL)
_LINK = re.compile(r' say(?:_team)? "!link ([A-Za-z0-9]{4}-?[A-Za-z0-9]{4}) *"(?: \(dead\))?')
_PROPERTY = re.compile(r' \((?:(\w{1,40}) "([^"]{0,512})"|([a-z_ ]{1,80}))\)', re.ASCII)
_SITE = re.compile(r" at bombsite (\w{1,20})", re.ASCII)
_NAME = re.compile(r'([^"<>\x00-\x1f\x7f\ufffd]{1,120})"')
_WEAPON = re.compile(r'([^"]{0,80})"')
_ACCOLADE = re.compile(
    r"ACCOLADE, FINAL: \{(\w{1,60})\},\t(.{1,300})<\d{1,10}>,"
    r"\tVALUE: (-?\d{1,12}\.\d{1,9}),\tPOS: (\d{1,3}),\tSCORE: (-?\d{1,12}\.\d{1,9})",
    re.ASCII,
)
_START = re.compile(
    r'(?:(Loading) map "([^"]{1,120})"|(Started) map "([^"]{1,120})"(?: \(CRC "[^"]*"\))?'
    r'|World triggered "(Match_Start)" on "([^"]{1,120})")'
)
_LOG_START = re.compile(r"Log file started \(file \".*\"\)", re.DOTALL)

Properties = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a line speaks of; `auth` is the engine's id, as written."""

    name: str
    uid: str
    auth: str
    team: str


@dataclass(frozen=True, slots=True)
class Kill:
    """`victim` is the killer where somebody killed themselves."""

    killer: Person
    victim: Person
    weapon: str
    flags: frozenset[str] = frozenset()
    properties: Properties = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bombed:
    """Somebody died by the bomb that the other team had planted, or their own."""

    victim: Person


@dataclass(frozen=True, slots=True)
class Assist:
    """Somebody helped to kill `victim`."""

    player: Person
    victim: Person


@dataclass(frozen=True, slots=True)
class Triggered:
    """Somebody did what the game or a plugin calls `name`; `against` is the other one's id.

    `torn`: the line goes on after the name in a way that is not known. Nobody should be paid for
    it, and whoever does not ask for this name need not hear of it.
    """

    player: Person
    name: str
    against: str | None = None
    properties: Properties = field(default_factory=dict)
    torn: bool = False


@dataclass(frozen=True, slots=True)
class LinkCode:
    """Somebody typed a code in chat."""

    player: Person
    code: str


@dataclass(frozen=True, slots=True)
class Renamed:
    """Somebody goes by another name from now on."""

    player: Person
    name: str


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody left the server."""

    player: Person


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody did something that is nobody's business but shows that they are here."""

    player: Person


@dataclass(frozen=True, slots=True)
class Accolade:
    """Whoever is called `name` was the best at `award`; the line has no id of theirs."""

    name: str
    award: str
    value: float
    place: int
    score: float


@dataclass(frozen=True, slots=True)
class Start:
    """A map or match starts; `word` is `Loading`, `Started`, `Match_Start` or `Log`."""

    word: str
    map: str | None = None


@dataclass(frozen=True, slots=True)
class Damaged:
    """The line begins like a deed, and does not end like one."""

    player: Person


Saying = (
    Kill
    | Bombed
    | Assist
    | Triggered
    | LinkCode
    | Renamed
    | Left
    | Seen
    | Accolade
    | Start
    | Damaged
)


def read(text: str) -> Saying | None:
    """Return what `text` says, None for idle talk."""
    if not text.startswith('"'):
        return _about_the_game(text)
    end = _END.search(text, 1)
    player = _person(text, 1, end) if end else None
    return _about(player, text, end.end()) if end and player else None


def _about_the_game(text: str) -> Saying | None:
    if match := _START.fullmatch(text):
        word, name = (part for part in match.groups() if part is not None)
        return Start(word, name)
    if match := _ACCOLADE.fullmatch(text):
        award, name, value, place, score = match.groups()
        return Accolade(name, award, float(value), int(place), float(score))
    return Start("Log") if _LOG_START.match(text) else None


def _about(player: Person, text: str, at: int) -> Saying | None:
    said = _said(player, text, at)
    if isinstance(said, Seen | Damaged) or not _LOOKS_LIKE_TEXT.search(player.name):
        return said
    return Damaged(player) if said else None


def _said(player: Person, text: str, at: int) -> Saying | None:
    if verb := _VERB.match(text, at):
        return _DEEDS[verb[1]](player, text, verb.end()) or Damaged(player)
    if assisted := _ASSISTED.match(text, at):
        return _assist(player, text, assisted.end()) or Damaged(player)
    if _BOMBED.fullmatch(text, at):
        return Bombed(player)
    if link := _LINK.fullmatch(text, at):
        return LinkCode(player, link[1])
    return _movement(player, text, at)


def _movement(player: Person, text: str, at: int) -> Saying | None:
    """Read what only says who is here; a second player in the line would leave doubts who."""
    if _END.search(text, at):
        return None
    if renamed := _RENAMED.fullmatch(text, at):
        return Renamed(player, renamed[1])
    return Left(player) if _LEFT.fullmatch(text, at) else Seen(player)


def _killed(killer: Person, text: str, at: int) -> Kill | None:
    found = _only_person(text, at)
    if found is None:
        return None
    victim, at = found
    weapon = _WITH.match(text, at)
    rest = _properties(text, weapon.end()) if weapon else None
    return Kill(killer, victim, weapon[1], *rest) if weapon and rest else None


def _suicide(player: Person, text: str, at: int) -> Kill | None:
    weapon = _WEAPON.match(text, at)
    rest = _properties(text, weapon.end()) if weapon else None
    return Kill(player, player, weapon[1], *rest) if weapon and rest else None


def _assist(player: Person, text: str, at: int) -> Assist | None:
    found = _only_person(text, at)
    return Assist(player, found[0]) if found and found[1] == len(text) else None


def _triggered(player: Person, text: str, at: int) -> Triggered | None:
    name = _NAME.match(text, at)
    if name is None:
        return None
    against = _AGAINST.match(text, name.end())
    at = against.end() if against else name.end()
    site = _SITE.match(text, at)
    rest = _properties(text, site.end() if site else at)
    if rest is None:
        return Triggered(player, name[1], torn=True)
    where = {"site": site[1]} if site else {}
    return Triggered(player, name[1], against[1] if against else None, {**rest[1], **where})


_DEEDS = {"killed": _killed, "committed suicide with": _suicide, "triggered": _triggered}


def _only_person(text: str, at: int) -> tuple[Person, int] | None:
    """Read the person at `at` whose quote is open, and where they end; None where two could be."""
    ends = list(_END.finditer(text, at))
    person = _person(text, at, ends[0]) if len(ends) == 1 else None
    return (person, ends[0].end()) if person else None


def _person(text: str, at: int, end: re.Match[str]) -> Person | None:
    """Return the person from `at` to `end`, None where the last three brackets are not there."""
    uid, auth, team = end.groups()
    return None if team is None else Person(text[at : end.start()], uid, auth, team)


def _properties(text: str, at: int) -> tuple[frozenset[str], Properties] | None:
    """Read `(word …)` and `(key "value")` up to the end of the line; None where it is not that."""
    flags: set[str] = set()
    properties: dict[str, str] = {}
    while at < len(text):
        match = _PROPERTY.match(text, at)
        if match is None:
            return None
        if match[1]:
            properties[match[1]] = match[2]
        else:
            flags.update(match[3].split())
        at = match.end()
    return frozenset(flags), properties
