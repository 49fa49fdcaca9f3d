"""What an adapter would make of some bytes, as records to print; nothing is stored or sent.

In: an adapter and the bytes of a file. Out: one JSON-able record for each event or refusal.
Knows nothing of the command line.
"""

from collections.abc import Iterator
from datetime import datetime

from pydantic import JsonValue

from bridge.adapters.contract import Adapter, AdapterSpec
from bridge.adapters.fence import remembered, stored, translate
from bridge.errors import BridgeError, MessageRejected
from bridge.events import GameEvent, RawMessage

Record = dict[str, JsonValue]


def translate_lines(
    spec: AdapterSpec, adapter: Adapter, data: bytes, *, source: str, received_at: datetime
) -> Iterator[Record]:
    """Translate each line of `data` in turn, as when a file is followed.

    Yields one record for each event, `{"line", "player", "name", …}`, or for each refused line,
    `{"line", "error", "code", "errors"?}`; an error spoils no other line. Lines count from 1; an
    empty line says nothing; the last one may lack its line end.
    """
    memory = remembered(spec, None)
    for number, line in enumerate(data.split(b"\n"), 1):
        body = line.removesuffix(b"\r")
        if not body:
            continue
        try:
            done = translate(adapter, RawMessage(source, body, received_at), memory)
            # Stored and read again after every message, as a restart between them would do.
            memory = remembered(spec, None if done.memory is None else stored(done.memory))
        except BridgeError as refused:
            yield {"line": number, **error_record(refused)}
            continue
        for event in done.events:
            yield {"line": number, **event_record(event)}


def translate_whole(
    spec: AdapterSpec, adapter: Adapter, data: bytes, *, source: str, received_at: datetime
) -> Iterator[Record]:
    """Translate `data` as one message, as when it is posted; the records have no `line`."""
    message = RawMessage(source, data, received_at)
    try:
        done = translate(adapter, message, remembered(spec, None))
    except BridgeError as refused:
        yield error_record(refused)
        return
    for event in done.events:
        yield event_record(event)


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
