"""What the bearer of a token may do.

In: nothing. Out: roles and their rights. Knows nothing of tokens or calls.
"""

from enum import StrEnum


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
        match self:
            case Role.GAME:
                return right in {Right.POST, Right.LINK, Right.READ_PLAYERS}
            case Role.READ:
                return right in {Right.READ_PLAYERS, Right.READ}
            case Role.OPERATOR:
                return True
