"""A hostile world: nicks, chat and damaged logs give no false event, and lose none.

What must come out is known from what the made-up server did, never from reading its lines.
"""

import random
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from bridge_adapter_darkplaces import SPEC
from bridge_adapter_darkplaces.arena import Arena
from bridge_adapter_darkplaces.options import DarkPlacesOptions

from bridge import GameEvent, MessageRejected, RawMessage
from bridge.testing import START, damaged, hostile_bytes

Told = tuple[str, str]
ADAPTER = SPEC.adapter(DarkPlacesOptions(events=("kills", "flags", "deaths")))
ITEMS = b"type=7:items=7-1:victimitems=2"
HEX = "0123456789abcdefABCDEF"
IMITATED = [
    b":kill:frag:1:2:" + ITEMS,
    b":join:2:2:bot:Zoe",
    b":join:1:1:127.0.0.1:Zoe",
    b"127.0.0.1:Zoe",
    b":part:1",
    b":gamestart:dm_aggressor:0.391969",
    b":ctf:capture:5:14:1",
    b":name:1:Bob",
    b":time:2026-11-23 05:25:25",
    b":chat:1:!link ABCD-EFGH",
    b"!link ABCD-EFGH",
    b"^1Zoe^7",
    b"^xF0Zoe",
]


@dataclass
class Player:
    """Somebody with an id; `name` is what the adapter may call them, None where nothing."""

    name: str | None
    bot: bool


@dataclass
class Server:
    """Writes the lines that the game would, and keeps count of what they must become."""

    players: dict[int, Player] = field(default_factory=dict)
    lines: list[bytes] = field(default_factory=list)
    due: Counter[Told] = field(default_factory=Counter)

    def start(self) -> None:
        self.players = {}
        self.lines.append(b":time:2026-11-23 05:25:25")
        self.lines.append(b":gamestart:ctf_aggressor:0.391969")

    def join(self, number: int, nick: bytes, *, bot: bool = False) -> None:
        self.players[number] = Player(shown(nick), bot)
        address = b"bot" if bot else b"192.0.2.7"
        self.lines.append(b":join:%d:%d:%b:%b" % (number, number, address, nick))

    def rename(self, number: int, nick: bytes) -> None:
        self.players[number].name = shown(nick)
        self.lines.append(b":name:%d:%b" % (number, nick))

    def part(self, number: int) -> None:
        del self.players[number]
        self.lines.append(b":part:%d" % number)

    def kill(self, killer: int, victim: int) -> None:
        self.lines.append(b":kill:frag:%d:%d:%b" % (killer, victim, ITEMS))
        by, who = self.players[killer], self.players[victim]
        if by.name is None or by.name != who.name:
            self._owe(by, "bot_kill" if who.bot else "kill")
        self._owe(who, "death")

    def fall(self, victim: int) -> None:
        self.lines.append(b":kill:accident:%d:%d:type=30:items=7" % (victim, victim))
        self._owe(self.players[victim], "death")

    def capture(self, number: int) -> None:
        self.lines.append(b":ctf:capture:5:14:%d" % number)
        self._owe(self.players[number], "flag_capture")

    def say(self, number: int, text: bytes) -> None:
        self.lines.append(b":chat:%d:%b" % (number, text))

    def _owe(self, player: Player, name: str) -> None:
        if player.name is not None and not player.bot:
            self.due[f"name:{player.name}", name] += 1


def shown(nick: bytes) -> str | None:
    """Say what a nick shows, by going through it letter by letter."""
    try:
        left = nick.decode()
    except UnicodeDecodeError:
        return None
    seen = ""
    while left:
        if left[0] == "^" and left[1:2].isascii() and left[1:2].isdigit():
            left = left[2:]
        elif left[:2] == "^x" and len(left) >= 5 and all(c in HEX for c in left[2:5]):
            left = left[5:]
        else:
            seen += left[0]
            left = left[2:] if left[:2] == "^^" else left[1:]
    seen = unicodedata.normalize("NFC", seen).strip()
    usable = seen and len(seen) <= 100 and not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in seen)
    return seen if usable else None


def told(lines: Iterable[bytes]) -> Iterator[list[GameEvent] | None]:
    """Translate lines as the bridge does; None for a refused one, whose memory is dropped."""
    memory = Arena()
    for line in lines:
        copy = memory.model_copy(deep=True)
        try:
            events = list(ADAPTER.translate_with(RawMessage("log", line, START), copy))
        except MessageRejected:
            yield None
            continue
        memory = copy
        yield events


def counted(lines: Iterable[bytes]) -> Counter[Told]:
    made = Counter((e.player, e.name) for events in told(lines) for e in events or ())
    return Counter({deed: n for deed, n in made.items() if deed[1] != "link_code"})


