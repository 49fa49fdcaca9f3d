"""What goes wrong on purpose between a caller and the API: the faults as they are, and changed.

In: a form. Out: the faults.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import web

from bridge.look.forms import Form
from bridge.look.page import see_other
from bridge.sandbox.dashboard.door import Door
from bridge.sandbox.dashboard.frame import FAULTS, Frame
from bridge.sandbox.dashboard.visits import Visit
from bridge.sandbox.faults import Fault, Faults, checked

#: What each fault does, and whether the call took effect.
WORDS: Final[Mapping[Fault, str]] = MappingProxyType(
    {
        Fault.LATENCY: "Up to so many seconds pass before anything else; at most 60.",
        Fault.RATE_LIMIT: "429 with Retry-After; nothing was done.",
        Fault.ERROR_500: "500; nothing was done.",
        Fault.HTML_ERROR: "A proxy's 502 page; nothing was done.",
        Fault.REDIRECT: "302 or 307 to nowhere; nothing was done.",
        Fault.RESET_BEFORE: "The connection is reset; nothing was done.",
        Fault.RESET_AFTER: "It is done, then the connection is reset.",
        Fault.ANSWER_LOST: "It is done, and no answer ever comes.",
        Fault.LATE_ARRIVAL: "The connection is reset; seconds later it is done all the same.",
        Fault.FORGET_KEY: "The Idempotency-Key is not remembered: a retry pays twice.",
        Fault.PAYOUT_FAILS: "202, and the payout fails afterwards.",
    }
)


class FaultPage:
    """The handlers."""

    def __init__(self, frame: Frame, door: Door, faults: Faults) -> None:
        self._frame = frame
        self._door = door
        self._faults = faults

    def routes(self) -> list[web.RouteDef]:
        """Return the page and its form."""
        return [
            web.get(FAULTS, self._door.seen(self.show)),
            web.post(FAULTS, self._door.posted(self.change)),
        ]

    async def show(self, _: web.Request, visit: Visit) -> web.Response:
        values = {name: f"{value:g}" for name, value in self._faults.values().items()}
        return self._page(visit, values, {})

    async def change(self, _: web.Request, visit: Visit, form: Form) -> web.Response:
        if form.has("none"):
            self._faults.change(dict.fromkeys(Fault, 0.0))
            visit.say("good", "Nothing goes wrong on purpose any more.")
            return see_other(FAULTS)
        typed = {fault.value: form.one(fault.value) or "0" for fault in Fault}
        read = {name: _read(name, value) for name, value in typed.items()}
        wrong = {name: value for name, value in read.items() if isinstance(value, str)}
        if wrong:
            return self._page(visit, typed, wrong, 422)
        self._faults.change(read)
        visit.say("good", "The faults were changed.")
        return see_other(FAULTS)

    def _page(
        self,
        visit: Visit,
        values: Mapping[str, str],
        errors: Mapping[str, str],
        status: int = 200,
    ) -> web.Response:
        return self._frame.page(
            visit,
            "dashboard/faults.html",
            status,
            here=FAULTS,
            action=FAULTS,
            rows=[(fault.value, WORDS[fault]) for fault in WORDS],
            values=values,
            errors=errors,
            some=any(self._faults.values().values()),
        )


def _read(name: str, value: str) -> float | str:
    """Return the number that was typed, or the sentence that says why it can't be used."""
    try:
        number = float(value)
        checked({name: number})
    except ValueError:
        return f"Write a number from 0 to {'60' if name == Fault.LATENCY else '1'}."
    return number
