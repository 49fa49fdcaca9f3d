"""Declarations as an operator writes them, and what they make of lines."""

from datetime import UTC, datetime
from pathlib import Path

from bridge.adapters.contract import Adapter
from bridge.adapters.declared import declared
from bridge.adapters.registry import build
from bridge.events import GameEvent, RawMessage

ARENA = r"""
description = "Log of the arena game"
identity = "platform"
refuse = ['\[[^\]]*\] ACHV .*']

[events.award]
line = '\[(?P<t>\S+)\] ACHV player=(?P<player>steam:\d{17}) name="(?P<name>\w+)" round=(?P<n>\d+)'
player = "{player}"
name = "{name}"
occurred_at = "{t}"
details = { round = "{n:int}", from = "the arena" }

[events.win]
line = 'WIN (?P<id>\d+) (?P<player>\d{17})(?: map=(?P<map>\w+))?'
player = "steam:{player}"
name = "match_won"
id = "win-{id}"
details = { map = "{map}", ranked = true }
"""
STEAM = "steam:76561198000000001"


def built(toml: str = ARENA, name: str = "arena.toml") -> Adapter:
    return build(declared(Path(name), toml.encode()), {})


def translated(line: str | bytes, toml: str = ARENA) -> list[GameEvent]:
    body = line.encode() if isinstance(line, str) else line
    received = datetime(2026, 1, 1, tzinfo=UTC)
    return list(built(toml).translate(RawMessage("arena", body, received)))


def one(**keys: str) -> str:
    """Write a declaration of one event, whose keys can be changed or, with "", left out."""
    said = {
        "line": r"'(?P<who>\w+) (?P<what>\w+)'",
        "player": '"name:{who}"',
        "name": '"{what}"',
        **keys,
    }
    return 'description = "x"\n[events.it]\n' + "".join(
        f"{key} = {value}\n" for key, value in said.items() if value
    )
