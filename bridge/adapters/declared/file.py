"""A declaration: a TOML file that says which lines are which events.

In: the file's path and bytes. Out: the `AdapterSpec`, or an error that names table and key.
"""

import difflib
import tomllib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from bridge.adapters.contract import AdapterSpec
from bridge.adapters.declared.adapter import DeclaredAdapter, Kind
from bridge.adapters.declared.patterns import Pattern
from bridge.adapters.declared.templates import Template
from bridge.adapters.declared.times import reader
from bridge.adapters.details import problems_of
from bridge.errors import AdapterLoadError
from bridge.events import Identity

T = TypeVar("T")


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
        AdapterLoadError: it can't be used; the message names the file, the table and the key.
    """
    said = _read(path, data)
    kinds = [_kind(path, f"events.{label}", event, said) for label, event in said.events.items()]
    refuse = [_try(path, "", "refuse", partial(Pattern, text)) for text in said.refuse]
    try:
        return AdapterSpec(
            path.stem,
            said.description,
            lambda _options: DeclaredAdapter(kinds, refuse),
            identity=said.identity,
        )
    except AdapterLoadError as refused:
        raise AdapterLoadError(f"{path.name}: {refused}") from None


def _kind(path: Path, label: str, event: _Event, said: _Declaration) -> Kind:
    def trying(key: str, make: Callable[[], T]) -> T:
        return _try(path, label, key, make)

    pattern = trying("line", lambda: Pattern(event.line))

    def template(key: str, text: str) -> Template:
        return trying(key, lambda: Template(text, pattern.groups))

    def optional(key: str, text: str | None) -> Template | None:
        return None if text is None else template(key, text)

    return Kind(
        label,
        pattern,
        template("player", event.player),
        template("name", event.name),
        optional("id", event.id),
        optional("occurred_at", event.occurred_at),
        trying("time_format", lambda: _times(event, said)),
        trying("details", lambda: _details(event.details, pattern.groups)),
    )


def _times(event: _Event, said: _Declaration) -> Callable[..., Any]:
    if event.occurred_at is None and (event.time_format or event.timezone):
        raise ValueError("is of no use without `occurred_at`")
    form = event.time_format or "iso"
    return reader(form, event.timezone or said.timezone)


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


# -- errors ---------------------------------------------------------------------------------


def _read(path: Path, data: bytes) -> _Declaration:
    try:
        return _Declaration.model_validate(tomllib.loads(data.decode("utf-8-sig")))
    except UnicodeDecodeError:
        raise AdapterLoadError(f"{path.name} is not UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise AdapterLoadError(f"{path.name} is not TOML: {wrong}") from None
    except ValidationError as refused:
        error = _telling(refused)
        *tables, key = [str(part) for part in error["loc"]] or [""]
        raise _wrong(path, ".".join(tables), key, _reason(error)) from None


def _telling(refused: ValidationError) -> ErrorDetails:
    """Return the first mistake; a misspelt key before the one that is missing for it."""
    errors = refused.errors(include_url=False, include_input=False)
    return min(errors, key=lambda error: error["type"] != "extra_forbidden")


def _reason(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] != "extra_forbidden":
        return error["msg"].removeprefix("Value error, ")
    model = _Event if len(error["loc"]) == 3 else _Declaration
    near = difflib.get_close_matches(str(error["loc"][-1]), model.model_fields, n=1)
    return "no such key" + (f"; did you mean {near[0]!r}?" if near else "")


def _try(path: Path, table: str, key: str, make: Callable[[], T]) -> T:
    try:
        return make()
    except ValueError as wrong:
        raise _wrong(path, table, key, str(wrong)) from None


def _wrong(path: Path, table: str, key: str, why: str) -> AdapterLoadError:
    place = f"[{table}] {key}" if table else key
    return AdapterLoadError(f"{path.name}: {place}: {why}")
