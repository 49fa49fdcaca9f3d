"""Shows every player who is not linked yet where to link their account.

In: players, and at which domain their made-up e-mail addresses are. Out: a line with a URL for
each. A real game asks its players for the address, or leaves it to campaign-bridge's own page.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Self
from urllib.parse import quote

from sample_game.calls import ask, reason
from sample_game.doors import Bridge
from sample_game.roster import Player
from sample_game.story import printable

#: Said of the call itself: asking again would be answered the same.
NEVER = frozenset({400, 401, 403, 404, 405, 409, 413, 415, 422, 501})
WAIT = 1.0  # seconds between two tries


class Greeter:
    """Asks in a thread of its own, as the game loop never waits; use it as a context manager."""

    def __init__(
        self,
        bridge: Bridge,
        players: Iterable[Player],
        domain: str,
        say: Callable[[str], None],
        notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._bridge = bridge
        self._players = list(players)
        self._domain = domain
        self._say = say
        self._notice = notice
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._greet_all, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ask no further."""
        self._stopped.set()
        self._thread.join()

    def _greet_all(self) -> None:
        for player in self._players:
            while not self._stopped.is_set() and not self._greeted(player):
                self._stopped.wait(WAIT)

    def _greeted(self, player: Player) -> bool:
        """Ask once; return whether there is nothing more to ask for this player."""
        path = f"/v1/players/{quote(player.id, safe='')}"
        status, body = ask(self._bridge, "GET", path)
        if status != 200:
            return self._given_up(player, status, reason(status, body))
        if any(link.get("state") == "linked" for link in body.get("links", ())):
            return True
        email = f"{player.id.rpartition(':')[2]}@{self._domain}"
        status, body = ask(self._bridge, "POST", f"{path}/link", {"email": email})
        url = body.get("url")
        if status in {200, 201} and isinstance(url, str):
            name = printable(player.name)
            self._say(f">> {name}, link your account to be paid: {printable(url)}")
            return True
        # 202: on disk over there, but the campaign could not be asked yet.
        return status != 202 and self._given_up(player, status, reason(status, body))

    def _given_up(self, player: Player, status: int, why: str) -> bool:
        if status in NEVER:
            self._notice(f"no link for {printable(player.name)}: {printable(why)}")
        return status in NEVER
