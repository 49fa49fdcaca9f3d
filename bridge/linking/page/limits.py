"""How much of the page one address gets, and everybody together.

In: requests, a clock. Out: nothing, or a refusal that says when to come back. Bounded in memory: of
the addresses beyond a number, those that came longest ago are forgotten.
"""

import math
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

from aiohttp import web

from bridge.events import Clock

#: A page that waits for an approval looks again every few seconds; a whole LAN may wait.
_LOOKS_A_TRY: Final = 60
#: Sessions begun, and wrong codes, of all addresses together in a minute.
_MOST_BEGUN: Final = 120
_MOST_WRONG: Final = 60
_REMEMBERED: Final = 10_000
#: Of an IPv6 address, one customer has at least this many bits for themself.
_CUSTOMER_BITS: Final = 64


class _Budget:
    """So many a minute, all at once or one by one."""

    def __init__(self, a_minute: int, now: float) -> None:
        self._most = float(a_minute)
        self._left = self._most
        self._at = now

    def wait(self, now: float) -> float:
        """Return in how many seconds there is one more; 0 where there is one now."""
        self._left = min(self._most, self._left + (now - self._at) * self._most / 60)
        self._at = now
        return 0.0 if self._left >= 1 else (1 - self._left) * 60 / self._most

    def take(self) -> None:
        self._left -= 1


class Limits:
    """The budgets of the page; `a_minute` is how often one address may try something."""

    def __init__(self, clock: Clock, a_minute: int) -> None:
        self._clock = clock
        now = clock.monotonic()
        self._a_minute = a_minute
        self._tries: OrderedDict[str, _Budget] = OrderedDict()
        self._looks: OrderedDict[str, _Budget] = OrderedDict()
        self._begun = _Budget(_MOST_BEGUN, now)
        self._wrong = _Budget(_MOST_WRONG, now)

    def look(self, address: str) -> None:
        """Count a look at the page; raises `HTTPTooManyRequests`."""
        self._spend(self._of(self._looks, address, self._a_minute * _LOOKS_A_TRY))

    def attempt(self, address: str, *, with_code: bool) -> None:
        """Count a try to begin a session; raises `HTTPTooManyRequests`."""
        own = self._of(self._tries, address, self._a_minute)
        shared = [self._begun, self._wrong] if with_code else [self._begun]
        for budget in (own, *shared):
            self._check(budget)
        own.take()
        self._begun.take()

    def wrong_code(self) -> None:
        """Count a code that stood for nobody."""
        self._wrong.take()

    def _of(self, budgets: OrderedDict[str, _Budget], address: str, a_minute: int) -> _Budget:
        budget = budgets.get(address) or _Budget(a_minute, self._clock.monotonic())
        budgets[address] = budget
        budgets.move_to_end(address)
        if len(budgets) > _REMEMBERED:
            budgets.popitem(last=False)
        return budget

    def _spend(self, budget: _Budget) -> None:
        self._check(budget)
        budget.take()

    def _check(self, budget: _Budget) -> None:
        wait = budget.wait(self._clock.monotonic())
        if wait > 0:
            headers = {"Retry-After": str(math.ceil(wait))}
            raise web.HTTPTooManyRequests(reason="Too many tries", headers=headers)


def address_of(request: web.Request, *, behind_proxy: bool) -> str:
    """Return whom a request counts for: an IPv4 address, or an IPv6 customer's network.

    Behind a proxy it is what the proxy added last to X-Forwarded-For; the rest of that header is
    what the caller likes.
    """
    seen = request.remote or ""
    if behind_proxy:
        said = ",".join(request.headers.getall("X-Forwarded-For", ()))
        seen = _address(said.rpartition(",")[2]) or seen
    return _network(seen)


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text.strip()))
    except ValueError:
        return None


def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped is not None:
        return str(known.ipv4_mapped)
    return f"{int(known) >> (128 - _CUSTOMER_BITS):x}::"
