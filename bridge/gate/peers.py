"""Who is at the other end of a unix socket, as the kernel says it.

In: a connected unix socket. Out: a role. Every POSIX-only call of the gate is in this file.
"""

import os
import socket
import struct
import sys
from collections.abc import Iterable
from typing import Protocol

from bridge.errors import SettingsError
from bridge.gate.roles import Role
from bridge.record import record

if sys.platform != "win32":
    import grp
    import pwd

_CREDENTIALS = struct.Struct("iII")  # struct ucred: pid, uid, gid


class Connected(Protocol):
    """The part of a socket that is asked; asyncio hands out nothing more."""

    def getsockopt(self, level: int, name: int, buflen: int, /) -> bytes:
        """Return an option's bytes."""
        ...


@record
class Peers:
    """The groups whose members may post without a token."""

    groups: tuple[int, ...] = ()

    @classmethod
    def load(cls, names: Iterable[str]) -> "Peers":
        """Find the groups called `names`.

        Raises:
            SettingsError: this machine has no such group.
        """
        return cls(tuple(_group(name) for name in names))

    def role_of(self, sock: Connected) -> Role | None:
        """Return the role of the process that connected, None where it may not come in.

        Where the kernel doesn't tell who it is, nobody may.
        """
        option = getattr(socket, "SO_PEERCRED", None)
        if option is None:
            return None
        try:
            raw = sock.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
        except OSError:
            return None
        _, uid, gid = _CREDENTIALS.unpack(raw)
        return self.role_of_user(uid, gid)

    def role_of_user(self, uid: int, gid: int) -> Role | None:
        """Return operator for root and the daemon's own user, game for a member of a group."""
        if uid in {0, os.geteuid()}:
            return Role.OPERATOR
        if self.groups and not set(self.groups).isdisjoint(_groups_of(uid, gid)):
            return Role.GAME
        return None


def _group(name: str) -> int:
    unknown = SettingsError(
        f"[http] allowed_groups: this machine has no group {name!r}",
        hint="Create it (groupadd), or take it out of the settings.",
    )
    if sys.platform == "win32":
        raise unknown
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError as missing:
        raise unknown from missing


def _groups_of(uid: int, gid: int) -> list[int]:
    if sys.platform == "win32":
        return []
    try:
        return os.getgrouplist(pwd.getpwuid(uid).pw_name, gid)
    except KeyError:  # a user without an entry, as in a container
        return [gid]
