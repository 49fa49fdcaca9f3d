"""The commented configuration, made from the settings' models.

In: the values that are to stand uncommented. Out: TOML text in which every setting appears with
its meaning and its default, and `Section`s that pages are made of.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ByteSize
from pydantic.fields import FieldInfo

from bridge.record import record
from bridge.settings.models import Settings
from bridge.settings.rules import CapSettings

#: The id that `check` recognises as not yet edited.
EXAMPLE_CAMPAIGN = "your-campaign-id"

#: What a setting without a default might say.
EXAMPLES: Mapping[tuple[str, str], object] = {
    ("http", "unix"): "/run/campaign-bridge/http.sock",
    ("http", "token_file"): "token",
    ("tokens", "role"): "operator",
    ("tokens", "file"): "operator-token",
    ("outbox", "url"): "sqlite:////var/lib/campaign-bridge/outbox.db",
    ("adapters", "plugins_dir"): "plugins",
    ("campaigns", "id"): EXAMPLE_CAMPAIGN,
    ("campaigns", "environment"): "test",
    ("campaigns", "api_key_file"): "api-key",
    ("rules", "match"): "first_blood",
    ("rules", "campaign"): EXAMPLE_CAMPAIGN,
    ("rules", "event_code"): "FIRST_BLOOD",
    ("rules", "feat"): "first_blood",
    ("rules", "where"): {"mode": "ranked", "weapon": ["rail", "rocket"]},
    ("rules", "counter"): {"to": 5, "per": ["player", "match"], "reset_on": ["death"]},
    ("rules", "caps"): {"player_day": 10, "campaign_day": 500},
    ("tokens", "sources"): ["arena"],
    ("sources", "name"): "arena",
    ("sources", "adapter"): "minecraft",
    ("sources", "udp"): "127.0.0.1:27500",
    ("sources", "file"): "/srv/minecraft/logs/latest.log",
    ("sources", "state_files"): "/srv/minecraft/world/advancements/*.json",
    ("sources", "token_file"): "arena-secret",
    ("sources", "allowed_senders"): ["127.0.0.1"],
    ("sources", "options"): {"timezone": "Europe/Berlin"},
    ("linking", "held_expires"): "90d",
    ("link_page", "listen"): "127.0.0.1:8796",
    ("link_page", "public_url"): "https://play.example.org",
    ("link_page", "campaign"): EXAMPLE_CAMPAIGN,
    ("webhooks", "listen"): "0.0.0.0:8795",
    ("brakes", "source_minute"): 600,
}

#: Settings that exclude what else is shown; they stay a comment when a `#` is taken away.
_INSTEAD = {("sources", "udp"), ("sources", "token_file"), ("sources", "allowed_senders")}

_HEAD = """\
# campaign-bridge: a game server's achievements, each paid exactly once.
# A line that begins with # and a name shows a setting's default, or an example.
"""
#: For a daemon that its user has started.
_BY_HAND = """\
# After a change: `campaign-bridge check`, then `campaign-bridge reload`.
"""

_NOTES: Mapping[str, str] = {
    "rules": (
        "Without any rule every achievement is paid under its own name: with an id once for each\n"
        "id, else once for ever. Decide before the first payout: rules that have made entries can\n"
        "only be followed by new ones, for changing them could pay feats a second time."
    ),
    "campaigns": "One [[campaigns]] table for each campaign.",
    "sources": "An engine with words of its own is a source; sources.md of the docs has examples.",
    "tokens": "Further tokens, one [[tokens]] table each.",
}

_MIB = 1024 * 1024

Given = Mapping[str, Mapping[str, object]]


@record
class Setting:
    """One setting: its name, what it means, its default as TOML (None: there is none)."""

    name: str
    meaning: str
    default: str | None
    required: bool


@record
class Table:
    """One table of the file; `array` says that it may stand there several times."""

    name: str
    meaning: str
    array: bool
    settings: tuple[Setting, ...]

    @property
    def heading(self) -> str:
        """The line that begins it."""
        return f"[[{self.name}]]" if self.array else f"[{self.name}]"


def tables() -> list[Table]:
    """Return every table of the configuration, in the order of the models."""
    return [_table(name, field) for name, field in Settings.model_fields.items()]


def config_text(given: Given, note: str = "") -> str:
    """Return a configuration in which `given` stands, and all else as a comment.

    `note` are further lines at its beginning, in place of those for a daemon by hand.
    """
    return "\n".join([_HEAD + (note or _BY_HAND), *(_section(table, given) for table in tables())])


# -- from the models ------------------------------------------------------------------------


def _table(name: str, field: FieldInfo) -> Table:
    kind: Any = field.annotation
    array = bool(get_args(kind))
    model: type[BaseModel] = get_args(kind)[0] if array else kind
    meaning = (model.__doc__ or "").strip().splitlines()[0]
    settings = tuple(_setting(key, info) for key, info in model.model_fields.items())
    return Table(name, meaning, array, settings)


def _setting(name: str, info: FieldInfo) -> Setting:
    required = info.is_required()
    absent = required or info.default in (None, {}, CapSettings())
    default = None if absent else toml(info.default)
    return Setting(name, info.description or "", default, required)


def toml(value: object) -> str:
    """Write a value as the configuration would."""
    match value:
        case timedelta():
            return json.dumps(_duration(value))
        case ByteSize() if value and value % _MIB == 0:
            return json.dumps(f"{value // _MIB} MiB")
        case bool() | int() | float():
            return str(value).lower()
        case dict():
            return "{ " + ", ".join(f"{name} = {toml(v)}" for name, v in value.items()) + " }"
        case tuple() | list():
            return f"[{', '.join(map(toml, value))}]"
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _duration(length: timedelta) -> str:
    seconds = length.total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:.0f}{unit}"
    return f"{seconds * 1000:.0f}ms"


# -- the text -------------------------------------------------------------------------------


def _section(table: Table, given: Given) -> str:
    values = given.get(table.name, {})
    told = [table.meaning, *_NOTES.get(table.name, "").splitlines()]
    lines = [f"# {line}" for line in told if line]
    # A table whose every line is a comment stays one: an empty [[rules]] would be a rule.
    lines.append(table.heading if values or not table.array else f"#{table.heading}")
    for setting in table.settings:
        lines += _lines(table, setting, values)
    return "\n".join(lines) + "\n"


def _lines(table: Table, setting: Setting, values: Mapping[str, object]) -> Iterator[str]:
    yield f"# {setting.meaning}"
    if setting.name in values:
        yield f"{setting.name} = {toml(values[setting.name])}"
        return
    shown = setting.default
    if shown is None:
        shown = toml(EXAMPLES.get((table.name, setting.name), Path("…")))
    space = " " if (table.name, setting.name) in _INSTEAD else ""
    yield f"#{space}{setting.name} = {shown}"
