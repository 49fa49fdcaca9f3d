"""What every event of one name is worth, where nothing but its name decides.

In: what the rule that takes the name says. Out: occurrences and keys, by the recipes of
`occurrence.py` and `key.py`, with all that stays the same written out beforehand.
"""

import re
from typing import Final
from uuid import UUID

from bridge.rules.key import compact, key_of_text
from bridge.rules.occurrence import Repeat

_PLAIN: Final = re.compile(r"[!#-\[\]-~][ !#-\[\]-~]*")


def is_plain(text: str) -> bool:
    """Whether a text stands in JSON just as it is, and is more than spaces.

    It is of ASCII, begins with no space, and has no quote, backslash or control character.
    """
    return _PLAIN.fullmatch(text) is not None


class Fixed:
    """One name's worth; `rule` is the definition of its rule."""

    __slots__ = ("_by_id", "_head", "_once", "_tail", "campaign", "code", "feat", "rule")

    def __init__(self, rule: str, campaign: str, code: str, feat: str, repeat: Repeat) -> None:
        self.rule = rule
        self.campaign = campaign
        self.code = code
        self.feat = feat
        self._by_id = repeat in {Repeat.PER_ID, Repeat.ALWAYS, Repeat.DEFAULT}
        self._once = repeat in {Repeat.ONCE, Repeat.DEFAULT}
        self._head = compact(["v1", campaign])[:-1] + ',"'
        self._tail = '",' + compact([code, feat])[1:-1] + ',"'

    def worth(self, player: str, own: str | None) -> tuple[str, UUID] | None:
        """Return occurrence and key of a player's event; None where more than its `id` decides.

        Player and `id` are plain.
        """
        if own is not None and self._by_id:
            when = f'id:["","{own}"]'
            text = f'{self._head}{player}{self._tail}id:[\\"\\",\\"{own}\\"]"]'
        elif self._once:
            when = "once"
            text = f'{self._head}{player}{self._tail}once"]'
        else:
            return None
        return when, key_of_text(text)
