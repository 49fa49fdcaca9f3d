"""What a supervisor is told, in the words of systemd's sd_notify.

In: `$NOTIFY_SOCKET`, `$WATCHDOG_USEC`, `$WATCHDOG_PID`. Out: datagrams to the supervisor; none
where nobody listens. Knows nothing of what is ready or stuck. Sockets that systemd holds are in
`sockets.py`.
"""

import os
import socket
from collections.abc import Mapping
from typing import Final

import structlog

log = structlog.get_logger("daemon")

#: Seconds that a supervisor gets to take a datagram; nothing here may hold the daemon up.
_PATIENCE: Final = 0.5
#: A status line is cut to this: it is read in one line of a terminal.
_LONGEST: Final = 400


class Notifier:
    """Tells the supervisor, or nobody where `address` is empty; a deaf one does no harm.

    `address` is a path, or a name in Linux's abstract namespace after an `@`.
    """

    def __init__(self, address: str = "") -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self._deaf = False
        #: The status that was told last, as an assignment.
        self.status = ""
        if address:
            self._open(address)

    @classmethod
    def of(cls, environ: Mapping[str, str] = os.environ) -> "Notifier":
        """Return the one that the environment names."""
        return cls(environ.get("NOTIFY_SOCKET", ""))

    @property
    def listening(self) -> bool:
        """Whether anybody can be told."""
        return self._socket is not None

    def tell(self, *words: str) -> bool:
        """Send assignments such as `READY=1`, together; return whether they were taken."""
        if self._socket is None:
            return False
        try:
            self._socket.sendto("\n".join(words).encode(), _path(self._address))
        except (OSError, UnicodeError) as failure:
            self._complain(str(failure))
            return False
        self._deaf = False
        self.status = next((word for word in words if word.startswith("STATUS=")), self.status)
        return True

    def ready(self, status: str) -> None:
        """Say that all doors are open, or that a reload has come to its end."""
        self.tell("READY=1", status_word(status))

    def reloading(self, monotonic: float, status: str) -> None:
        """Say that the settings are being read again; `monotonic` is now."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={int(monotonic * 1e6)}", status_word(status))

    def stopping(self, status: str) -> None:
        """Say that the end has begun."""
        self.tell("STOPPING=1", status_word(status))

    def close(self) -> None:
        """Tell nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self, address: str) -> None:
        if not hasattr(socket, "AF_UNIX") or address[0] not in "/@":
            log.warning(
                "nobody is notified: NOTIFY_SOCKET is no unix socket",
                action="supervisor_unreachable",
                address=address,
            )
            return
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(_PATIENCE)

    def _complain(self, error: str) -> None:
        if not self._deaf:
            self._deaf = True
            log.warning(
                "the supervisor can't be told", action="supervisor_unreachable", error=error
            )


def status_word(status: str) -> str:
    """Return the assignment of a status: one line, whatever is in it."""
    line = " ".join("".join(c if c.isprintable() else " " for c in status).split())
    return f"STATUS={line if len(line) <= _LONGEST else line[: _LONGEST - 1] + '…'}"


def watchdog_seconds(environ: Mapping[str, str] = os.environ, pid: int | None = None) -> float:
    """Return after how long without a sign of life we are killed; 0 where nobody watches us."""
    for_whom = environ.get("WATCHDOG_PID", "")
    if for_whom and for_whom != str(os.getpid() if pid is None else pid):
        return 0.0
    given = environ.get("WATCHDOG_USEC", "")
    return int(given) / 1e6 if given.isascii() and given.isdecimal() else 0.0


def _path(address: str) -> str:
    return "\0" + address[1:] if address.startswith("@") else address
