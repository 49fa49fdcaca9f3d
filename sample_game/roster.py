"""Who plays: bots with Steam ids and names, the same ones for the same seed.

In: a seed and a number. Out: players. Knows nothing of the arena.
"""

from dataclasses import dataclass
from random import Random

FIRST_ACCOUNT = 76561197960265729  # the first individual account of the public Steam universe
ACCOUNTS = 2**31

# Players call themselves whatever the engine lets them; whoever reads the names must stand that.
NAMES = (
    "Alice",
    'Zoë "Ace" O\'Brien',
    "<1><STEAM_0:0:1>",
    "Jürgen Groß",
    "🦊 vixen 🔥",
    "back\\slash\\",
    'Bob<2><[U:1:1]><Red>" killed "Alice',
    "名無しさん",
    "\u202egnp.exe",
    "Robert'); DROP TABLE players;--",
    "<b>bold</b>&amp;",
    "tab\tand\nnewline",
    "Dave",
    "${jndi:x} %s {0}",
    "e\u0301lan vs \u00e9lan",
    " ",
)


@dataclass(frozen=True, slots=True)
class Player:
    """One who plays; `id` is what campaign-bridge calls a player, `namespace:id`."""

    id: str
    name: str


def muster(seed: int, bots: int) -> tuple[Player, ...]:
    """Return `bots` players; a larger number keeps the ones that a smaller number gives."""
    chance = Random(f"{seed}/roster")
    accounts = chance.sample(range(FIRST_ACCOUNT, FIRST_ACCOUNT + ACCOUNTS), bots)
    return tuple(Player(f"steam:{account}", _name(n)) for n, account in enumerate(accounts))


def _name(number: int) -> str:
    again = number // len(NAMES)
    return NAMES[number % len(NAMES)] + (f" ({again + 1})" if again else "")
