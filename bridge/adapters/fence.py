"""The fence around an adapter: whatever it does, its caller gets events or one of our errors.

In: an adapter, a message and what it remembers. Out: checked game events and the new memory.
Knows nothing of where either is kept.
"""

import inspect
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice

from pydantic import BaseModel, ValidationError

from bridge.adapters.builtin import JsonAdapter
from bridge.adapters.contract import Adapter, AdapterSpec, RememberingAdapter
from bridge.adapters.deadline import SECONDS, limited
from bridge.adapters.details import is_text, problems_of
from bridge.adapters.places import placed
from bridge.adapters.plugins import reason
from bridge.errors import AdapterLoadError, MessageRejected, TranslationError
from bridge.events import GameEvent, RawMessage
from bridge.record import record

_MOST_EVENTS = 10_000


@record
class Translation:
    """What an adapter made of one message; `memory` is to be adopted once `events` are kept."""

    events: tuple[GameEvent, ...]
    memory: BaseModel | None = None


def translate(
    adapter: Adapter, message: RawMessage, memory: BaseModel | None = None
) -> Translation:
    """Let `adapter` translate `message`; `memory` itself is never changed.

    Raises:
        MessageRejected: the adapter refuses the message.
        TranslationError: it failed, or returned what is no list of usable game events; of an
            exception it names the file and line, and nothing that the message says.
    """
    copy = None if memory is None else memory.model_copy(deep=True)
    return Translation(_translated(adapter, message, copy), copy)


def _translated(
    adapter: Adapter, message: RawMessage, memory: BaseModel | None
) -> tuple[GameEvent, ...]:
    try:
        if type(adapter) is JsonAdapter:  # the hot path: its model has checked more than we would
            return tuple(adapter.translate(message))
        return _checked(_ask(adapter, message, memory))
    except (MessageRejected, TranslationError):
        raise
    except (Exception, SystemExit) as failure:
        told = placed(failure, adapter, message.body)
        raise TranslationError(f"the adapter failed: {told}") from failure


@record
class Run:
    """What an adapter made of several messages: of each its events, or why there are none.

    `memory`, which is `text` as it is written, is to be adopted once the events are kept.
    """

    results: Sequence[tuple[GameEvent, ...] | MessageRejected | TranslationError]
    memory: BaseModel | None = None
    text: str | None = None


def translate_run(
    adapter: Adapter,
    messages: Sequence[RawMessage],
    memory: BaseModel | None = None,
    *,
    seconds: float | None = None,
) -> Run:
    """Let `adapter` translate messages one after the other, each with what the last one left.

    A message that is refused or fails leaves the memory as it was before it, and spoils no other.
    One may take `seconds` at most.
    """
    limit = SECONDS if seconds is None else seconds
    try:
        return _briskly(adapter, messages, memory, limit)
    except (MessageRejected, TranslationError):
        return _carefully(adapter, messages, memory, limit)


def _briskly(
    adapter: Adapter, messages: Sequence[RawMessage], memory: BaseModel | None, seconds: float
) -> Run:
    """Copy the memory once for all messages: most runs fail nowhere."""
    copy = None if memory is None else memory.model_copy(deep=True)
    with limited(seconds):
        results = [_translated(adapter, message, copy) for message in messages]
    return Run(results, copy, _text(copy))


def _carefully(
    adapter: Adapter, messages: Sequence[RawMessage], memory: BaseModel | None, seconds: float
) -> Run:
    """Copy the memory for each message, so that one that fails can be undone."""
    results: list[tuple[GameEvent, ...] | MessageRejected | TranslationError] = []
    for message in messages:
        try:
            with limited(seconds):
                done = translate(adapter, message, memory)
            _text(done.memory)
        except (MessageRejected, TranslationError) as refused:
            results.append(refused)
        else:
            results.append(done.events)
            memory = done.memory
    return Run(results, memory, _text(memory))


def _text(memory: BaseModel | None) -> str | None:
    return None if memory is None else stored(memory)


def redact(adapter: Adapter, message: RawMessage) -> bytes:
    """Return the bytes of `message` that may be kept; none where the adapter can't tell."""
    try:
        kept: object = adapter.redact(message)
    except (Exception, SystemExit):  # noqa: BLE001  # a secret in doubt is not kept
        return b""
    return kept if isinstance(kept, bytes) else b""


