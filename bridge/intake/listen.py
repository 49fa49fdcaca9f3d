"""Where calls come in: TCP addresses and unix sockets.

In: an application and the addresses of the settings. Out: what is bound, for as long as it is
needed. Knows nothing of what the calls are.
"""

import asyncio
import errno
import os
import socket
import stat
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from bridge.errors import SettingsError
from bridge.gate.guard import Gate, middlewares, problems
from bridge.intake.bodies import BODY_LIMIT
from bridge.intake.wicket import Front, Wickets
from bridge.settings.kinds import split_address

#: How long a connection may rest between calls; game servers post rarely and some never retry.
KEEPALIVE_SECONDS = 300.0
#: How long the rest of a refused body is read, so that its sender sees the answer.
LINGER_SECONDS = 2.0
#: How long calls in progress are waited for when stopping.
SHUTDOWN_SECONDS = 10.0
#: How long connections to a held socket may still call when stopping; each is told to come anew.
#: One that was accepted and has not called yet has longer.
LAST_CALLS_SECONDS = 0.25
FIRST_CALL_SECONDS = 3.0
_LOOK_SECONDS = 0.05
BACKLOG = 1024
#: For held sockets: all that the system allows, for they wait while nobody accepts.
HELD_BACKLOG = 65_535
UNIX_MODE = 0o660


@dataclass(frozen=True, slots=True)
class Bound:
    """What is being listened on."""

    tcp: tuple[tuple[str, int], ...] = ()
    unix: tuple[Path, ...] = ()


def application(gate: Gate, routes: Iterable[web.AbstractRouteDef]) -> web.Application:
    """Return an application whose every call passes the gate."""
    # One byte more than what is read, so that the limit's own message is the one that is seen.
    app = web.Application(middlewares=middlewares(gate), client_max_size=BODY_LIMIT + 1)
    app.add_routes(routes)
    return app


def public_application(routes: Iterable[web.AbstractRouteDef]) -> web.Application:
    """Return an application for a listener that strangers reach: nobody needs a token."""
    app = web.Application(middlewares=[problems])
    app.add_routes(routes)
    return app


