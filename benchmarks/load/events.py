"""The events that generators post: 320 bytes each, each with an id and a player of its own.

In: numbers. Out: JSON bytes, all of one length, so that a request's head never changes. Knows
nothing of how they are sent.
"""

from typing import Final

#: The first SteamID there is, less one: player number n of the benchmarks is this + 1 + n.
STEAM: Final = 76561197960265728
#: How long each event is.
SIZE: Final = 320
#: The name that all of them have, which the third of the measured daemon's rules matches.
ACHIEVEMENT: Final = "match_won"

_HEAD: Final = (
    '{"player":"steam:%d","achievement":"' + ACHIEVEMENT + '","id":"%s/%010d","details":'
    '{"map":"northern_docks","mode":"capture","team":"blue","round":12,"score":[16,14],'
    '"kills":23,"deaths":11,"assists":7,"weapon":"rail","accuracy":0.42,"mvp":true,'
    '"server":"%s"'
)
_TAIL: Final = "}}"


def player(number: int) -> str:
    """Return the name of player `number`, as a game server writes it."""
    return f"steam:{STEAM + 1 + number}"


def event(
    number: int, *, run: str = "bench", players: int = 1000, beyond: int = 0, more: str = ""
) -> bytes:
    """Return event `number` of a `run` (five letters): one of `players` players after `beyond`.

    `more` are further members, such as a datagram's token, written behind the others; they come on
    top of the 320 bytes.
    """
    text = _HEAD % (STEAM + 1 + beyond + number % players, run, number, "")
    fill = SIZE - len(text) - len(_TAIL)
    return f'{text[:-1]}{"eu-west-17/".ljust(fill, "x")[:fill]}"}}{more}}}'.encode()
