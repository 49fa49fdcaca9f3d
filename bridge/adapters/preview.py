"""What an adapter would make of some bytes, as records to print; nothing is stored or sent.

In: an adapter and the bytes of a file. Out: one JSON-able record for each event or refusal.
Knows nothing of the command line.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from pydantic import BaseModel, JsonValue

from bridge.adapters.contract import Adapter, AdapterSpec
from bridge.adapters.deadline import SECONDS, limited
from bridge.adapters.fence import Translation, lost, remembered, stored, translate
from bridge.errors import BridgeError, MessageRejected
from bridge.events import GameEvent, RawMessage

Record = dict[str, JsonValue]
#: Gives a player's id its canonical form, or raises `MessageRejected`.
Canonical = Callable[[str], str]
#: The code of the record that tells of a memory which isn't the same after it was stored.
FORGOTTEN = "memory-changed"


def translate_lines(
    spec: AdapterSpec,
    adapter: Adapter,
    data: bytes,
    *,
    source: str,
    received_at: datetime,
    canonical: Canonical,
    seconds: float = SECONDS,
) -> Iterator[Record]:
    """Translate each line of `data` in turn, as when a file is followed.

    Yields one record for each event, `{"line", "player", "name", …}`, or for each refused line or
    event, `{"line", "error", "code", "errors"?}`; an error spoils no other line. Lines count from
    1; an empty line says nothing; the last one may lack its line end. A line may take `seconds`.
    """
    memory, told = remembered(spec, None), False
    for number, line in enumerate(data.split(b"\n"), 1):
        body = line.removesuffix(b"\r")
        if not body:
            continue
        try:
            done = _translated(adapter, RawMessage(source, body, received_at), memory, seconds)
            # Stored and read again after every message, as a restart between them would do.
            memory = remembered(spec, None if done.memory is None else stored(done.memory))
        except BridgeError as refused:
            yield {"line": number, **error_record(refused)}
            continue
        for record in _records(done, canonical):
            yield {"line": number, **record}
        if not told and (change := _change(done.memory)):
            told = True
            yield {"line": number, **change}


def translate_whole(
    spec: AdapterSpec,
    adapter: Adapter,
    data: bytes,
    *,
    source: str,
    received_at: datetime,
    canonical: Canonical,
    seconds: float = SECONDS,
) -> Iterator[Record]:
    """Translate `data` as one message, as when it is posted; the records have no `line`."""
    message = RawMessage(source, data, received_at)
    try:
        done = _translated(adapter, message, remembered(spec, None), seconds)
    except BridgeError as refused:
        yield error_record(refused)
        return
    yield from _records(done, canonical)
    if change := _change(done.memory):
        yield change


def _translated(
    adapter: Adapter, message: RawMessage, memory: BaseModel | None, seconds: float
) -> Translation:
    with limited(seconds):
        return translate(adapter, message, memory)


def _records(done: Translation, canonical: Canonical) -> Iterator[Record]:
    """Yield the event as the adapter made it, or why nobody could be paid for it."""
    for event in done.events:
        try:
            canonical(event.player)
        except MessageRejected as refused:
            yield error_record(refused)
        else:
            yield event_record(event)


def _change(memory: BaseModel | None) -> Record | None:
    change = None if memory is None else lost(memory)
    if change is None:
        return None
    told = f"what the adapter remembers is not the same after a restart: {change}"
    return {"error": told, "code": FORGOTTEN}


def event_record(event: GameEvent) -> Record:
    """Write `event` as JSON; what it doesn't say is left out."""
    record: Record = {"player": event.player, "name": event.name}
    if event.id is not None:
        record["id"] = event.id
    if event.occurred_at is not None:
        record["occurred_at"] = event.occurred_at.isoformat().replace("+00:00", "Z")
    if event.details:
        record["details"] = dict(event.details)
    return record


def error_record(refused: BridgeError) -> Record:
    """Write a refusal as JSON, with the place of each bad field where it names them."""
    record: Record = {"error": str(refused), "code": refused.code}
    if isinstance(refused, MessageRejected) and refused.fields:
        record["errors"] = [
            {"pointer": problem.pointer, "detail": problem.detail} for problem in refused.fields
        ]
    return record
