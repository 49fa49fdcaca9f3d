"""The daemon's control socket: found by the outbox it serves, asked, its refusals as our errors.

In: the outbox of the configuration, calls. Out: JSON, or the error that the daemon explained.
Knows the paths of sockets; nothing of what the calls mean.
"""

import getpass
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from bridge.errors import (
    BridgeError,
    CommandError,
    DaemonNotRunning,
    FieldProblem,
    MessageRejected,
    NotAllowed,
    NotAuthenticated,
)
from bridge.record import record
from bridge.settings.files import CONTROL_SOCKET, runtime_dirs

Json = dict[str, Any]

#: Seconds for one call; a list of ten thousand entries takes a moment.
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=3)
_PATIENT = aiohttp.ClientTimeout(total=None, sock_connect=3)
_SHUT = "Run it as root or as the daemon's user; `send` also as a member of [http] allowed_groups."
_PROBLEM = "urn:campaign-bridge:problem:"


class ControlSocket:
    """One daemon, asked through its control socket."""

    def __init__(self, path: Path, session: aiohttp.ClientSession) -> None:
        self.path = path
        self._session = session

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        query: Mapping[str, str] | None = None,
        *,
        patient: bool = False,
    ) -> Json:
        """Make a call; `path` is percent-encoded already. `patient`: the answer may take its time.

        Raises:
            DaemonNotRunning: nobody answers there, or not to the end.
            BridgeError: the daemon refused; the error is the one that its problem names.
        """
        url = URL(f"http://localhost{path}", encoded=True).with_query(query or {})
        return await self._asked(method, url, _PATIENT if patient else _TIMEOUT, json=body)

    async def stream(self, path: str, body: AsyncIterator[bytes] | bytes) -> Json:
        """Post `body` as it comes; the answer may take its time.

        Raises:
            DaemonNotRunning, BridgeError: as of `call`.
        """
        url = URL(f"http://localhost{path}", encoded=True)
        return await self._asked("POST", url, _PATIENT, data=body)

    async def _asked(
        self, method: str, url: URL, limits: aiohttp.ClientTimeout, **body: Any
    ) -> Json:
        try:
            async with self._session.request(method, url, timeout=limits, **body) as response:
                status, data = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as failure:
            words = str(failure) or type(failure).__name__
            raise DaemonNotRunning(
                f"the daemon at {self.path} does not answer: {words}"
            ) from failure
        return _document(status, data)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[ControlSocket]:
    """Open the control socket at `path`; nothing is asked yet."""
    session = aiohttp.ClientSession(
        connector=aiohttp.UnixConnector(path=str(path)),
        timeout=_TIMEOUT,
        headers={"X-Operator": operator()},
        cookie_jar=aiohttp.DummyCookieJar(),
    )
    async with session:
        yield ControlSocket(path, session)


def operator() -> str:
    """Return the local user's name, for the journal."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without an entry, as in a container
        return "unknown"
    return name if name.isascii() and name.isprintable() else "unknown"


# -- finding --------------------------------------------------------------------------------


@record
class Search:
    """Where the daemon of an outbox answers, its status, and what was met on the way.

    `limited` says that it lets us post and nothing else (a member of `allowed_groups`), so it
    could not be asked for its outbox; `shut`, that one would not let us in at all.
    """

    socket: Path | None = None
    status: Json | None = None
    limited: bool = False
    met: tuple[str, ...] = ()
    shut: bool = False

    def explained(self, outbox: Path) -> DaemonNotRunning:
        """Return the error for a command that needs the daemon."""
        told = "; ".join([f"no campaign-bridge daemon serves {outbox}", *self.met])
        return DaemonNotRunning(told, hint=_SHUT) if self.shut else DaemonNotRunning(told)


async def find_daemon(outbox: Path, config: Path) -> Search:
    """Look for the daemon that has `outbox` open, where one with `config` would answer."""
    return await _search(config, lambda status: _same(Path(str(status.get("outbox", ""))), outbox))


async def find_daemon_of(config: Path) -> Search:
    """Look for the daemon that was started with `config`, whatever stands in that file now."""
    return await _search(config, lambda status: _same(Path(status["daemon"]["config"]), config))


async def _search(config: Path, is_it: Callable[[Json], bool]) -> Search:
    met: list[str] = []
    shut = False
    for path in (folder / CONTROL_SOCKET for folder in runtime_dirs(config)):
        found = await _asked(path, is_it)
        if found.socket is not None:
            return found
        met += found.met
        shut = shut or found.shut
    return Search(met=tuple(met), shut=shut)


async def _asked(path: Path, is_it: Callable[[Json], bool]) -> Search:
    try:
        async with opened(path) as control:
            status = await control.call("GET", "/v1/operator/status")
    except NotAllowed:
        return Search(path, limited=True)
    except NotAuthenticated:
        return Search(met=(f"{path} lets only root and the daemon's own user in",), shut=True)
    except BridgeError as failure:
        return Search(met=_worth_telling(path, failure), shut=_is_denied(failure))
    if is_it(status):
        return Search(path, status)
    return Search(met=(f"the daemon at {path} serves {status.get('outbox', '')}",))


def _same(told: Path, meant: Path) -> bool:
    return told.resolve() == meant.resolve()


def _worth_telling(path: Path, failure: BridgeError) -> tuple[str, ...]:
    if _is_denied(failure):
        return (f"this user may not open {path}",)
    cause = failure.__cause__
    gone = isinstance(cause, aiohttp.ClientConnectorError | OSError)
    return () if gone else (str(failure),)


def _is_denied(failure: BridgeError) -> bool:
    cause = failure.__cause__
    return isinstance(cause, OSError) and isinstance(
        getattr(cause, "os_error", cause), PermissionError
    )


# -- answers --------------------------------------------------------------------------------


def _document(status: int, data: bytes) -> Json:
    try:
        document = json.loads(data)
    except ValueError as broken:
        raise CommandError(f"the daemon answered {status} without JSON") from broken
    if not isinstance(document, dict):
        raise CommandError(f"the daemon answered {status} with JSON that is no object")
    if status >= 400:
        raise error_of(document)
    return document


def error_of(problem: Mapping[str, Any]) -> BridgeError:
    """Return the error that a problem document tells of: the same class, message and hint."""
    code = str(problem.get("type", "")).removeprefix(_PROBLEM)
    kind = next((kind for kind in _family(BridgeError) if kind.code == code), CommandError)
    detail, hint = str(problem.get("detail", "")), str(problem.get("hint", ""))
    if not issubclass(kind, MessageRejected):
        return kind(detail, hint=hint)
    fields = [
        FieldProblem(str(field.get("pointer")), str(field.get("detail")))
        for field in problem.get("errors", ())
    ]
    return kind(detail, fields=fields, hint=hint)


def _family(kind: type[BridgeError]) -> Iterator[type[BridgeError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _family(child)
