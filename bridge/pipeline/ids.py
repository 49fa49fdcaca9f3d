"""Message ids: what names one event of one message for ever.

In: a message and an event that was read in it. Out: its id, or None where nothing names it. The
recipe never changes.
"""

import hashlib
import json

from bridge.events import GameEvent, RawMessage
from bridge.outbox.values import MessageId


def message_id_of(message: RawMessage, index: int, event: GameEvent) -> MessageId | None:
    """Return what names this one event for ever, None where nothing does.

    A log line is named by its position, a call by (source, player, name, id).
    """
    if message.position is not None:
        name: list[object] = ["position", message.position, index]
    elif event.id is not None:
        name = [message.source, event.player, event.name, event.id]
    else:
        return None
    at = event.occurred_at.isoformat() if event.occurred_at else None
    content: list[object] = [event.player, event.name, event.id, at, dict(event.details)]
    return MessageId(_digest(name)[:16], _digest(content)[:8])


def _digest(parts: list[object]) -> bytes:
    text = json.dumps(parts, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).digest()
