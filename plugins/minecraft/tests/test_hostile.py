"""Whatever players write and disks lose: no false event, none lost, nothing raised but refusals.

What must come out is known from the making of the log, never read back from its lines.
"""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from bridge_adapter_minecraft.adapter import MinecraftAdapter
from bridge_adapter_minecraft.memory import MinecraftMemory
from bridge_adapter_minecraft.options import MinecraftOptions

from bridge import GameEvent, MessageRejected, RawMessage
from bridge.testing import damaged, hostile_bytes

NOW = datetime(2026, 11, 28, 18, 0, tzinfo=UTC)
TITLES = {
    "Stone Age": "story/mine_stone",
    "Isn't It Iron Pick": "story/iron_tools",
    "Not Today, Thank You": "story/deflect_arrow",
    'Not Quite "Nine" Lives': "nether/charge_respawn_anchor",
    "The End... Again...": "end/respawn_dragon",
    "Minecraft: Trial(s) Edition": "adventure/minecraft_trials_edition",
    "Two Birds, One Arrow": "adventure/two_birds_one_arrow",
}
VERBS = ("made the advancement", "completed the challenge", "reached the goal")
ALICE = "11111111-2222-4333-8444-555555555555"
BOB = "66666666-7777-4888-9999-aaaaaaaaaaaa"

Told = tuple[str, str]


def seeded(seed: str) -> random.Random:
    return random.Random(seed)  # noqa: S311  # no secret is made of it


class Reader:
    """Gives messages to the adapter as the bridge does, and keeps what it told."""

    def __init__(self, **options: object) -> None:
        self._adapter = MinecraftAdapter(MinecraftOptions.model_validate(options))
        self._memory = "{}"
        self.events: list[GameEvent] = []
        self.refused = 0

    @property
    def told(self) -> list[Told]:
        return [_told(event) for event in self.events]

    def read(self, body: bytes, file: str = "") -> None:
        memory = MinecraftMemory.model_validate_json(self._memory)
        message = RawMessage("minecraft", body, NOW, file=file)
        try:
            self.events += list(self._adapter.translate_with(message, memory))
        except MessageRejected:
            self.refused += 1
        else:
            self._memory = memory.model_dump_json()

    def read_all(self, lines: Iterable[bytes]) -> "Reader":
        for line in lines:
            self.read(line)
        return self


def _told(event: GameEvent) -> Told:
    what = event.name
    if what == "link_code":
        what = f"link_code {event.details['code']}"
    return event.player, what


@dataclass
class Server:
    """A made-up server that writes a log, and knows by itself what its players have earned."""

    chance: random.Random
    look: str
    chatter: Iterator[bytes]
    lines: list[bytes] = field(default_factory=list)
    earned: list[Told] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=dict)
    online: set[str] = field(default_factory=set)
    seconds: int = 0

    def write(self, thread: str, text: bytes) -> None:
        self.seconds = (self.seconds + self.chance.randint(0, 90)) % 86400
        clock = f"{self.seconds // 3600:02}:{self.seconds // 60 % 60:02}:{self.seconds % 60:02}"
        before = {
            "vanilla": f"[{clock}] [{thread}/INFO]: ",
            "paper": f"[{clock}] [{thread}/INFO]: ",
            "forge": f"[{clock}] [{thread}/INFO] [minecraft/DedicatedServer]: ",
            "neoforge": f"[28Nov2026 {clock}.250] [{thread}/INFO] [net.minecraft.server.X/]: ",
            "fabric": f"[{clock}] [{thread}/INFO] (Minecraft) ",
        }[self.look]
        self.lines.append(before.encode() + text)

    def say(self, text: str) -> None:
        if self.look == "paper" and self.chance.random() < 0.3:
            text = f"\x1b[0;32;22m{text}\x1b[m"
        self.write("Server thread", text.encode())

    def join(self) -> None:
        name = self.chance.choice(("Alice", "Bob", "x_X_killer_X_x", "_", "has", "Server"))
        if name in self.online:
            return
        uuid = self.accounts.setdefault(name, _account(self.chance))
        number = self.chance.randint(1, 99)
        self.write(f"User Authenticator #{number}", f"UUID of player {name} is {uuid}".encode())
        self.chat()
        where = self.chance.choice(("8.5, 70.0, -1.5", "[world]1.0, 2.0, 3.0"))
        self.say(f"{name}[/203.0.113.9:{number}] logged in with entity id {number} at ({where})")
        self.online.add(name)

    def leave(self) -> None:
        if self.online:
            name = self.chance.choice(sorted(self.online))
            self.online.discard(name)
            self.say(f"{name} lost connection: Disconnected")
            self.say(f"{name} left the game")

    def achieve(self) -> None:
        if self.online:
            name = self.chance.choice(sorted(self.online))
            title, what = self.chance.choice(list(TITLES.items()))
            self.say(f"{name} has {self.chance.choice(VERBS)} [{title}]")
            self.earned.append((f"minecraft:{self.accounts[name]}", what))

    def link(self) -> None:
        if self.online:
            name = self.chance.choice(sorted(self.online))
            code = "".join(self.chance.choices("ACDEFGHJ2346", k=8))
            self.write(self.chat_thread, f"<{name}> !link {code}".encode())
            self.earned.append((f"minecraft:{self.accounts[name]}", f"link_code {code}"))

    def chat(self) -> None:
        if self.online:
            name = self.chance.choice(sorted(self.online)).encode()
            self.write(self.chat_thread, _said(self.chance, name, next(self.chatter)))

    def restart(self) -> None:
        self.online.clear()
        self.say("Starting minecraft server version 1.21.4")

    @property
    def chat_thread(self) -> str:
        return "Async Chat Thread - #7" if self.look == "paper" else "Server thread"


