"""Sockets that systemd holds for us: which door each is for, and what that makes of the settings.

In: `$LISTEN_PID`, `$LISTEN_FDS`, `$LISTEN_FDNAMES` and the sockets from descriptor 3 on. Out:
`Held`, the sockets by door. A held socket stands in place of the address of the settings, and
stays with systemd when we end: what comes meanwhile waits in it.

```text
FileDescriptorName=   socket               stands for
http                  TCP                  [http] listen
unix                  unix, stream         [http] unix
udp                   UDP                  [udp] listen
webhooks              TCP                  [webhooks] listen
link-page             TCP                  [link_page] listen
source-NAME           UDP                  udp of the source NAME
none given            any of the first three, told apart by its kind
```
"""

import os
import socket
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Final

from bridge.errors import SettingsError
from bridge.record import record
from bridge.settings.kinds import is_loopback
from bridge.settings.models import Settings
from bridge.settings.sources import SourceSettings

#: The first descriptor that is handed over.
FIRST: Final = 3
#: Doors that take one socket only, and those that take any number.
_ONE: Final = ("udp", "source-")
_HINT: Final = (
    "FileDescriptorName= in the socket unit is one of http, unix, udp, webhooks, link-page or "
    "source-NAME."
)

Sockets = tuple[socket.socket, ...]


@record
class Held:
    """The sockets that were handed over, by the name of their door."""

    doors: dict[str, Sockets] = field(default_factory=dict)

    def add(self, sock: socket.socket, name: str) -> None:
        """Take one more; raises `SettingsError` where it fits no door, and closes it then."""
        try:
            door = _door(name, sock)
            self._refuse_second(door)
        except SettingsError:
            sock.close()
            raise
        self.doors[door] = (*self.of(door), sock)

    def _refuse_second(self, door: str) -> None:
        if door in self.doors and door.startswith(_ONE):
            raise SettingsError(
                f"two sockets are handed over for {door}, which reads one", hint=_HINT
            )

    def of(self, door: str) -> Sockets:
        """Return the sockets of a door, none where the settings' address counts."""
        return self.doors.get(door, ())

    def one(self, door: str) -> socket.socket | None:
        """Return the socket of a door that takes one only."""
        return next(iter(self.of(door)), None)

    def sources(self) -> dict[str, socket.socket]:
        """Return the sockets of sources, by the source's name."""
        return {
            door.removeprefix("source-"): sockets[0]
            for door, sockets in self.doors.items()
            if door.startswith("source-")
        }

    def over(self, settings: Settings) -> Settings:
        """Lay the sockets' addresses over those of the settings.

        Raises:
            SettingsError: a socket is for a door that the settings don't have.
        """
        http = {name: value for name, value in self._http().items() if value is not None}
        parts = {
            "http": settings.http.model_copy(update=http),
            "udp": settings.udp.model_copy(update=self._listen("udp")),
            "webhooks": settings.webhooks.model_copy(update=self._listen("webhooks")),
            "link_page": settings.link_page.model_copy(update=self._listen("link-page")),
            "sources": tuple(self._source(source) for source in settings.sources),
        }
        if self.of("link-page") and settings.link_page.listen is None:
            raise SettingsError(
                "the socket link-page is handed over, and the settings have no link page",
                hint="Set [link_page] listen and public_url, or take the socket out.",
            )
        self._refuse_strays(settings)
        return settings.model_copy(update=parts)

    def _http(self) -> dict[str, object]:
        unix = self.one("unix")
        return {
            **self._listen("http"),
            "unix": None if unix is None else Path(_address(unix)),
        }

    def _listen(self, door: str) -> dict[str, str]:
        """Return the address that counts: of several the one that others can reach."""
        addresses = sorted(map(_address, self.of(door)), key=_is_local)
        return {"listen": addresses[0]} if addresses else {}

    def _source(self, source: SourceSettings) -> SourceSettings:
        held = self.one(f"source-{source.name}")
        if held is None or source.udp is None:
            return source
        return source.model_copy(update={"udp": _address(held)})

    def _refuse_strays(self, settings: Settings) -> None:
        by_udp = {source.name for source in settings.sources if source.udp is not None}
        for name in self.sources():
            if name not in by_udp:
                raise SettingsError(
                    f"the socket source-{name} is handed over, and the settings have no source "
                    f"{name!r} that comes by udp",
                    hint=f"Add it to [[sources]] with a udp address, or stop its socket unit: "
                    f"nobody would read what comes to {_address(self.of(f'source-{name}')[0])}.",
                )

    def close(self) -> None:
        """Close our ends; systemd keeps its own."""
        for sockets in self.doors.values():
            for sock in sockets:
                with suppress(OSError):
                    sock.close()


