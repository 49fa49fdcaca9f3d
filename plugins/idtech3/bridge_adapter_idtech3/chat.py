"""A code that a player typed in chat: whose it is, where the line leaves no doubt.

In: a chat line and who sits where. Out: the player's GUID and the code. Knows nothing of links.
"""

import re

from bridge import MessageRejected
from bridge_adapter_idtech3.arena import Arena, Seat

_ENDS_IN_CODE = re.compile(rb".*: !link [0-9A-Za-z-]{1,40}", re.DOTALL)
_CODE = re.compile(rb"!link ([0-9A-Za-z]{4}-?[0-9A-Za-z]{4})")


def typed(arena: Arena, rest: bytes) -> tuple[str, str] | None:
    """Return who typed which code in `NAME: TEXT`; None for any other talk.

    Chat has no slot, and NAME and TEXT may both hold `: `. So it is asked of everybody present
    whether they could have written the line. Only where exactly one could, and the whole match
    was seen so that nobody is missing, is the line theirs.

    Raises:
        MessageRejected: a code was typed, and it is not certain by whom.
    """
    if not _ENDS_IN_CODE.fullmatch(rest):
        return None
    authors = [seat for seat in arena.seats.values() if rest.startswith(seat.written + b": ")]
    codes = [code for seat in authors if (code := _CODE.fullmatch(_said(rest, seat)))]
    if authors and not codes:
        return None
    if len(authors) != 1 or not arena.whole:
        raise MessageRejected("a link code was typed, and it is not certain by whom")
    if not authors[0].guid:
        raise MessageRejected("a link code was typed by somebody without a GUID")
    return authors[0].guid, codes[0][1].decode("ascii").upper()


def _said(rest: bytes, seat: Seat) -> bytes:
    return rest[len(seat.written) + 2 :]
