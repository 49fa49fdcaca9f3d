"""What a player's id is worth: who vouches that the player is who the id says.

In: canonical players. Out: a level, or a refusal. Knows nothing of engines.
"""

from typing import Final
from uuid import UUID

from bridge.errors import IdentityTooWeak
from bridge.events import Identity

#: From the weakest to the strongest.
LEVELS: Final[tuple[Identity, ...]] = ("name", "client", "platform")
#: Namespaces whose worth is known, whatever an adapter says.
_KNOWN: Final[dict[str, Identity]] = {"name": "name", "guid": "client", "steam": "platform"}


def worth(player: str, otherwise: Identity) -> Identity:
    """Return what the id of a canonical player is worth; `otherwise` is for unknown namespaces.

    A Minecraft UUID of version 3 is made from the name, on servers in offline mode.
    """
    namespace, _, own = player.partition(":")
    if namespace == "minecraft":
        return "name" if UUID(own).version == 3 else "platform"
    return _KNOWN.get(namespace, otherwise)


def enough(identity: Identity, trust: Identity) -> bool:
    """Return whether ids of one worth are good enough for who asks for another."""
    return LEVELS.index(identity) >= LEVELS.index(trust)


def trusted(player: str, trust: Identity, otherwise: Identity) -> None:
    """Let only players through whose id is worth `trust` at least.

    Raises:
        IdentityTooWeak: it is worth less.
    """
    found = worth(player, otherwise)
    if not enough(found, trust):
        raise IdentityTooWeak(
            f"{player} is worth no more than a {found}, and the source trusts a {trust} only"
        )