def handed_over(
    environ: MutableMapping[str, str] = os.environ, *, first: int = FIRST, pid: int | None = None
) -> Held:
    """Take the sockets that were handed to this process, and the variables that tell of them.

    Raises:
        SettingsError: one has an unknown name, or is of another kind than its name says.
    """
    told = {name: environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")}
    if told["LISTEN_PID"] != str(os.getpid() if pid is None else pid):
        return Held()  # they were for a process before us
    count = int(told["LISTEN_FDS"]) if told["LISTEN_FDS"].isdecimal() else 0
    names = told["LISTEN_FDNAMES"].split(":") if told["LISTEN_FDNAMES"] else []
    names += [""] * (count - len(names))
    held = Held({})
    try:
        for number, name in zip(range(first, first + count), names, strict=False):
            held.add(_taken(number, name), name)
    except SettingsError:
        held.close()
        raise
    return held


def _taken(number: int, name: str) -> socket.socket:
    try:
        sock = socket.socket(fileno=number)
    except OSError as no_socket:
        raise SettingsError(
            f"descriptor {number} ({name or 'without a name'}) is handed over and is no socket",
            hint="Only ListenStream= and ListenDatagram= are of use in the socket unit.",
        ) from no_socket
    sock.setblocking(False)
    sock.set_inheritable(False)
    return sock


def _door(name: str, sock: socket.socket) -> str:
    """Return the door that a socket is for; raises `SettingsError` where it fits none."""
    kind = _kind(sock)
    if not name or name == "unknown" or name.endswith(".socket"):  # systemd's own names
        return {"TCP": "http", "UDP": "udp", "unix": "unix"}[kind]
    wanted = _wanted(name)
    if wanted is None:
        raise SettingsError(f"a socket is handed over under the unknown name {name!r}", hint=_HINT)
    if wanted != kind:
        raise SettingsError(
            f"the socket {name} is a {kind} socket; it must be {wanted}", hint=_HINT
        )
    return name


def _wanted(name: str) -> str | None:
    fixed = {"http": "TCP", "webhooks": "TCP", "link-page": "TCP", "udp": "UDP", "unix": "unix"}
    return "UDP" if name.startswith("source-") else fixed.get(name)


def _kind(sock: socket.socket) -> str:
    inet = sock.family in {socket.AF_INET, socket.AF_INET6}
    if inet and sock.type == socket.SOCK_DGRAM:
        return "UDP"
    if sock.type == socket.SOCK_STREAM and (inet or sock.family == socket.AF_UNIX):
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return "TCP" if inet else "unix"
        raise SettingsError(
            "a connection is handed over, not a socket that listens",
            hint="Take Accept=yes out of the socket unit.",
        )
    raise SettingsError(
        f"a socket of a kind that nothing here reads is handed over ({_address(sock)})",
        hint="Use ListenStream= for HTTP and ListenDatagram= with an address and port for UDP.",
    )


def _address(sock: socket.socket) -> str:
    name = sock.getsockname()
    if isinstance(name, tuple):
        host, port, *_ = name
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    text = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
    return text.replace("\0", "@")


def _is_local(address: str) -> bool:
    return is_loopback(address.rpartition(":")[0])
