"""Who an engine's id stands for: a Steam account, or nobody who could be paid.

In: the id as a log line writes it. Out: `steam:<64 bits>`, or None. Knows nothing of lines.
"""

import re

#: The 64-bit id of account 0; an account's number is added to it.
_BASE = 76561197960265728
_LAST = _BASE + 0xFFFF_FFFF

_STEAM2 = re.compile(r"STEAM_[0-5]:([01]):(\d{1,10})", re.ASCII)
_STEAM3 = re.compile(r"\[U:1:(\d{1,10})\]", re.ASCII)
_STEAM64 = re.compile(r"\d{17}", re.ASCII)

#: What a bot is called in the place of an id.
_BOTS = frozenset({"BOT", "ID_BOT"})


def player_of(auth: str) -> str | None:
    """Return the account that `auth` names; None for bots, the console, PENDING, LAN and GOTV."""
    number = _number(auth)
    return f"steam:{number}" if _BASE < number <= _LAST else None


def shown(auth: str) -> str:
    """Return what details call the holder of `auth`: the account, `bot`, or `unknown`."""
    return player_of(auth) or ("bot" if auth in _BOTS else "unknown")


def is_bot(auth: str) -> bool:
    """Return whether `auth` is what the engine writes for a bot."""
    return auth in _BOTS


def _number(auth: str) -> int:
    if match := _STEAM2.fullmatch(auth):
        return _BASE + 2 * int(match[2]) + int(match[1])
    if match := _STEAM3.fullmatch(auth):
        return _BASE + int(match[1])
    return int(auth) if _STEAM64.fullmatch(auth) else 0
