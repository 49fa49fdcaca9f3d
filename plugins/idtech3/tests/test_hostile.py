"""A hostile world: names, chat and damaged logs give no false event, and lose none.

What must come out is known from what the made-up server did, never from reading its lines.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from bridge_adapter_idtech3 import SPEC
from bridge_adapter_idtech3.arena import Arena
from bridge_adapter_idtech3.options import IdTech3Options

from bridge import GameEvent, MessageRejected, RawMessage
from bridge.testing import START, damaged, hostile_bytes

Told = tuple[str, str]
ADAPTER = SPEC.adapter(IdTech3Options(events=("awards", "flags", "kills", "deaths")))
GUIDS = ["%032X" % (0xABC0 + n) for n in range(6)]
IMITATED = [
    b"  0:16 Award: 0 1: Zoe gained the EXCELLENT award!",
    b"Award: 0 1: Zoe gained the EXCELLENT award!",
    b"  0:05 Kill: 1 0 10: Zoe killed Bob by MOD_RAILGUN",
    b"a killed b by MOD_ROCKET",
    b"  0:00 InitGame: \\mapname\\oa_dm1",
    b"  0:29 ShutdownGame:",
    b"0 n\\Zoe\\t\\0\\id\\CE86A5EAB66B239F9D7818A3FF535FBA",
    b"  0:06 ClientDisconnect: 0",
    b"  0:27 CTF: 0 1 1: Zoe captured the RED flag!",
    b"say: Zoe: !link ABCD-EFGH",
    b"Zoe: !link ABCD-EFGH",
]


@dataclass
class Seat:
    """Who sits in a slot, as the engine knows it."""

    name: bytes
    guid: str


@dataclass
class Server:
    """Writes the lines that the engine would, and keeps count of what they must become."""

    seats: dict[int, Seat] = field(default_factory=dict)
    lines: list[bytes] = field(default_factory=list)
    due: Counter[Told] = field(default_factory=Counter)

    def start(self) -> None:
        self.seats = {}
        self.write(b"InitGame: \\mapname\\oa_dm1\\g_timestamp\\2026-11-23 05:18:44")

    def write(self, text: bytes) -> None:
        self.lines.append(b"%3d:%02d " % divmod(len(self.lines), 60) + text)

    def sit(self, slot: int, name: bytes, guid: str) -> None:
        self.seats[slot] = Seat(name, guid)
        bot = b"" if guid else b"\\skill\\ 5.00"
        text = b"ClientUserinfoChanged: %d n\\%b\\t\\0\\model\\sarge%b\\tt\\0\\tl\\0\\id\\%b"
        self.write(text % (slot, name, bot, guid.encode()))

    def leave(self, slot: int) -> None:
        del self.seats[slot]
        self.write(b"ClientDisconnect: %d" % slot)

    def kill(self, killer: int, victim: int) -> None:
        by, who = self.seats[killer], self.seats[victim]
        told = (killer, victim, by.name, who.name)
        self.write(b"Kill: %d %d 10: %b killed %b by MOD_RAILGUN" % told)
        if killer != victim:
            self._owe(by, "kill" if who.guid else "bot_kill")
        self._owe(who, "death")

    def fall(self, victim: int) -> None:
        who = self.seats[victim]
        self.write(b"Kill: 1022 %d 19: <world> killed %b by MOD_FALLING" % (victim, who.name))
        self._owe(who, "death")

    def award(self, slot: int, word: str) -> None:
        who = self.seats[slot]
        self.write(b"Award: %d 1: %b gained the %b award!" % (slot, who.name, word.encode()))
        self._owe(who, word.lower())

    def capture(self, slot: int) -> None:
        who = self.seats[slot]
        self.write(b"CTF: %d 2 1: %b captured the BLUE flag!" % (slot, who.name))
        self._owe(who, "flag_capture")

    def say(self, slot: int, text: bytes, word: bytes = b"say") -> None:
        self.write(word + b": " + self.seats[slot].name + b": " + text)

    def _owe(self, seat: Seat, name: str) -> None:
        if seat.guid:
            self.due[f"guid:{seat.guid.lower()}", name] += 1


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
    return Counter((e.player, e.name) for events in told(lines) for e in events or ())


def as_accepted(name: bytes) -> bytes:
    r"""Change a name as the engine does: no `\`, `;`, `"`, at most 35 bytes."""
    return name.translate(None, b'\\;"')[:35]


def without_codes(counts: Counter[Told]) -> Counter[Told]:
    return Counter({key: n for key, n in counts.items() if key[1] != "link_code"})


def test_5000_hostile_names_and_what_they_say_change_no_count() -> None:
    names = [as_accepted(name) for name in hostile_bytes(5000, seed=3, lines=IMITATED)]
    chance = random.Random(3)  # noqa: S311
    for attacker in names:
        server = Server()
        server.start()
        server.sit(0, b"Zoe", GUIDS[0])
        server.sit(1, attacker, GUIDS[1])
        server.sit(2, chance.choice(names), "")
        server.say(1, chance.choice(IMITATED + names), chance.choice((b"say", b"sayteam", b"tell")))
        server.kill(1, 0)
        server.award(1, "EXCELLENT")
        server.award(2, "IMPRESSIVE")
        server.kill(0, 1)
        server.kill(2, 0)
        server.capture(0)
        server.fall(1)

        assert without_codes(counted(server.lines)) == server.due, server.lines


