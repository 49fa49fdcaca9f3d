"""What intake hands on, and what it is told back.

In: nothing. Out: the `Sink` that the daemon hands to each door. Knows nothing of what lies behind.
"""

from collections.abc import Sequence
from typing import Protocol

from bridge.errors import BridgeError
from bridge.events import Kept, RawMessage

#: What became of one game event of a message: it is on disk, or why it was refused.
Outcome = Kept | BridgeError


class Sink(Protocol):
    """The road behind the doors."""

    async def __call__(self, messages: Sequence[RawMessage]) -> Sequence[Sequence[Outcome]]:
        """Take `messages`; return for each, in order, the outcome of each event it made.

        When this returns, every `Kept` survives a power cut. A message that can't be
        read has its one `BridgeError` (a `MessageRejected` names the bad fields, a `NoRule` that
        nothing matches) and spoils no other. An achievement message makes exactly one outcome.

        Raises:
            StoreFull: the disk is full; none of `messages` was stored.
            StoreUnavailable: nothing can be stored now; sending again is safe.
        """
        ...
