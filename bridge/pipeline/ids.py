"""Message ids: what names one event of one message for ever.

In: a message and an event that was read in it. Out: its id, or None where nothing names it. The
recipe never changes.
"""

import json
from datetime import datetime
from hashlib import sha256
from typing import Final

from bridge.events import GameEvent, RawMessage
from bridge.outbox.values import MessageId

_dumps: Final = json.JSONEncoder(
    ensure_ascii=True, sort_keys=True, separators=(",", ":"), check_circular=False
).encode


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


def plain_message_id(
    player: str, name: str, own: str, occurred_at: datetime | None, details: str
) -> MessageId:
    """Return what names an event of a call by the same recipe, written out.

    The texts are plain (see `rules.fixed.is_plain`); `details` is their JSON as the recipe has it.
    """
    at = f'"{occurred_at.isoformat()}"' if occurred_at else "null"
    digest = sha256(f'["","{player}","{name}","{own}"]'.encode()).digest()
    content = sha256(f'["{player}","{name}","{own}",{at},{details}]'.encode()).digest()
    return MessageId(digest[:16], content[:8])


def _digest(parts: list[object]) -> bytes:
    return sha256(_dumps(parts).encode()).digest()
