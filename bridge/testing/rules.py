"""The rules of a test, read as those of a configuration are.

In: TOML or mappings. Out: rules, or an error in the words of `campaign-bridge check`.
"""

import difflib
import tomllib
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from bridge.errors import SettingsError
from bridge.settings.rules import CapSettings, CounterSettings, RuleSettings

_RULES = TypeAdapter(tuple[RuleSettings, ...])
_TABLES: dict[str, type[BaseModel]] = {"counter": CounterSettings, "caps": CapSettings}
_HINT = "See docs/configuration.md for what a rule may say."


def rules_of(given: str | Sequence[Mapping[str, object]]) -> tuple[RuleSettings, ...]:
    """Return the `[[rules]]` that `given` says.

    Raises:
        SettingsError: they can't be used; names each rule, counted from 1, and setting.
    """
    try:
        return _RULES.validate_python(_listed(given))
    except ValidationError as refused:
        lines = [_told(error) for error in refused.errors(include_url=False, include_input=False)]
    raise SettingsError("\n  ".join(["the rules can't be used:", *lines]), hint=_HINT)


def _listed(given: str | Sequence[Mapping[str, object]]) -> object:
    if not isinstance(given, str):
        return given
    try:
        document = tomllib.loads(given)
    except tomllib.TOMLDecodeError as failure:
        raise SettingsError(f"the rules are not TOML: {failure}", hint=_HINT) from None
    listed = document.pop("rules", [])
    if document:
        raise SettingsError(f"only [[rules]] are taken here, not {', '.join(document)}", hint=_HINT)
    return listed


def _told(error: ErrorDetails) -> str:
    if not error["loc"]:
        return f"rules: {_reason(error)}"
    number, *places = error["loc"]
    *tables, key = ["rules", f"{int(number) + 1}", *map(str, places)]
    return f"[{'.'.join(tables)}] {key}: {_reason(error)}"


def _reason(error: ErrorDetails) -> str:
    if error["type"] == "missing":
        return "is missing"
    if error["type"] != "extra_forbidden":
        return error["msg"].removeprefix("Value error, ")
    *tables, key = map(str, error["loc"])
    model = _TABLES.get(tables[-1], RuleSettings)
    near = difflib.get_close_matches(key, model.model_fields, n=1)
    return "no such setting" + (f"; did you mean {near[0]!r}?" if near else "")