def _account(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _said(chance: random.Random, name: bytes, text: bytes) -> bytes:
    """Return what the server writes where a player has a word in it."""
    # A blank before it: a code that was typed by chance would be a code.
    return chance.choice((
        b"<%b>  %b", b"[Not Secure] <%b>  %b", b"* %b %b", b"[%b] %b", b"[%b: %b]",
        b"%b issued server command: /%b", b"%b was slain by Zombie using [%b]",
        b"%b lost connections: %b", b"Kicked %b: %b", b"%b moved too quickly! %b",
    )) % (name, text)  # fmt: skip


IMITATIONS = [
    b"Alice has made the advancement [Stone Age]",
    b"[18:00:00] [Server thread/INFO]: Alice has made the advancement [Stone Age]",
    b"[18:00:00] [User Authenticator #1/INFO]: UUID of player Bob is " + ALICE.encode(),
    b"Bob[/203.0.113.9:1] logged in with entity id 7 at (1.0, 2.0, 3.0)",
    b"<Alice> !link ABCD-EFGH",
    b"UUID of player Bob is " + ALICE.encode(),
    b"UUID of player Alice is " + BOB.encode(),
    b"Alice left the game",
    b"Starting minecraft server version 1.21.4",
]


@pytest.mark.parametrize("look", ["vanilla", "paper", "forge", "neoforge", "fabric"])
def test_of_a_hostile_servers_log_exactly_what_was_earned_comes_out(look: str) -> None:
    chatter = hostile_bytes(10_000, seed=5, lines=IMITATIONS)
    for seed in range(60):
        server = Server(seeded(f"{look} {seed}"), look, chatter)
        doings = [server.join, server.leave, server.achieve, server.link, server.restart]
        for doing in server.chance.choices([*doings, server.chat], (6, 3, 8, 2, 0.3, 20), k=60):
            doing()
        reader = Reader().read_all(server.lines)

        assert (reader.told, reader.refused) == (server.earned, 0), f"seed {seed}"


HOME = [
    f"[18:00:00] [User Authenticator #1/INFO]: UUID of player Alice is {ALICE}".encode(),
    b"[18:00:01] [Server thread/INFO]: Alice[/203.0.113.9:1] logged in with entity id 7 at (1, 2)",
    f"[18:00:02] [User Authenticator #2/INFO]: UUID of player Bob is {BOB}".encode(),
    b"[18:00:03] [Server thread/INFO]: Bob[/203.0.113.9:2] logged in with entity id 8 at (1, 2)",
]


def test_no_word_of_a_player_earns_anything_or_puts_anybody_out() -> None:
    chance = seeded("words")
    reader = Reader().read_all(HOME)
    for text in hostile_bytes(4000, seed=11, lines=[*IMITATIONS, *HOME]):
        reader.read(b"[18:01:00] [Server thread/INFO]: " + _said(chance, b"Bob", text))
    assert reader.told == []
    reader.read(b"[18:02:00] [Server thread/INFO]: Alice has made the advancement [Stone Age]")

    assert reader.told == [(f"minecraft:{ALICE}", "story/mine_stone")]


def test_a_damaged_log_makes_nobody_a_player_and_nothing_an_advancement() -> None:
    log = [
        *HOME,
        b"[18:01:00] [Server thread/INFO]: Alice has made the advancement [Stone Age]",
        b"[18:01:01] [Server thread/INFO]: Bob has completed the challenge [Return to Sender]",
        b"[18:01:02] [Server thread/INFO]: <Bob> !link ABCD-EFGH",
        b"[18:01:03] [Server thread/INFO]: Alice lost connection: Disconnected",
        b"[18:01:04] [Server thread/INFO]: Bob has made the advancement [The End?]",
    ]
    true = set(Reader().read_all(log).told)
    assert len(true) == 4
    for variant in damaged(log, seed=3, count=2000):
        # A code that is cut short is another code, and nobody has given it out.
        told = {one for one in Reader().read_all(variant).told if "link_code" not in one[1]}

        assert told <= true, variant


def _file(done: Sequence[str], begun: Sequence[str]) -> bytes:
    content: dict[str, object] = {
        f"minecraft:{name}": {
            "criteria": {"x": f"2026-11-28 17:{number:02}:00 +0000"},
            "done": name in done,
        }
        for number, name in enumerate([*done, *begun])
    }
    return json.dumps(content | {"DataVersion": 2230}, indent=2).encode()


def test_of_a_file_that_is_seen_in_any_state_each_advancement_is_told_once() -> None:
    for seed in range(300):
        chance = seeded(f"file {seed}")
        names = chance.sample(list(TITLES.values()), chance.randint(1, len(TITLES)))
        reader, states = Reader(believe="files"), [b"", b"{}"]
        for count in range(len(names) + 1):
            states.append(_file(names[:count], names[count:]))
            for _ in range(chance.randint(1, 4)):
                state = chance.choice((states[-1], states[-1], chance.choice(states)))
                half = chance.random() < 0.4
                reader.read(state[: chance.randrange(len(state) + 1)] if half else state, _NAME)
        reader.read(states[-1], _NAME)

        assert sorted(reader.told) == sorted((f"minecraft:{ALICE}", name) for name in names)


_NAME = f"{ALICE}.json"


def test_a_file_that_is_cut_at_any_byte_is_refused() -> None:
    whole = _file(list(TITLES.values()), ["story/lava_bucket"])
    for length in range(len(whole)):
        reader = Reader()
        reader.read(whole[:length], _NAME)

        assert (reader.told, reader.refused) == ([], 1)


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b"null", b"7", b'"x"', b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}", b"\x00" * 512,
    ],
)  # fmt: skip
def test_what_is_no_advancement_file_is_refused(body: bytes) -> None:
    reader = Reader()
    reader.read(body, _NAME)

    assert (reader.told, reader.refused) == ([], 1)


