"""Reads what the lines of the log say: who is online, who has made which advancement.

In: a line taken apart, and what is remembered. Out: game events, and a memory that is up to date.
Knows nothing of the line's look.
"""

import re
import unicodedata
from datetime import datetime
from typing import Final

from bridge import GameEvent, MessageRejected
from bridge_adapter_minecraft.lines import Line
from bridge_adapter_minecraft.memory import MinecraftMemory
from bridge_adapter_minecraft.options import MinecraftOptions
from bridge_adapter_minecraft.players import player
from bridge_adapter_minecraft.titles import VANILLA

_NAME: Final = r"([A-Za-z0-9_]{1,16})"
_UUID: Final = r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"

_SERVER: Final = "Server thread"
_AUTHENTICATOR = re.compile(r"User Authenticator #[0-9]{1,9}")
_CHAT_THREAD = re.compile(r"Async Chat Thread - #[0-9]{1,9}")

# Each of these is the whole text of a line: chat is `<NAME> …`, /me `* NAME …`, /say `[NAME] …`.
_AUTHENTICATED = re.compile(rf"UUID of player {_NAME} is {_UUID}")
_CAME = re.compile(rf"{_NAME}\[.{{1,100}}\] logged in with entity id -?[0-9]{{1,10}} at \(.+\)")
_LEFT = re.compile(rf"{_NAME} (?:left the game|lost connection: .*)")
_STARTED = re.compile(r"Starting minecraft server version .+")
_MADE = re.compile(
    rf"{_NAME} has (made the advancement|completed the challenge|reached the goal) \[(.+)\]"
)
_CODE = re.compile(rf"(?:\[Not Secure\] )?<{_NAME}> !link ([A-Za-z0-9-]{{1,40}})")

_FRAMES: Final = {
    "made the advancement": "advancement",
    "completed the challenge": "challenge",
    "reached the goal": "goal",
}
#: Names of events have 200 characters at most, with `title:` before the title.
_LONGEST_TITLE: Final = 190


class Log:
    """The log at one of its lines, which was written `at` that moment, if that is known."""

    def __init__(
        self, memory: MinecraftMemory, options: MinecraftOptions, at: datetime | None
    ) -> None:
        self._memory = memory
        self._options = options
        self._at = at

    def read(self, line: Line) -> list[GameEvent]:
        """Return the events of `line`; note who comes and goes.

        Raises:
            MessageRejected: it tells of somebody who is not online by the log, or whose id is
                worth too little, or of an advancement whose title can't be used.
        """
        if line.thread == _SERVER:
            return self._said_by_server(line.text)
        if _CHAT_THREAD.fullmatch(line.thread):
            return self._chat(line.text)
        if _AUTHENTICATOR.fullmatch(line.thread):
            self._authentication(line.text)
        return []

    def _said_by_server(self, text: str) -> list[GameEvent]:
        if made := _MADE.fullmatch(text):
            return self._made(*made.groups())
        if came := _CAME.fullmatch(text):
            self._memory.came(came[1])
        elif left := _LEFT.fullmatch(text):
            self._memory.left(left[1])
        elif _STARTED.fullmatch(text):
            self._memory.restarted()
        else:
            return self._chat(text)
        return []

    def _authentication(self, text: str) -> None:
        if found := _AUTHENTICATED.fullmatch(text):
            self._memory.authenticated(found[1], found[2])

    def _chat(self, text: str) -> list[GameEvent]:
        found = _CODE.fullmatch(text) if self._options.link_codes else None
        if found is None:
            return []
        details = {"code": found[2]}
        return [GameEvent(self._player(found[1]), "link_code", None, self._at, details)]

    def _made(self, name: str, verb: str, text: str) -> list[GameEvent]:
        if self._options.believe == "files":
            return []
        who, title = self._player(name), _title(text)
        what = self._options.titles.get(title) or VANILLA.get(title)
        if what is None and self._options.believe == "both":
            # The file will tell it by its id; a name of another kind would pay it twice.
            self._memory.titles_unknown += 1
            return []
        details = {"title": title, "frame": _FRAMES[verb], "via": "log"}
        return [GameEvent(who, what or f"title:{title}", None, self._at, details)]

    def _player(self, name: str) -> str:
        uuid = self._memory.online.get(name)
        if uuid is None:
            raise MessageRejected(f"{name} is not online by the log, so nobody knows who that is")
        return player(uuid, offline_mode=self._options.offline_mode)


def _title(text: str) -> str:
    """Return the title as it is shown: blanks in one, no control characters.

    Raises:
        MessageRejected: it can be no part of a name.
    """
    title = unicodedata.normalize("NFC", " ".join(text.split()))
    odd = any(unicodedata.category(sign) in {"Cc", "Cs"} for sign in title)
    # A line that ran into the next one, as after a crash, holds the beginning of that one.
    if odd or not title or "] [" in title or len(title) > _LONGEST_TITLE:
        raise MessageRejected("the title of an advancement is empty, too long or damaged")
    return title
