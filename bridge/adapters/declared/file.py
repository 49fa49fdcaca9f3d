"""A declaration: a TOML file that says which lines are which events.

In: the file's path and bytes. Out: the `AdapterSpec`, or an error that names tables and keys.
"""

import difflib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from bridge.adapters.contract import Adapter, AdapterSpec
from bridge.adapters.declared.adapter import DeclaredAdapter, Kind
from bridge.adapters.declared.patterns import Pattern
from bridge.adapters.declared.problems import Problems
from bridge.adapters.declared.templates import Template
from bridge.adapters.declared.times import Reader, reader, zone_of
from bridge.adapters.details import problems_of
from bridge.errors import AdapterLoadError
from bridge.events import Identity


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Event(_Table):
    """One `[events.NAME]`."""

    line: str = Field(min_length=1)
    player: str = Field(min_length=1)
    name: str = Field(min_length=1)
    id: str | None = Field(None, min_length=1)
    occurred_at: str | None = Field(None, min_length=1)
    time_format: str | None = Field(None, min_length=1)
    timezone: str | None = None
    details: dict[str, JsonValue] = Field(default_factory=dict)


class _Declaration(_Table):
    """The whole file."""

    description: str
    identity: Identity = "name"
    timezone: str | None = None
    refuse: list[str] = Field(default_factory=list)
    events: dict[str, _Event] = Field(min_length=1)


def declared(path: Path, data: bytes) -> AdapterSpec:
    """Return the adapter that `data`, the content of `path`, declares; it is called as the file.

    Raises:
        AdapterLoadError: it can't be used; the message names the file, and of each problem the
            table and the key.
    """
    said, problems = _read(path, data), Problems(path)
    if said.timezone is not None and problems.of("", "timezone", _zone(said.timezone)) is None:
        said = said.model_copy(update={"timezone": "UTC"})  # told once, not by each event
    kinds = [_kind(problems, label, event, said) for label, event in said.events.items()]
    refuse = [problems.of("", "refuse", partial(Pattern, text)) for text in said.refuse]
    problems.refuse()
    try:
        return AdapterSpec(
            path.stem,
            said.description,
            partial(_built, [*filter(None, kinds)], [*filter(None, refuse)]),
            identity=said.identity,
        )
    except AdapterLoadError as refused:
        raise AdapterLoadError(f"{path.name}: {refused}") from None


def _built(kinds: Sequence[Kind], refuse: Sequence[Pattern], _options: BaseModel) -> Adapter:
    return DeclaredAdapter(kinds, refuse)


def _kind(problems: Problems, name: str, event: _Event, said: _Declaration) -> Kind | None:
    """Return the kind; None where something is wrong with it, which `problems` knows then."""
    label = f"events.{name}"
    pattern = problems.of(label, "line", partial(Pattern, event.line))
    if pattern is None:
        return None

    def template(key: str, text: str | None) -> Template | None:
        if text is None:
            return None
        return problems.of(label, key, lambda: Template(text, pattern.groups))

    player = problems.of(label, "player", lambda: _player(event.player, pattern))
    what, ident, moment = (
        template("name", event.name),
        template("id", event.id),
        template("occurred_at", event.occurred_at),
    )
    times = _times(problems, label, event, said)
    details = problems.of(label, "details", lambda: _details(event.details, pattern.groups))
    if player is None or what is None or times is None or details is None:
        return None
    return Kind(label, pattern, player, what, ident, moment, times, details)


def _player(text: str, pattern: Pattern) -> Template:
    player = Template(text, pattern.groups)
    if not player.may_name(pattern.may_hold):
        raise ValueError(
            "has no namespace, so nobody could be paid: write it before the group, such as "
            "steam:{id} or name:{who}"
        )
    return player


def _times(problems: Problems, label: str, event: _Event, said: _Declaration) -> Reader | None:
    zone = event.timezone
    if zone is not None and problems.of(label, "timezone", _zone(zone)) is None:
        return None
    return problems.of(label, "time_format", lambda: _reader(event, said))


def _reader(event: _Event, said: _Declaration) -> Reader:
    if event.occurred_at is None and (event.time_format or event.timezone):
        raise ValueError("is of no use without `occurred_at`")
    return reader(event.time_format or "iso", event.timezone or said.timezone)


def _zone(name: str) -> Callable[[], ZoneInfo]:
    return partial(zone_of, name)


def _details(
    given: Mapping[str, JsonValue], groups: frozenset[str]
) -> dict[str, Template | JsonValue]:
    found: dict[str, Template | JsonValue] = {}
    for key, value in given.items():
        try:
            found[key] = Template(value, groups, numbers=True) if isinstance(value, str) else value
        except ValueError as wrong:
            raise ValueError(f"{key}: {wrong}") from None
    if problems := problems_of(given):
        raise ValueError(f"{problems[0].pointer} {problems[0].detail}")
    return found


# -- reading --------------------------------------------------------------------------------


def _read(path: Path, data: bytes) -> _Declaration:
    try:
        return _Declaration.model_validate(tomllib.loads(data.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise AdapterLoadError(f"{path.name} is not UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise AdapterLoadError(f"{path.name} is not TOML: {wrong}{_quotes(wrong)}") from None
    except ValidationError as refused:
        errors = refused.errors(include_url=False, include_input=False)
    problems = Problems(path)
    # A misspelt key before the one that is missing for it.
    for error in sorted(errors, key=lambda error: error["type"] != "extra_forbidden"):
        *tables, key = [str(part) for part in error["loc"]] or [""]
        problems.add(".".join(tables), key, _reason(error))
    raise problems.told()


def _quotes(wrong: Exception) -> str:
    """Say what cures the most usual mistake in a pattern."""
    odd = "\\" in str(wrong)
    return "; write patterns in '…' quotes, where a \\ stands for itself" if odd else ""


def _reason(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] != "extra_forbidden":
        return error["msg"].removeprefix("Value error, ")
    if error["loc"] == ("memory",):
        return "a declaration remembers nothing; write Python for a log that names slots"
    model = _Event if len(error["loc"]) == 3 else _Declaration
    near = difflib.get_close_matches(str(error["loc"][-1]), model.model_fields, n=1)
    return "no such key" + (f"; did you mean {near[0]!r}?" if near else "")
