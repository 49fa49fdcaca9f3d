"""The key: what makes a payout unique, for ever.

In: campaign, player, event code, feat, occurrence. Out: 16 bytes. It depends on nothing else: not
on host, process, time of sending or userRef. Golden values in the tests pin it.
"""

import hashlib
import json
from uuid import UUID


def payout_key(campaign: str, player: str, event_code: str, feat: str, occurrence: str) -> UUID:
    """Return the key of one feat's payout, dressed as a UUIDv4."""
    return _recipe(["v1", campaign, player, event_code, feat, occurrence])


def wire_key(key: UUID, binding: int) -> UUID:
    """Return the Idempotency-Key of a binding: the key itself for the first, 0."""
    return key if binding == 0 else _recipe(["v1", str(key), binding])


def compact(parts: list[str | int]) -> str:
    """Return the JSON text that keys and occurrences are made of; its form never changes."""
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


def _recipe(parts: list[str | int]) -> UUID:
    return UUID(bytes=hashlib.sha256(compact(parts).encode()).digest()[:16], version=4)
