"""The adapter that a declaration makes: each line that fits a pattern is an event.

In: one line a message, or a body of several. Out: game events. Knows nothing of files.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pydantic import JsonValue

from bridge.adapters.contract import Adapter
from bridge.adapters.declared.patterns import Pattern
from bridge.adapters.declared.templates import Groups, Template
from bridge.adapters.declared.times import Reader
from bridge.errors import FieldProblem, MessageRejected
from bridge.events import GameEvent, RawMessage
from bridge.record import record


@record
class Kind:
    """One kind of line, and the event that it tells of."""

    label: str
    pattern: Pattern
    player: Template
    name: Template
    id: Template | None
    occurred_at: Template | None
    moment: Reader
    details: Mapping[str, Template | JsonValue]


class DeclaredAdapter(Adapter):
    """Gives each line to the kinds in order; the first whose pattern fits makes its event."""

    def __init__(self, kinds: Sequence[Kind], refuse: Sequence[Pattern]) -> None:
        """Keep the kinds, and what must not be passed over in silence."""
        self._kinds = kinds
        self._refuse = refuse

    def translate(self, message: RawMessage) -> Iterable[GameEvent]:
        """Return the event of each line that tells of one.

        Bytes that are no UTF-8 are read as U+FFFD.

        Raises:
            MessageRejected: a line fits, but its player, time or a number can't be used; or it
                fits no kind and is one of those to refuse.
        """
        lines = (line.removesuffix(b"\r") for line in message.body.split(b"\n"))
        events = (self._event(line.decode("utf-8", "replace").encode()) for line in lines if line)
        return [event for event in events if event is not None]

    def _event(self, line: bytes) -> GameEvent | None:
        for kind in self._kinds:
            groups = kind.pattern.read(line)
            if groups is not None:
                return _made(kind, groups)
        if any(pattern.read(line) is not None for pattern in self._refuse):
            raise MessageRejected("a line is damaged or written in a way that is not declared")
        return None


def _made(kind: Kind, groups: Groups) -> GameEvent:
    return GameEvent(
        _needed(kind, "player", kind.player.text(groups)),
        _needed(kind, "name", kind.name.text(groups)),
        None if kind.id is None else _whole(kind, "id", kind.id.text(groups)),
        _moment(kind, groups),
        _details(kind, groups),
    )


def _needed(kind: Kind, field: str, text: str | None) -> str:
    if not text:
        raise _refused(kind, f"/{field}", "is empty")
    return _whole(kind, field, text) or ""


def _whole(kind: Kind, field: str, text: str | None) -> str | None:
    """Refuse what was no UTF-8: different bytes would be one name."""
    if text and "\ufffd" in text:
        raise _refused(kind, f"/{field}", "is no UTF-8")
    return text or None


def _moment(kind: Kind, groups: Groups) -> datetime | None:
    text = None if kind.occurred_at is None else kind.occurred_at.text(groups)
    if text is None:
        return None
    try:
        return kind.moment(text)
    except ValueError as wrong:
        raise _refused(kind, "/occurred_at", f"{text[:40]!r} is no moment: {wrong}") from wrong


def _details(kind: Kind, groups: Groups) -> dict[str, JsonValue]:
    """Return the details; one whose group took no part in the line is left out."""
    found: dict[str, JsonValue] = {}
    for key, said in kind.details.items():
        try:
            value = said.value(groups) if isinstance(said, Template) else said
        except ValueError as wrong:
            raise _refused(kind, f"/details/{key}", str(wrong)) from wrong
        if value is not None:
            found[key] = value
    return found


def _refused(kind: Kind, pointer: str, detail: str) -> MessageRejected:
    return MessageRejected(
        f"a line of [{kind.label}] can't be used", fields=[FieldProblem(pointer, detail)]
    )
