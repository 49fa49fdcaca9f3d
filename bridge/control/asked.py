"""What callers ask for, read into values: keys, states, decisions, userRefs, campaigns.

In: texts from outside. Out: values, or `MessageRejected` with a pointer to what is wrong.
"""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from bridge.errors import EntryNotFound, FieldProblem, MessageRejected
from bridge.events import State
from bridge.outbox.life import BRAKES
from bridge.outbox.values import Decision
from bridge.rules.book import Rule

MOST_LISTED = 10_000
MOST_LINKED = 1000
_LONGEST_REF = 200
_PREFIX = re.compile(r"[0-9a-fA-F]{8,31}")
_LONGEST_WORD = 500


def rejected(pointer: str, detail: str) -> MessageRejected:
    """Return the refusal of one field."""
    return MessageRejected(detail, fields=[FieldProblem(pointer, detail)])


def key_of(text: str) -> UUID:
    """Read a key; raises `EntryNotFound` for what can't be one."""
    try:
        return UUID(text)
    except ValueError as bad:
        raise EntryNotFound(f"{text[:60]!r} is no key; keys look like UUIDs") from bad


def range_of(prefix: str) -> tuple[UUID, UUID] | None:
    """Read the beginning of a key as all keys that begin so; None for what is none.

    At least eight hexadecimal digits, dashes where they like: fewer are no name for an entry.
    """
    digits = prefix.replace("-", "")
    if not _PREFIX.fullmatch(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def state_of(text: str) -> State:
    """Read a state, in the words of the drawing."""
    try:
        return State(text)
    except ValueError as bad:
        raise rejected("/state", f"state must be one of {', '.join(State)}") from bad


def decision_of(text: str) -> Decision:
    """Read a decision."""
    try:
        return Decision(text)
    except ValueError as bad:
        raise rejected("/decision", f"decision must be one of {', '.join(Decision)}") from bad


def brake_of(value: Any) -> str:
    """Read the reason of a brake."""
    if value not in BRAKES:
        raise rejected("/reason", f"reason must be one of {', '.join(sorted(BRAKES))}")
    return str(value)


def seconds_of(value: Any, pointer: str) -> float:
    """Read a length of time in seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise rejected(pointer, "must be a number of seconds, more than zero")
    return float(value)


def words_of(value: Any, pointer: str) -> str:
    """Read words for the journal."""
    if not isinstance(value, str) or any("\ud800" <= char <= "\udfff" for char in value):
        raise rejected(pointer, f"{pointer[1:]} must be the text that is to be noted")
    return value[:_LONGEST_WORD]


def text_of(value: Any, pointer: str) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise rejected(pointer, f"{pointer[1:]} must be text")
    return value


def user_ref_of(value: Any) -> str:
    """Read a userRef: opaque, as the API gave it."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise rejected("/userRef", "userRef must be the text that the Campaigns API gave")
    if len(value) > _LONGEST_REF:
        raise rejected("/userRef", f"userRef is longer than {_LONGEST_REF} characters")
    return value


def campaign_of(campaign: Any, configured: Sequence[str]) -> str:
    """Read a campaign's id; it may be left out where one is configured."""
    if campaign is None and len(configured) == 1:
        return configured[0]
    if campaign not in configured:
        known = ", ".join(configured)
        detail = "is required" if campaign is None else "is not configured"
        raise rejected("/campaign", f"campaign {detail}; configured are: {known}")
    return str(campaign)


def check_definition(text: str) -> None:
    """Refuse what isn't a definition to the letter: by its text a rule is known to have been used.

    The same rule in another spelling would pass for one that has made no entries.
    """
    try:
        known = Rule.from_definition(text).definition == text
    except (ValueError, TypeError, KeyError, RecursionError) as bad:
        raise _no_definition(text) from bad
    if not known:
        raise _no_definition(text)


def _no_definition(text: str) -> MessageRejected:
    return rejected("/definitions", f"{text[:80]!r} is no rule's definition")