def unwrapping(spec: AdapterSpec) -> Callable[[bytes], tuple[bytes, str | None]] | None:
    """Return the adapter's way to take a datagram's frame off, fenced; None where it has none.

    A datagram that it fails on is passed on as it came, and has shown no secret.
    """
    unwrap = spec.unwrap
    if unwrap is None:
        return None

    def fenced(data: bytes) -> tuple[bytes, str | None]:
        try:
            found = unwrap(data)
        except Exception:  # noqa: BLE001  # whatever a plugin does, the door stays open
            return data, None
        return found.body, found.secret

    return fenced


def stored(memory: BaseModel) -> str:
    """Write `memory` as the JSON that `remembered` reads.

    Raises:
        TranslationError: the adapter put something in it that JSON or its model can't hold.
    """
    try:
        return memory.model_dump_json(warnings="error")
    except ValueError as misfit:  # pydantic's own and encoding errors are both of this kind
        raise TranslationError(
            f"what the adapter remembers can't be stored: {reason(misfit)}"
        ) from misfit


def lost(memory: BaseModel) -> str | None:
    """Say what of `memory` is no longer the same when it was written and read; None where all is.

    A key 3 of a plain `dict` comes back as "3"; what stands outside of the fields is gone.

    Raises:
        TranslationError: it can't be written at all.
    """
    try:
        again = type(memory).model_validate_json(stored(memory))
    except ValidationError as misfit:
        return reason(misfit)
    changed = [
        f"{name!r} is read as {getattr(again, name)!r:.100}, and was {getattr(memory, name)!r:.100}"
        for name in type(memory).model_fields
        if getattr(again, name) != getattr(memory, name)
    ]
    if changed or again == memory:
        return changed[0] if changed else None
    return "what is no field of it is gone"


def remembered(spec: AdapterSpec, text: str | bytes | None) -> BaseModel | None:
    """Return the memory that `text` holds, or a fresh one; None for who remembers nothing.

    Raises:
        AdapterLoadError: what is stored no longer fits the adapter's model of it.
    """
    if spec.memory is None:
        return None
    if text is None:
        return spec.memory()
    try:
        return spec.memory.model_validate_json(text)
    except ValidationError as misfit:
        raise AdapterLoadError(
            f"what adapter {spec.name!r} remembered no longer fits its `memory` model: "
            f"{reason(misfit)}",
            hint="Install the version that wrote it, or ask its author for defaults.",
        ) from misfit


def _ask(adapter: Adapter, message: RawMessage, memory: BaseModel | None) -> object:
    if isinstance(adapter, RememberingAdapter):
        if memory is None:
            raise TranslationError("the adapter remembers and was given no memory")
        return adapter.translate_with(message, memory)
    return adapter.translate(message)


def _checked(given: object) -> tuple[GameEvent, ...]:
    if inspect.iscoroutine(given):
        given.close()
        raise TranslationError("the adapter's method must be a plain function, not async")
    if not isinstance(given, Iterable):
        raise TranslationError(
            f"the adapter returned {type(given).__name__}, not a list; return [] for no event"
        )
    events = tuple(islice(given, _MOST_EVENTS + 1))
    if len(events) > _MOST_EVENTS:
        raise TranslationError(f"the adapter made more than {_MOST_EVENTS:,} events of a message")
    for event in events:
        problem = _problem_of(event)
        if problem:
            raise TranslationError(f"the adapter returned {problem}")
    return events


def _problem_of(event: object) -> str | None:
    if not isinstance(event, GameEvent):
        return f"{type(event).__name__}, not a GameEvent"
    for field, text in (("player", event.player), ("name", event.name), ("id", event.id)):
        if not (is_text(text) and text) and (field != "id" or text is not None):
            return f"an event with a bad {field}: {text!a:.100}"
    if event.occurred_at is not None and not _is_aware(event.occurred_at):
        return "an event whose occurred_at has no timezone"
    if event.excerpt is not None and not isinstance(event.excerpt, bytes):
        return "an event whose excerpt is not bytes"
    problems = problems_of(event.details) if event.details else []
    return f"an event whose {problems[0].pointer} {problems[0].detail}" if problems else None


def _is_aware(moment: object) -> bool:
    return isinstance(moment, datetime) and moment.utcoffset() is not None
