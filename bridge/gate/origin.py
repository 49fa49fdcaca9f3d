"""Which browsers may call: none that another site has sent.

In: the headers of a call and the address it came to. Out: nothing, or a refusal. Knows nothing of
tokens.

A page of any site can make a browser on this machine post to a loopback port. It can't forge
`Host` and `Origin`, and that tells it apart; a name that an attacker has pointed at 127.0.0.1
(DNS rebinding) shows in `Host`.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from aiohttp import web
from multidict import CIMultiDictProxy

from bridge.errors import NotAllowed
from bridge.record import record
from bridge.settings.kinds import is_loopback

_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[^\s:/@\[\]]+))(?::\d*)?")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@record
class Hosts:
    """The names under which this machine is called, besides the loopback ones."""

    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, hosts: Iterable[str]) -> "Hosts":
        """Take names as people write them: with a port or without, in any case."""
        return cls(frozenset(name for host in hosts if (name := host_name(host))))

    def check(self, headers: CIMultiDictProxy[str], came_to: str | None, *, nameless: bool) -> None:
        """Let a call pass that no foreign page has made.

        `came_to` is the address of this machine that was called; `nameless` says that a call may
        come without `Host`, as in HTTP/1.0 and on a unix socket.

        Raises:
            NotAllowed: it comes from another site, or calls us by a name that isn't ours.
            HTTPBadRequest: it has no `Host`, or several.
        """
        hosts = headers.getall("Host", ())
        if len(hosts) > 1 or not (hosts or nameless):
            raise web.HTTPBadRequest(reason="The call needs one Host header.")
        if hosts and not _ours(hosts[0], came_to, self.names):
            raise NotAllowed(
                "foreign Host: this daemon isn't called by that name",
                hint="Call it as localhost, or add the name to [http] allowed_hosts.",
            )
        if "Origin" in headers:
            _refuse_foreign(headers.getall("Origin"), hosts[0] if hosts else "")
        if headers.get("Sec-Fetch-Site", "").strip().lower() == "cross-site":
            raise _foreign()


@lru_cache(maxsize=256)  # callers know us by few names, and each call says one
def _ours(host: str, came_to: str | None, names: frozenset[str]) -> bool:
    name = host_name(host)
    return bool(name) and (name in names or name == came_to or is_loopback(name))


def host_name(host: str) -> str:
    """Return the name in a `Host` header without its port, "" where it is none."""
    match = _HOST.fullmatch(host.strip().lower())
    if match is None:
        return ""
    return match["six"] or match["name"].rstrip(".")


def _refuse_foreign(origins: Sequence[str], host: str) -> None:
    if not all(_same_site(origin.strip().lower(), host.strip().lower()) for origin in origins):
        raise _foreign()


def _same_site(origin: str, host: str) -> bool:
    scheme, _, rest = origin.partition("://")
    port = _DEFAULT_PORTS.get(scheme)
    return bool(port and rest) and rest.removesuffix(port or "") == host.removesuffix(port or "")


def _foreign() -> NotAllowed:
    return NotAllowed(
        "foreign origin: a page of another site has made this call",
        hint="Call from a program, or from this daemon's own pages.",
    )
