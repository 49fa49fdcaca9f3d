"""The key: what makes a payout unique, for ever.

In: campaign, player, event code, feat, occurrence. Out: 16 bytes. It depends on nothing else: not
on host, process, time of sending or userRef. Golden values in the tests pin it.
"""

import json
from hashlib import sha256
from typing import Final
from uuid import UUID, SafeUUID

_dumps: Final = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), check_circular=False
).encode
_new: Final = UUID.__new__
_set: Final = object.__setattr__
_UNKNOWN: Final = SafeUUID.unknown
#: The bits of a UUID's version and variant: those that stay, and those of a UUIDv4.
_KEPT: Final = (1 << 128) - 1 - (0xF000 << 64) - (0xC000 << 48)
_V4: Final = (0x4000 << 64) + (0x8000 << 48)


def payout_key(campaign: str, player: str, event_code: str, feat: str, occurrence: str) -> UUID:
    """Return the key of one feat's payout, dressed as a UUIDv4."""
    return _recipe(["v1", campaign, player, event_code, feat, occurrence])


def wire_key(key: UUID, binding: int) -> UUID:
    """Return the Idempotency-Key of a binding: the key itself for the first, 0."""
    return key if binding == 0 else _recipe(["v1", str(key), binding])


def compact(parts: list[str | int]) -> str:
    """Return the JSON text that keys and occurrences are made of; its form never changes."""
    return _dumps(parts)


def key_of_text(text: str) -> UUID:
    """Return the key whose recipe is written as `text`, the compact JSON of its parts."""
    number = int.from_bytes(sha256(text.encode()).digest()[:16], "big")
    key = _new(UUID)  # its own __init__ looks for six ways to make one, and costs what a hash does
    _set(key, "int", number & _KEPT | _V4)
    _set(key, "is_safe", _UNKNOWN)
    return key


def _recipe(parts: list[str | int]) -> UUID:
    return key_of_text(compact(parts))
