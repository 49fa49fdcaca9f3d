"""Log lines for systemd's journal, with their fields: `journalctl ACTION=delivery_lane CAMPAIGN=…`.

In: structlog's events. Out: datagrams in the journal's own format; where it doesn't take one, a
JSON line on stderr. Knows nothing of what is logged.

A record is `FIELD=value` a line; a value of several lines is the field's name, its length in eight
bytes, and the bytes. One too large for a datagram goes in a sealed memory file whose descriptor
is sent instead.
"""

import errno
import json
import os
import socket
import sys
from array import array
from collections.abc import Mapping, MutableMapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from bridge.cli.printing import one_line

if sys.platform == "linux":
    import fcntl

JOURNAL: Final = Path("/run/systemd/journal/socket")
IDENTIFIER: Final = "campaign-bridge"
PRIORITIES: Final[Mapping[str, int]] = {
    "critical": 2,
    "error": 3,
    "exception": 3,
    "warning": 4,
    "info": 6,
    "debug": 7,
}
#: What a message's own line is cut to, a value; fields are whole.
_VALUE: Final = 300
_LONGEST_NAME: Final = 64
#: Seconds that the journal gets: it may not hold payouts up.
_PATIENCE: Final = 0.5
#: As large as the journal's own library asks for.
_SEND_BUFFER: Final = 8 * 1024 * 1024


def is_journal(descriptor: int, told: str) -> bool:
    """Whether a descriptor is the stream that `$JOURNAL_STREAM` says is the journal's."""
    device, _, inode = told.partition(":")
    if not (device.isdecimal() and inode.isdecimal()):
        return False
    try:
        stat = os.fstat(descriptor)
    except OSError:
        return False
    return (stat.st_dev, stat.st_ino) == (int(device), int(inode))


class JournalLogger:
    """A structlog logger that writes records; `event` is what the last processor returned."""

    def __init__(self, path: Path = JOURNAL) -> None:
        self._path = path
        self._stderr = sys.stderr
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        self._socket.settimeout(_PATIENCE)

    def msg(self, **event: Any) -> None:
        """Write one record, on stderr where the journal doesn't take it."""
        try:
            self._send(record(event))
        except OSError:
            self._stderr.write(json.dumps(event, default=str) + "\n")

    debug = info = warning = warn = error = critical = exception = fatal = log = msg

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendto(data, str(self._path))
        except OSError as failure:
            if not _too_large(failure):
                raise
            self._send_large(data)

    def _send_large(self, data: bytes) -> None:
        descriptor = os.memfd_create(IDENTIFIER, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            with os.fdopen(os.dup(descriptor), "wb") as file:
                file.write(data)
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
            # Not by socket.send_fds: in Python 3.11 that forgets the address.
            rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array("i", [descriptor]))
            self._socket.sendmsg([b""], [rights], 0, str(self._path))
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Write nothing more."""
        self._socket.close()


@cache
def logger(path: Path = JOURNAL) -> JournalLogger:
    """Return the one logger of a process for the journal at `path`."""
    return JournalLogger(path)


def _too_large(failure: OSError) -> bool:
    return failure.errno in {errno.EMSGSIZE, errno.ENOBUFS}


def fields(
    logger: object, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Return an event as structlog's last processor does for `JournalLogger`: as it is."""
    return event


def record(event: Mapping[str, Any]) -> bytes:
    """Return an event in the journal's format."""
    level = str(event.get("level", "info"))
    found = {
        "MESSAGE": message(event),
        "PRIORITY": str(PRIORITIES.get(level, 6)),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
    }
    for name, value in event.items():
        if name not in {"event", "level", "timestamp"} and value is not None:
            found.setdefault(field_name(name), _text(value))
    return b"".join(_field(name, value) for name, value in found.items() if name)


def message(event: Mapping[str, Any]) -> str:
    """Return what people read in `journalctl`: the sentence, then its facts, on one line."""
    told = [one_line(event.get("event", ""), _VALUE)]
    for name, value in event.items():
        if name not in {"event", "level", "timestamp", "exception"} and value not in (None, ""):
            told.append(f"{name}={_quoted(one_line(_text(value), _VALUE))}")
    return " ".join(told)


def field_name(name: str) -> str:
    """Return a name as the journal takes it: upper case, digits and _, a letter first."""
    allowed = "".join(c if c.isascii() and c.isalnum() else "_" for c in name).upper()
    return allowed.lstrip("_0123456789")[:_LONGEST_NAME]


def _field(name: str, value: str) -> bytes:
    data = value.encode(errors="replace")
    if b"\n" not in data:
        return name.encode() + b"=" + data + b"\n"
    return name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n"


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if " " in text else text
