"""What goes wrong on purpose between a caller and the Campaigns API.

In: chances by name, an injected source of chance, requests to /api. Out: their answers, or none.
Knows nothing of what the calls do: a request that "arrives late" takes the ordinary way.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from enum import StrEnum
from random import Random
from typing import Final

from aiohttp import web

from bridge.sandbox.answers import error
from bridge.sandbox.readings import REDIRECT_PREFIX, RETRY_AFTER

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Seconds between two looks whether a silent connection's client has gone away.
SILENCE_STEP = 0.02
#: The longest latency that can be asked for, in seconds.
LONGEST_LATENCY = 60.0


class Fault(StrEnum):
    """The faults; each value is a probability, that of latency a number of seconds."""

    LATENCY = "latency"  # uniform 0..value before anything else
    RATE_LIMIT = "rate_limit"  # 429 with Retry-After, not handled
    ERROR_500 = "error_500"  # 500, not handled
    RESET_BEFORE = "reset_before"  # RST, not handled
    RESET_AFTER = "reset_after"  # handled, then RST
    ANSWER_LOST = "answer_lost"  # handled, then silence
    LATE_ARRIVAL = "late_arrival"  # RST at once, handled seconds later
    FORGET_KEY = "forget_key"  # the stored idempotency record is not found
    REDIRECT = "redirect"  # 302 or 307, not handled
    HTML_ERROR = "html_error"  # a proxy's 502 page, not handled
    PAYOUT_FAILS = "payout_fails"  # accepted with 202, and not paid


def checked(values: Mapping[str, object]) -> dict[Fault, float]:
    """Return the values by fault.

    Raises:
        ValueError: a name is unknown or a value out of range; the sentence says which.
    """
    return {_fault(name): _value(name, value) for name, value in values.items()}


def _fault(name: str) -> Fault:
    try:
        return Fault(name)
    except ValueError:
        known = ", ".join(Fault)
        raise ValueError(f"unknown fault {name!r}; known are {known}") from None


def _value(name: str, value: object) -> float:
    highest = LONGEST_LATENCY if name == Fault.LATENCY else 1.0
    is_truth = isinstance(value, bool)  # JSON's true is no 1
    if is_truth or not isinstance(value, int | float | Decimal) or not 0 <= value <= highest:
        raise ValueError(f"{name} must be a number from 0 to {highest:g}")
    return float(value)


class Faults:
    """The chances as they are now; they can be changed while the sandbox runs."""

    def __init__(self, random: Random, values: Mapping[str, object]) -> None:
        self._random = random
        self._values = dict.fromkeys(Fault, 0.0) | checked(values)

    def values(self) -> dict[str, float]:
        return {fault.value: value for fault, value in self._values.items()}

    def change(self, values: Mapping[str, object]) -> None:
        """Replace those that are named, all or none.

        Raises:
            ValueError: see `checked`.
        """
        self._values |= checked(values)

    def strikes(self, fault: Fault) -> bool:
        """Whether `fault` happens this time; chance is asked only where it could."""
        value = self._values[fault]
        return value > 0 and self._random.random() < value

    def wait(self) -> float:
        """Return the latency of this request in seconds."""
        longest = self._values[Fault.LATENCY]
        return self._random.uniform(0, longest) if longest > 0 else 0.0

    def redirect_status(self) -> int:
        return self._random.choice((302, 307))


class FaultyRoad:
    """Stands between the socket and the handlers of /api; see `Fault` for what it does.

    `road` is the middleware; `closing` must be awaited when the server goes down.
    """

    def __init__(self, faults: Faults, *, late_after: float, hold: float) -> None:
        self._faults = faults
        self._late_after = late_after
        self._hold = hold
        self._late: set[asyncio.Task[None]] = set()

    @web.middleware
    async def road(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith("/api/"):
            return await handler(request)
        await request.read()  # an answer before the body was read would break the connection
        if (wait := self._faults.wait()) > 0:
            await asyncio.sleep(wait)
        instead = self._instead_of_handling(request, handler)
        return await self._handled(request, handler) if instead is None else instead

    async def late_arrivals(self) -> None:
        """Return when every request that is still on its way was handled."""
        while self._late:
            await asyncio.wait(self._late)

    async def close(self) -> None:
        """Lose the requests that are still on their way."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    def _instead_of_handling(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse | None:
        if self._faults.strikes(Fault.REDIRECT):
            return _redirect(request, self._faults.redirect_status())
        for fault, answered in _NOT_HANDLED.items():
            if self._faults.strikes(fault):
                return answered(request)
        if self._faults.strikes(Fault.LATE_ARRIVAL):
            self._send_late(request, handler)
            return _reset(request)
        return None

    async def _handled(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        if self._faults.strikes(Fault.RESET_AFTER):
            return _reset(request)
        if self._faults.strikes(Fault.ANSWER_LOST):
            await self._stay_silent(request)
            return _reset(request)
        return response

    def _send_late(self, request: web.Request, handler: Handler) -> None:
        async def arrive() -> None:
            await asyncio.sleep(self._late_after)
            await handler(request)

        task = asyncio.create_task(arrive())
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _stay_silent(self, request: web.Request) -> None:
        for _ in range(int(self._hold / SILENCE_STEP)):
            if request.transport is None:
                return
            await asyncio.sleep(SILENCE_STEP)


def _reset(request: web.Request) -> web.Response:
    """Close the connection so that the client gets RST, not FIN; nothing is sent any more."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


def _redirect(request: web.Request, status: int) -> web.Response:
    return web.Response(status=status, headers={"Location": REDIRECT_PREFIX + request.path})


def _rate_limit(_: web.Request) -> web.Response:
    response = error(429, "Too many requests").response()
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _broken(_: web.Request) -> web.Response:
    return error(500, "Internal server error").response()


def _proxy_page(_: web.Request) -> web.Response:
    page = "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>"
    return web.Response(status=502, text=page, content_type="text/html")


_NOT_HANDLED: Final = {
    Fault.HTML_ERROR: _proxy_page,
    Fault.RATE_LIMIT: _rate_limit,
    Fault.ERROR_500: _broken,
    Fault.RESET_BEFORE: _reset,
}
