"""What the bearer of a token may do.

In: nothing. Out: roles and their rights. Knows nothing of tokens or calls.
"""

from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """One kind of thing that can be done through a door."""

    #: Say that a player has done something.
    POST = "post"
    #: Start a link session for a player.
    LINK = "link"
    #: See receipts, players and the stream.
    READ_PLAYERS = "read_players"
    #: See everything, the operator's views too.
    READ = "read"
    #: Decide: retry, release, discard, link by hand.
    DECIDE = "decide"


class Role(StrEnum):
    """Who is calling."""

    GAME = "game"
    READ = "read"
    OPERATOR = "operator"

    def may(self, right: Right) -> bool:
        """Return whether this role includes `right`."""
        return right in _RIGHTS[self]


_RIGHTS: Final = {
    Role.GAME: frozenset({Right.POST, Right.LINK, Right.READ_PLAYERS}),
    Role.READ: frozenset({Right.READ_PLAYERS, Right.READ}),
    Role.OPERATOR: frozenset(Right),
}
