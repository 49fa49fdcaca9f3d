"""Reads an advancement file: which advancements its player has, and since when.

In: the name and the whole content of `world/advancements/<uuid>.json`. Out: what is done. Knows
nothing of what was read before.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from pydantic import JsonValue

from bridge import MessageRejected
from bridge_adapter_minecraft.titles import display, is_advancement, short

_FILE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json", re.IGNORECASE)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}")
#: A server whose calendar is not ours (Java writes the Buddhist year in Thai) is ahead of us.
_AHEAD: Final = timedelta(days=1)
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Achieved:
    """An advancement that is done; `at` is None where its time can't be read.

    `excerpt` is what the file says of it, and of nothing else.
    """

    name: str
    at: datetime | None
    details: dict[str, JsonValue] = field(default_factory=dict)
    excerpt: bytes = b""


def owner(file: str) -> str | None:
    """Return the UUID whose advancement file this is, None where it is none."""
    found = _FILE.fullmatch(file)
    return found[1] if found else None


def achieved(body: bytes, now: datetime) -> list[Achieved]:
    """Return what is done and would be announced, in the order in which it was done.

    Raises:
        MessageRejected: the file is half written; the next change of it brings all of it again.
    """
    found = [
        Achieved(
            short(id_),
            _finished(entry, now),
            display(id_) | {"via": "file"},
            json.dumps({id_: entry}).encode(),
        )
        for id_, entry in _done(body)
    ]
    return sorted(found, key=lambda one: (one.at or _NEVER, one.name))


def kept(body: bytes) -> bytes:
    """Return the file with nothing in it but what is done and would be announced."""
    return json.dumps(dict(_done(body)), indent=2).encode()


def _done(body: bytes) -> Iterator[tuple[str, dict[str, JsonValue]]]:
    for id_, entry in _whole(body).items():
        if isinstance(entry, dict) and entry.get("done") is True and is_advancement(id_):
            yield id_, entry


def _whole(body: bytes) -> dict[str, JsonValue]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise MessageRejected("an advancement file is half written or damaged") from None
    if not isinstance(content, dict):
        raise MessageRejected("an advancement file holds no JSON object")
    return content


def _finished(entry: dict[str, JsonValue], now: datetime) -> datetime | None:
    """Return when the last criterion was met: the game counts none after an advancement is done."""
    criteria = entry.get("criteria")
    texts = criteria.values() if isinstance(criteria, dict) else ()
    times = [_moment(text, now) for text in texts if text is not None]
    known = [time for time in times if time is not None]
    return max(known) if known and len(known) == len(times) else None


def _moment(text: JsonValue, now: datetime) -> datetime | None:
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        return None
    try:
        time = datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
        return time if time <= now + _AHEAD else None
    except (ValueError, OverflowError):
        return None
