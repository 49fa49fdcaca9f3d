"""The canonical form of a player's id. It is part of every key, so it can never change.

In: `namespace:id` in any spelling. Out: the one spelling. Sources: the SteamID forms of Valve's
developer wiki ("SteamID"), RFC 9562 for UUIDs, Unicode NFC for the rest.
"""

import re
import unicodedata
from uuid import UUID

from bridge.errors import FieldProblem, MessageRejected

#: SteamID64 of the individual account 0 in the public universe; an account's number is added.
STEAM_BASE = 76561197960265728
_STEAM_LAST = STEAM_BASE + 0xFFFF_FFFF

LONGEST = 200

_NAMESPACE = re.compile(r"[a-z][a-z0-9_.-]{0,31}")
_STEAM2 = re.compile(r"STEAM_[0-5]:([01]):([0-9]{1,10})", re.IGNORECASE | re.ASCII)
_STEAM3 = re.compile(r"(\[)?U:1:([0-9]{1,10})(?(1)\])", re.IGNORECASE)
_BARE_STEAM = re.compile(r"(STEAM_[0-9]|\[?U:[0-9]):", re.IGNORECASE | re.ASCII)
_STEAM64 = re.compile(r"[0-9]{17}")
_STEAM_HEX = re.compile(r"1100001[0-9a-f]{8}", re.IGNORECASE)  # as FiveM writes it
_DASHED_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_PLAIN_UUID = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)
_STEAM_PLAYER = re.compile(r"steam:[0-9]{17}")
_NO_STEAM, _LAST_STEAM = f"steam:{STEAM_BASE}", f"steam:{_STEAM_LAST}"


def canonical_player(text: str) -> str:
    """Return the canonical form of `namespace:id`.

    A bare `STEAM_0:1:2` or `[U:1:5]` is a steam id. Canonical forms come back unchanged.

    Raises:
        MessageRejected: it names nobody; the problem's pointer is `/player`.
    """
    if _BARE_STEAM.match(text):
        return f"steam:{_steam(text)}"
    namespace, colon, ident = text.partition(":")
    namespace = namespace.lower()
    if not colon or not _NAMESPACE.fullmatch(namespace):
        raise _rejected("write a player as namespace:id, such as steam:76561198000000001")
    if namespace == "steam":
        return f"steam:{_steam(ident)}"
    if namespace == "minecraft":
        return f"minecraft:{_minecraft(ident)}"
    return f"{namespace}:{_other(namespace, ident)}"


def is_steam_player(text: str) -> bool:
    """Whether `text` is the canonical form of a player on Steam."""
    # Numbers of as many digits stand in the order of their texts.
    return _STEAM_PLAYER.fullmatch(text) is not None and _NO_STEAM < text <= _LAST_STEAM


def _steam(ident: str) -> int:
    number = _steam_number(ident)
    if not STEAM_BASE < number <= _STEAM_LAST:
        raise _rejected(f"{ident[:40]!r} is no SteamID of a player")
    return number


def _steam_number(ident: str) -> int:
    if match := _STEAM2.fullmatch(ident):
        return STEAM_BASE + 2 * int(match[2]) + int(match[1])
    if match := _STEAM3.fullmatch(ident):
        return STEAM_BASE + int(match[2])
    if _STEAM64.fullmatch(ident):
        return int(ident)
    if _STEAM_HEX.fullmatch(ident):
        return int(ident, 16)
    return 0


def _minecraft(ident: str) -> UUID:
    if not (_DASHED_UUID.fullmatch(ident) or _PLAIN_UUID.fullmatch(ident)):
        raise _rejected(f"{ident[:40]!r} is no UUID; write a bare name as name:Alice")
    return UUID(ident)


def _other(namespace: str, ident: str) -> str:
    if namespace != "name" and _DASHED_UUID.fullmatch(ident):
        return ident.lower()
    name = unicodedata.normalize("NFC", ident)
    if not name.strip():
        raise _rejected("the part after the colon is empty")
    if len(name) > LONGEST:
        raise _rejected(f"the id is longer than {LONGEST} characters")
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in name):
        raise _rejected("the id holds control characters or broken text")
    return name


def _rejected(detail: str) -> MessageRejected:
    return MessageRejected(
        f"player can't be used: {detail}", fields=[FieldProblem("/player", detail)]
    )
