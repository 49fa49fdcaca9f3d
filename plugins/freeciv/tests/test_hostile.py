"""Whatever players are called and whatever becomes of the log: what is earned is paid, no more.

A model of the server writes the log and knows what was gained; a second, plain reading of a line
(no pattern, only `startswith` and `json`) says what a damaged one is still worth.
"""

import json
import random
from collections import Counter
from datetime import UTC, datetime

from bridge_adapter_freeciv import SPEC
from bridge_adapter_freeciv.adapter import FreecivOptions

from bridge import GameEvent, MessageRejected, RawMessage
from bridge.testing import damaged, hostile_bytes, hostile_names

LUA = b"2: in luascript_log_vargs() [luascript.c::433]: "
ADAPTER = SPEC.adapter(FreecivOptions())
CONSOLE = SPEC.adapter(FreecivOptions(console=True))
RECEIVED = datetime(2026, 1, 1, tzinfo=UTC)

Deed = tuple[str, str, int, bool]


def told(player: str, achievement: str, turn: int, *, human: bool = True) -> bytes:
    """Write the line as `ach.lua` does."""
    parts = {"achievement": achievement, "first": True, "turn": turn, "human": human}
    document = json.dumps({**parts, "nation": "Turkish", "player": player}, separators=(",", ":"))
    return b"ACHIEVEMENT " + document.encode()


LINES = [
    LUA + told("Alice", "Land Ahoy", 5),
    told("Alice", "Land Ahoy", 5),
    b"2: in f() [x.c::1]: ",
]


def translated(line: bytes, adapter: object = ADAPTER) -> list[GameEvent]:
    """Translate one line; a refusal gives nothing, anything else that is raised fails the test."""
    try:
        return list(adapter.translate(RawMessage("civ", line, RECEIVED)))  # type: ignore[attr-defined]
    except MessageRejected:
        return []


def deeds(events: list[GameEvent]) -> list[Deed]:
    return [
        (event.player, event.name, event.details["turn"], event.details["first"])  # type: ignore[misc]
        for event in events
    ]


# -- names ----------------------------------------------------------------------------------


def prose(name: bytes) -> list[bytes]:
    """Write what the server says of a name in lines that are no achievement."""
    return [
        b"2: in announce_player() [srv_main.c::2700]: " + name + b" rules the Turks.",
        b"2: in server_remove_player() [plrhand.c::1699]: Removing player " + name + b".",
        b"2: in notify() [x.c::1]: " + name,
        b"2: in luascript_log_vargs() [luascript.c::433]: The ruleset greets " + name,
        name + b": " + name,
        b"<" + name + b"> " + name,
    ]


def test_a_name_that_imitates_the_log_earns_nothing() -> None:
    for name in hostile_bytes(3000, seed=1, lines=LINES):
        for line in prose(name):
            assert translated(line) == [], line


def test_a_line_that_is_said_in_the_console_earns_nothing() -> None:
    for name in hostile_bytes(2000, seed=2, lines=LINES):
        assert translated(b"Zoe: " + name, CONSOLE) == []
        assert translated(b"<" + name + b"> x", CONSOLE) == []
        assert translated(b"2: " + name + b" rules the Turks.", CONSOLE) == []


def test_every_leader_gains_under_his_own_name_whatever_it_is() -> None:
    for turn, name in enumerate(hostile_names(5000, seed=3, lines=LINES)):
        line = LUA + told(name[:48], "Land Ahoy", turn)

        assert deeds(translated(line)) == [(f"name:{name[:48]}", "Land Ahoy", turn, True)]


def test_a_computer_gains_nothing_whatever_it_is_called() -> None:
    for name in hostile_names(2000, seed=4, lines=LINES):
        assert translated(LUA + told(name[:48], "Land Ahoy", 1, human=False)) == []


# -- damages --------------------------------------------------------------------------------


def log_of_a_game(seed: int) -> tuple[list[bytes], list[Deed]]:
    """Play a game of a few turns: its log, and what human players gained in it."""
    chance = random.Random(seed)  # noqa: S311  # a test's game
    names = [name[:48] for name in hostile_names(120, seed=seed, lines=LINES)]
    log: list[bytes] = []
    gained: list[Deed] = []
    for turn in range(6):
        name, human = chance.choice(names), chance.random() < 0.7
        log.append(chance.choice(prose(name.encode())))
        log.append(LUA + told(name, "Metropolis", turn, human=human))
        if human:
            gained.append((f"name:{name}", "Metropolis", turn, True))
    return log, gained


def worth(line: bytes) -> list[Deed]:
    """Read one line in another way than the adapter does."""
    begin = LUA + b"ACHIEVEMENT "
    if not line.startswith(begin):
        return []
    try:
        document = json.loads(line[len(begin) :].decode())
        document["player"].encode()
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
    names = ("achievement", "nation", "player")
    kinds = {"first": bool, "turn": int, "human": bool, **dict.fromkeys(names, str)}
    if {key: type(value) for key, value in document.items()} != kinds or not document["human"]:
        return []
    if not all(1 <= len(document[key]) <= 100 for key in names) or document["turn"] < 0:
        return []
    return [
        (f"name:{document['player']}", document["achievement"], document["turn"], document["first"])
    ]


def test_a_whole_game_gives_what_was_gained_in_it() -> None:
    for seed in range(200):
        log, gained = log_of_a_game(seed)

        assert [deed for line in log for deed in deeds(translated(line))] == gained


def test_a_damaged_log_gives_what_its_whole_lines_say_and_no_more() -> None:
    lines: Counter[bytes] = Counter()
    for seed in range(8):
        log, _ = log_of_a_game(seed)
        for variant in damaged(log, seed=seed, count=600):
            lines.update(variant)
    for line in lines:
        assert deeds(translated(line)) == worth(line), line

    assert sum(lines.values()) > 100_000
    assert len(lines) > 5000