def test_5000_hostile_nicks_and_what_they_say_change_no_count() -> None:
    nicks = [*hostile_bytes(5000, seed=3, lines=IMITATED)]
    chance = random.Random(3)  # noqa: S311
    for attacker in nicks:
        server = Server()
        server.start()
        server.join(1, b"^1Zoe^7")
        server.join(2, attacker)
        server.join(3, chance.choice(nicks), bot=True)
        server.say(2, chance.choice(IMITATED + nicks))
        server.kill(2, 1)
        server.kill(1, 2)
        server.kill(3, 1)
        server.kill(1, 3)
        server.capture(2)
        server.fall(1)

        assert counted(server.lines) == server.due, server.lines


def test_200_long_matches_with_comings_and_goings_are_counted_exactly() -> None:
    nicks = [*hostile_bytes(3000, seed=4, lines=IMITATED)]
    for seed in range(200):
        server = played(random.Random(seed), nicks)  # noqa: S311

        assert counted(server.lines) == server.due, seed


def played(chance: random.Random, nicks: list[bytes]) -> Server:  # noqa: C901  # a list of acts
    server = Server()
    server.start()
    for _ in range(60):
        here = [*server.players]
        deed = chance.randrange(9)
        if deed == 0 or len(here) < 2:
            server.join(chance.randrange(1, 9), chance.choice(nicks), bot=chance.random() < 0.3)
        elif deed == 1:
            server.part(chance.choice(here))
        elif deed == 2:
            server.rename(chance.choice(here), chance.choice(nicks))
        elif deed <= 5:
            server.kill(*chance.sample(here, 2))
        elif deed == 6:
            server.capture(chance.choice(here))
        elif deed == 7:
            server.say(chance.choice(here), chance.choice(server.lines))
        else:
            server.fall(chance.choice(here))
        if chance.random() < 0.02:
            server.start()
    return server


# -- damaged logs -----------------------------------------------------------------------------


def seated() -> Server:
    server = Server()
    server.start()
    server.join(1, b"^4Zoe^7")
    server.join(2, b"a:kill:b")
    server.join(3, b"[BOT]Sarge", bot=True)
    return server


def deeds_of(server: Server) -> dict[bytes, list[Told]]:
    acts = [
        lambda: server.kill(1, 2),
        lambda: server.kill(2, 1),
        lambda: server.kill(1, 3),
        lambda: server.kill(3, 2),
        lambda: server.say(2, server.lines[5]),
        lambda: server.fall(2),
        lambda: server.capture(1),
    ]
    return acted(server, acts)


def acted(server: Server, acts: Iterable[Callable[[], None]]) -> dict[bytes, list[Told]]:
    owed = {}
    for act in acts:
        before = server.due.copy()
        act()
        owed[server.lines[-1]] = list((server.due - before).elements())
    return owed


def per_line(lines: list[bytes]) -> Iterator[tuple[bytes, Counter[Told]]]:
    for line, events in zip(lines, told(lines), strict=True):
        made = Counter((event.player, event.name) for event in events or ())
        yield line.lstrip(b"\0").removesuffix(b"\r"), made


def test_where_the_ids_are_intact_every_intact_deed_counts_exactly() -> None:
    server = seated()
    seats = [*server.lines]
    owed = deeds_of(server)
    possible = {deed for deeds in owed.values() for deed in deeds}
    cases = 0
    for lines in damaged([*owed], seed=6, count=2000):
        cases += 1
        for line, made in per_line([*seats, *lines]):
            assert set(made) <= possible, (line, lines)
            assert line not in owed or made == Counter(owed[line]), (line, lines)
    assert cases > 2200


def test_where_anything_is_damaged_nobody_is_paid_for_what_no_line_says() -> None:
    server = seated()
    owed = deeds_of(server)
    kinds = {line: Counter(name for _, name in deeds) for line, deeds in owed.items()}
    for lines in damaged(server.lines, seed=5, count=2000):
        for line, made in per_line(lines):
            if line in kinds:
                assert Counter(name for _, name in made.elements()) <= kinds[line], (line, lines)


def test_noise_of_any_kind_raises_nothing_else() -> None:
    chance = random.Random(7)  # noqa: S311
    server = seated()
    deeds_of(server)
    noise = [bytes(chance.randrange(256) for _ in range(chance.randrange(80))) for _ in range(2000)]
    for line in server.lines:
        noise.extend(_wrong(line, place, chance) for place in range(len(line)))
    chance.shuffle(noise)

    assert sum(events is not None for events in told(noise)) > 0


def _wrong(line: bytes, place: int, chance: random.Random) -> bytes:
    return line[:place] + bytes([chance.randrange(256)]) + line[place + 1 :]
