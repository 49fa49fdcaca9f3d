"""Kinds of values that settings are made of: durations, addresses, URLs, timezones.

In: what stands in the file. Out: checked values, or a sentence on how to write it.
"""

import re
from datetime import timedelta
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator

_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|min|h|d|)")
_UNITS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_LOOPBACK_NAMES = {"localhost", "ip6-localhost"}


def _duration(value: object) -> object:
    seconds = _seconds(value)
    if seconds is None:
        return value
    try:
        return timedelta(seconds=seconds)
    except (OverflowError, ValueError) as beyond:
        raise ValueError("is no time that can be counted") from beyond


def duration_of(text: str) -> timedelta:
    """Read a duration as the settings do, such as 90d; raises ValueError."""
    value = _duration(text)
    assert isinstance(value, timedelta)  # noqa: S101  # any text is read, or refused
    return _positive(value)


def _kept(value: object) -> object:
    return None if value == "forever" else _duration(value)


def _positive_or_never(value: timedelta | None) -> timedelta | None:
    return None if value is None else _positive(value)


def _seconds(value: object) -> float | None:
    if isinstance(value, str | bool):  # pydantic would read true as a second
        match = _DURATION.fullmatch(str(value).strip())
        if match is None:
            raise ValueError('write a duration as "20h", "10s", "500ms" or a number of seconds')
        return float(match[1]) * _UNITS[match[2]]
    return value if isinstance(value, int | float) else None


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be more than zero")
    return value


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine and nothing else."""
    if host.lower() in _LOOPBACK_NAMES:
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def split_address(address: str) -> tuple[str, int]:
    """Split `127.0.0.1:8797` or `[::1]:8797` into host and port; port 0 lets the system choose."""
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError('write an address as "127.0.0.1:8797" or "[::1]:8797"')
    return host.strip("[]"), int(port)


def _address(value: str) -> str:
    split_address(value)
    return value


def _timezone(value: str) -> str:
    if value == "localtime":
        raise ValueError("keys must be the same on every machine; try Europe/Berlin or UTC")
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:  # a folder, a longer name
        raise ValueError(f"no timezone is called {value!r}; try Europe/Berlin or UTC") from unknown
    return value


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.port == 0:
        raise ValueError('write a URL such as "https://oncade.gg/api"')
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("http:// is allowed to this machine only; use https://")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("a base URL holds no user, query or fragment")
    return value.rstrip("/")


def _sqlite_url(value: str) -> str:
    if not value.startswith("sqlite:///") or len(value) == len("sqlite:///"):
        raise ValueError('write "sqlite:////var/lib/campaign-bridge/outbox.db"')
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_positive)]
#: How long something is kept: a duration, or "forever" (None).
Keep = Annotated[timedelta | None, BeforeValidator(_kept), AfterValidator(_positive_or_never)]
Address = Annotated[str, AfterValidator(_address)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
SqliteUrl = Annotated[str, AfterValidator(_sqlite_url)]
Timezone = Annotated[str, AfterValidator(_timezone)]