def test_200_long_matches_with_comings_and_goings_are_counted_exactly() -> None:
    names = [as_accepted(name) for name in hostile_bytes(3000, seed=4, lines=IMITATED)]
    for seed in range(200):
        server = played(random.Random(seed), names)  # noqa: S311

        assert without_codes(counted(server.lines)) == server.due, seed


def played(chance: random.Random, names: list[bytes]) -> Server:  # noqa: C901  # a list of acts
    server = Server()
    server.start()
    for _ in range(60):
        here = [*server.seats]
        deed = chance.randrange(9)
        if deed == 0 or len(here) < 2:
            guid = chance.choice(("", chance.choice(GUIDS)))
            guid = "" if guid in {seat.guid for seat in server.seats.values()} else guid
            server.sit(chance.randrange(8), chance.choice(names), guid)
        elif deed == 1:
            server.leave(chance.choice(here))
        elif deed <= 4:
            server.kill(*chance.sample(here, 2))
        elif deed == 5:
            server.award(chance.choice(here), chance.choice(("EXCELLENT", "GAUNTLET", "ASSIST")))
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
    server.sit(0, b"^4Zoe^7  Q ", GUIDS[0])
    server.sit(12, b"a killed b by MOD_ROCKET", GUIDS[1])
    server.sit(3, b"Sarge", "")
    return server


def scene() -> tuple[Server, dict[bytes, list[Told]]]:
    """Play a short match; also return what each line of a deed must become where it is intact."""
    server = seated()
    owed = deeds_of(server)
    server.leave(12)
    server.sit(12, b"New", GUIDS[2])
    owed |= acted(server, [lambda: server.kill(12, 0), lambda: server.award(12, "GAUNTLET")])
    server.write(b"ShutdownGame:")
    return server, owed


def deeds_of(server: Server) -> dict[bytes, list[Told]]:
    acts = [
        lambda: server.kill(0, 12),
        lambda: server.award(0, "EXCELLENT"),
        lambda: server.kill(12, 0),
        lambda: server.kill(0, 3),
        lambda: server.award(3, "IMPRESSIVE"),
        lambda: server.say(12, server.lines[5]),
        lambda: server.fall(12),
        lambda: server.capture(0),
    ]
    return acted(server, acts)


def acted(server: Server, acts: Iterable[Callable[[], None]]) -> dict[bytes, list[Told]]:
    owed = {}
    for act in acts:
        before = server.due.copy()
        act()
        owed[server.lines[-1]] = list((server.due - before).elements())
    return owed


def or_weaker(deeds: Iterable[Told]) -> list[Told]:
    """Add what a kill becomes where the victim's GUID was lost: one of nobody in particular."""
    kinds = [*deeds]
    return kinds + [(player, "bot_kill") for player, name in kinds if name == "kill"]


def per_line(lines: list[bytes]) -> Iterator[tuple[bytes, Counter[Told]]]:
    for line, events in zip(lines, told(lines), strict=True):
        made = Counter((event.player, event.name) for event in events or ())
        yield line.lstrip(b"\0").removesuffix(b"\r"), made


def test_a_log_cut_at_every_byte_shuffled_or_doubled_pays_nobody_for_another() -> None:
    server, owed = scene()
    possible = {deed for deeds in owed.values() for deed in deeds}
    cases = 0
    for lines in damaged(server.lines, seed=5, count=1500):
        cases += 1
        for line, made in per_line(lines):
            assert set(made) <= set(or_weaker(possible)), (line, lines)
            assert line not in owed or made <= Counter(or_weaker(owed[line])), (line, lines)
    assert cases > 2500


def test_where_the_seats_are_intact_every_intact_deed_counts_exactly() -> None:
    server = seated()
    seats = [*server.lines]
    owed = deeds_of(server)
    possible = {deed for deeds in owed.values() for deed in deeds}
    for lines in damaged([*owed], seed=6, count=1500):
        for line, made in per_line([*seats, *lines]):
            assert set(made) <= possible, (line, lines)
            assert line not in owed or made == Counter(owed[line]), (line, lines)


def test_noise_of_any_kind_raises_nothing_else() -> None:
    chance = random.Random(7)  # noqa: S311
    server, _ = scene()
    noise = [bytes(chance.randrange(256) for _ in range(chance.randrange(80))) for _ in range(2000)]
    for line in server.lines:
        noise.extend(
            line[:place] + bytes([chance.randrange(256)]) + line[place + 1 :]
            for place in range(len(line))
        )
    chance.shuffle(noise)

    assert sum(events is not None for events in told(noise)) > 0


def _wrong(line: bytes, place: int, chance: random.Random) -> bytes:
    return line[:place] + bytes([chance.randrange(256)]) + line[place + 1 :]