@pytest.mark.parametrize(
    "entry",
    [
        "null", "[]", "7", '"done"', '{"done": "true"}', '{"done": 1}', '{"done": null}',
        '{"criteria": {"x": "2026-11-28 17:00:00 +0000"}}', '{"done": false}',
    ],
)  # fmt: skip
def test_an_entry_that_is_not_done_earns_nothing(entry: str) -> None:
    reader = Reader()
    reader.read(f'{{"minecraft:story/mine_stone": {entry}}}'.encode(), _NAME)

    assert (reader.told, reader.refused) == ([], 0)


def test_long_lines_are_read_in_no_time() -> None:
    reader = Reader().read_all(HOME)
    before = b"[18:01:00] [Server thread/INFO]: "
    for text in (
        b"Alice has made the advancement " + b"[" * 1_000_000 + b"]" * 1_000_000,
        b"Alice" + b"[" * 1_000_000 + b"] logged in with entity id " * 50_000,
        b"<Alice> !link " + b"A" * 1_000_000,
        b"\x1b[" * 1_000_000,
        b"[Not Secure] " * 100_000,
    ):
        reader.read(before + text)
        reader.read(b"[" * 1_000_000 + text)

    assert reader.told == []


def test_a_flood_of_names_that_never_come_in_is_forgotten() -> None:
    adapter, memory = MinecraftAdapter(MinecraftOptions()), MinecraftMemory()
    for number in range(3000):
        line = f"[18:00:00] [User Authenticator #1/INFO]: UUID of player n{number} is {BOB}"
        received = NOW + timedelta(seconds=number)
        adapter.translate_with(RawMessage("minecraft", line.encode(), received), memory)

    assert len(memory.waiting) == 1000
    assert "n2999" in memory.waiting
