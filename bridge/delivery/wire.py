"""What goes over the wire for an entry: its Idempotency-Key and its exact bytes.

In: an entry's key, binding, event code and userRef. Out: `Wire`, frozen by the claim.
"""

from uuid import UUID

from bridge.campaigns.schemas import event_body
from bridge.outbox.values import Wire
from bridge.rules.key import wire_key


def write(key: UUID, binding: int, event_code: str, user_ref: str) -> Wire:
    """Return the wire form of one binding."""
    return Wire(wire_key(key, binding), event_body(event_code, user_ref))