@asynccontextmanager
async def http_listening(
    app: web.Application,
    listen: str | None,
    unix: Sequence[Path] = (),
    *,
    front: Front | None = None,
    groups: Sequence[int] = (),
    linger: float = LINGER_SECONDS,
    section: str = "http",
    held: Sequence[socket.socket] = (),
) -> AsyncIterator[Bound]:
    """Serve `app` on the TCP address and the unix sockets until left, then finish what is running.

    `section` is where in the settings the address stands. `front` makes what plain calls by TCP
    meet first; all others it leaves to `app`.

    A unix socket may be opened by the daemon's user and the first of `groups`. `held` are sockets
    that listen already, and go on doing so when we end: a connection that comes then waits in
    them, and those who keep one open are told to come anew, so that nobody is refused or cut off.

    Raises:
        SettingsError: an address can't be had; the message says which and why.
    """
    runner = web.AppRunner(
        app,
        access_log=None,  # a query string may hold a secret
        keepalive_timeout=KEEPALIVE_SECONDS,
        lingering_time=linger,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    last = _LastCalls(app) if held else None
    await runner.setup()
    assert runner.server is not None  # noqa: S101  # it is set up
    wickets = None if front is None else front(runner.server, KEEPALIVE_SECONDS)
    listeners = _Listeners()
    of_tcp: Callable[[], asyncio.Protocol] = wickets or runner.server
    opened: list[Path] = []
    try:
        for sock in held:
            by_unix = sock.family == getattr(socket, "AF_UNIX", None)
            await listeners.hold(sock, runner.server if by_unix else of_tcp)
        if listen is not None:
            with explaining(section, listen):
                await listeners.listen(listen, of_tcp)
        for path in unix:
            await _listen_unix(runner, path, groups)
            opened.append(path)
        yield _bound([*listeners.addresses, *runner.addresses])
    finally:
        if last is not None:
            listeners.let_go()
            await last.taken(runner.server, wickets)
        listeners.close()
        if wickets is not None:
            await wickets.end(SHUTDOWN_SECONDS)
        await runner.cleanup()
        for path in opened:
            path.unlink(missing_ok=True)


def _bound(addresses: Sequence[object]) -> Bound:
    tcp = tuple((address[0], address[1]) for address in addresses if isinstance(address, tuple))
    unix = tuple(Path(address) for address in addresses if isinstance(address, str))
    return Bound(tcp, unix)


class _Listeners:
    """Listening sockets, whose connections are each given to a protocol of the socket's kind."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._held: list[tuple[socket.socket, asyncio.Server]] = []

    async def hold(self, sock: socket.socket, factory: Callable[[], asyncio.Protocol]) -> None:
        """Accept on a socket that listens already."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(factory, sock=sock, backlog=HELD_BACKLOG)
        self._servers.append(server)
        self._held.append((sock, server))

    async def listen(self, address: str, factory: Callable[[], asyncio.Protocol]) -> None:
        """Listen on a TCP address; raises `OSError` where it can't be had."""
        loop, (host, port) = asyncio.get_running_loop(), split_address(address)
        self._servers.append(await loop.create_server(factory, host, port, backlog=BACKLOG))

    @property
    def addresses(self) -> list[object]:
        """Where it listens."""
        return [sock.getsockname() for server in self._servers for sock in server.sockets]

    def let_go(self) -> None:
        """Accept nobody any more by held sockets, and drop nobody who was accepted.

        asyncio drops, without a word, a connection that it has accepted when its server is closed
        in the same turn of the loop: its sockets are only no longer read. Those of uvloop are not
        read by the loop, and its servers drop nobody.
        """
        loop = asyncio.get_running_loop()
        for sock, server in self._held:
            if not loop.remove_reader(sock):
                server.close()

    def close(self) -> None:
        """Accept nobody any more."""
        for server in self._servers:
            server.close()


class _LastCalls:
    """The calls that come while we end and another process will take our place."""

    def __init__(self, app: web.Application) -> None:
        self._ending = False
        app.on_response_prepare.append(self._say_goodbye)

    async def _say_goodbye(self, request: web.Request, response: web.StreamResponse) -> None:
        if self._ending:
            response.force_close()
            response.headers["Connection"] = "close"  # aiohttp has written its own by now

    async def taken(self, server: web.Server, wickets: Wickets | None) -> None:
        """Let those who were accepted say what they came for; nobody else is, any more."""
        self._ending = True
        if wickets is not None:
            wickets.ending = True
        await asyncio.sleep(LAST_CALLS_SECONDS)
        for _ in range(int((FIRST_CALL_SECONDS - LAST_CALLS_SECONDS) / _LOOK_SECONDS)):
            if not (_any_fresh(server) or (wickets and wickets.any_fresh)):
                return
            await asyncio.sleep(_LOOK_SECONDS)


def _any_fresh(server: web.Server) -> bool:
    """Whether a connection is open over which nobody has called yet."""
    return any(getattr(connection, "_request_count", 1) == 0 for connection in server.connections)


@contextmanager
def explaining(section: str, address: str) -> Iterator[None]:
    """Turn what the system says of an address into a sentence for the operator.

    Raises:
        SettingsError: instead of any OSError.
    """
    try:
        yield
    except OSError as failure:
        taken = failure.errno == errno.EADDRINUSE
        raise SettingsError(
            f"[{section}] can't listen on {address}: "
            + ("another program does already" if taken else (failure.strerror or str(failure))),
            hint=f"Stop that program (is another campaign-bridge running?) or change [{section}]."
            if taken
            else f"Change [{section}], or let the daemon's user have that address.",
        ) from failure


async def _listen_unix(runner: web.AppRunner, path: Path, groups: Sequence[int]) -> None:
    with explaining("http", f"unix socket {path}"):
        sock = await asyncio.to_thread(_bind_unix, path, groups)
        try:
            await web.SockSite(runner, sock, backlog=BACKLOG).start()
        except BaseException:
            sock.close()
            raise


def _bind_unix(path: Path, groups: Sequence[int]) -> socket.socket:
    if not hasattr(socket, "AF_UNIX"):
        raise SettingsError("this system has no unix sockets", hint="Take `unix` out of [http].")
    _clear(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        # Nobody can connect before it listens, so nobody sees the wider mode.
        path.chmod(UNIX_MODE)
        _give(path, groups)
    except BaseException:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


def _clear(path: Path) -> None:
    """Remove a socket file that a killed daemon left behind, and nothing else."""
    try:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise SettingsError(
                f"{path} is there and is no socket", hint="Move it away, or name another path."
            )
    except FileNotFoundError:
        return
    if not _answers(path):
        path.unlink(missing_ok=True)
        return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except TimeoutError:  # its queue is full, so somebody listens
            return True
        except (ConnectionRefusedError, FileNotFoundError):
            return False
    return True


def _give(path: Path, groups: Sequence[int]) -> None:
    """Let the first of `groups` open the socket; a file has one group only."""
    if not groups:
        return
    try:
        os.chown(path, -1, groups[0])
    except PermissionError as refused:
        raise SettingsError(
            f"{path} can't be given to the first of [http] allowed_groups",
            hint="Make the daemon's user a member of that group.",
        ) from refused
