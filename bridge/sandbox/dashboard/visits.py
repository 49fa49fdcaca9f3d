"""Who is signed in to the dashboard: visits in memory, gone when the sandbox ends.

In: a clock. Out: visits by the random id in their cookie. Knows nothing of HTTP or tokens.
"""

import asyncio
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from bridge.events import Clock

#: Seconds that a visit lasts.
LIFETIME: Final = 12 * 3600.0
#: How many visits there are at once; the oldest ends first.
MOST_VISITS: Final = 64
#: How many sent forms a visit remembers.
MOST_SENT: Final = 64
#: Wrong tokens that are taken in a row, and the seconds until one more is.
PATIENCE: Final = 5
PAUSE: Final = 2.0

Flash = tuple[str, str]


@dataclass(slots=True)
class Visit:
    """One browser that is signed in."""

    ends: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    #: Forms of one visit are carried out one after the other.
    turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _flash: list[Flash] = field(default_factory=list, repr=False)
    _kept: dict[str, str] = field(default_factory=dict, repr=False)
    _sent: OrderedDict[str, str] = field(default_factory=OrderedDict, repr=False)

    def say(self, tone: str, text: str) -> None:
        """Have the next page say something."""
        self._flash.append((tone, text))

    def said(self) -> list[Flash]:
        """Return what is to be said, once."""
        said, self._flash = self._flash, []
        return said

    def keep(self, name: str, secret: str) -> None:
        """Keep a secret for the one page that shows it."""
        self._kept[name] = secret

    def take(self, name: str) -> str | None:
        """Return a secret, once."""
        return self._kept.pop(name, None)

    def sent(self, once: str) -> str | None:
        """Return where a form led that was sent before: a second click does nothing."""
        return self._sent.get(once)

    def remember(self, once: str, led_to: str) -> None:
        """Remember where a form led."""
        self._sent[once] = led_to
        while len(self._sent) > MOST_SENT:
            self._sent.popitem(last=False)


class Visits:
    """All visits, and the one-time code that begins one without the admin token."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._visits: OrderedDict[str, Visit] = OrderedDict()
        self.code = secrets.token_urlsafe(24)
        self._redeemed = False

    def begin(self) -> str:
        """Begin a visit; return its id."""
        name = secrets.token_urlsafe(32)
        self._visits[name] = Visit(self._clock.monotonic() + LIFETIME)
        while len(self._visits) > MOST_VISITS:
            self._visits.popitem(last=False)
        return name

    def find(self, name: str) -> Visit | None:
        """Return a visit that has not ended."""
        visit = self._visits.get(name)
        if visit is not None and visit.ends <= self._clock.monotonic():
            self.end(name)
            return None
        return visit

    def end(self, name: str) -> None:
        self._visits.pop(name, None)

    def usable(self, code: str) -> bool:
        """Whether this is the one-time code, and nobody used it."""
        same = hmac.compare_digest(code.encode(errors="replace"), self.code.encode())
        return same and not self._redeemed

    def redeem(self, code: str) -> bool:
        """Use the one-time code up; false where that can't be done."""
        usable = self.usable(code)
        self._redeemed = self._redeemed or usable
        return usable


class Tries:
    """Slows guessing down: some wrong tokens are free, then each one costs a pause."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._free = float(PATIENCE)
        self._at = clock.monotonic()

    def wait(self) -> float:
        """Return the seconds until the next try is looked at."""
        now = self._clock.monotonic()
        self._free = min(PATIENCE, self._free + (now - self._at) / PAUSE)
        self._at = now
        return max(0.0, (1 - self._free) * PAUSE)

    def wrong(self) -> None:
        """Count a wrong one."""
        self._free -= 1
