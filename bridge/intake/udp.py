"""The door for datagrams: one JSON object each, answered only where the game asks for it.

In: a UDP socket. Out: messages for the sink in batches, acknowledgements after they are on disk.
Knows nothing of what a message says.

The socket is drained until it is empty, then the batch is committed while the kernel's buffer
takes what comes in. That is what makes a burst survive: a callback for each datagram is slower
than a game that shouts.
"""

import asyncio
import json
import socket
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import structlog
from pydantic import JsonValue

from bridge.errors import (
    BridgeError,
    FieldProblem,
    MessageRejected,
    NotAllowed,
    NotAuthenticated,
    SettingsError,
)
from bridge.events import Clock, RawMessage, Taken
from bridge.gate.guard import Gate
from bridge.gate.problems import problem_of
from bridge.gate.roles import Right
from bridge.intake.answers import taken_members
from bridge.intake.contract import Sink
from bridge.intake.counts import Counts
from bridge.intake.datagrams import Datagram, Unreadable, read_datagram
from bridge.intake.listen import explaining
from bridge.intake.seldom import Allowance, Seldom
from bridge.settings.kinds import is_loopback, split_address
from bridge.settings.models import UdpSettings

#: Datagrams that are committed at once, at most.
BATCH: Final = 512
#: Batches that are still read when stopping, so that a sender that never rests can't hold us up.
LAST_BATCHES: Final = 256
#: Seconds between two log lines of one reason.
LOG_SECONDS: Final = 60.0
#: Answers a second to those who show a wrong token.
REFUSALS_A_SECOND: Final = 20

_LARGEST: Final = 65_536
_SO_RCVBUFFORCE: Final = 33  # Linux: past the system's limit, for the privileged

#: (host, port), and for IPv6 two numbers more.
Peer = tuple[str, int] | tuple[str, int, int, int]
_Arrived = tuple[Datagram, Peer]

_log = structlog.get_logger(__name__)


class UdpDoor:
    """A bound socket and the task that empties it, for as long as it is entered."""

    def __init__(self, sink: Sink, gate: Gate, settings: UdpSettings, clock: Clock) -> None:
        self._sink = sink
        self._gate = gate
        self._settings = settings
        self._clock = clock
        self._logged = Seldom(clock, LOG_SECONDS)
        self._refusals = Allowance(clock, REFUSALS_A_SECOND)
        self._buffer = bytearray(_LARGEST)
        self._wake = asyncio.Event()
        self._stopping = False
        self._local = False
        self.counts = Counts()
        #: What the kernel gave as receive buffer, where that is less than the settings ask for.
        self.buffer_cut: int | None = None
        #: Ends only with the door; whoever runs the daemon watches it.
        self.task: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        """Bind and begin.

        Raises:
            SettingsError: the address can't be had.
        """
        if self._settings.listen is None:
            raise SettingsError("[udp] is turned off", hint='Set [udp] listen = "127.0.0.1:8797".')
        with explaining("udp", self._settings.listen):
            self._socket = await _bound(self._settings.listen)
        self.buffer_cut = widen(self._socket, self._settings.receive_buffer)
        self._local = is_loopback(self.address[0])
        self.task = asyncio.create_task(self._run(), name="udp door")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take what has arrived, then close."""
        self._stopping = True
        self._wake.set()
        try:
            await self.task
        finally:
            self._socket.close()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port, *_ = self._socket.getsockname()
        return host, port

    # -- the loop ---------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._stopping:
            if batch := self._drain():
                await self._take(batch)
                await asyncio.sleep(0)  # a flood of rubbish never waits for the disk
            else:
                await self._readable()
        for _ in range(LAST_BATCHES):
            if not (batch := self._drain()):
                break
            await self._take(batch)

    async def _readable(self) -> None:
        """Wait for a datagram, or for the end."""
        loop = asyncio.get_running_loop()
        # Only while waiting: a reader that is left in place would fire all through a commit.
        loop.add_reader(self._socket, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            loop.remove_reader(self._socket)
        self._wake.clear()

    def _drain(self) -> list[tuple[bytes, Peer]]:
        arrived: list[tuple[bytes, Peer]] = []
        view = memoryview(self._buffer)
        while len(arrived) < BATCH:
            try:
                size, peer = self._socket.recvfrom_into(self._buffer)
            except BlockingIOError:
                break
            except OSError as failure:  # an ICMP error of an earlier answer, mostly
                self._complain("socket-error", None, failure.strerror or "")
                break
            arrived.append((bytes(view[:size]), peer))
        return arrived

    # -- one batch --------------------------------------------------------------------------

    async def _take(self, batch: Sequence[tuple[bytes, Peer]]) -> None:
        self.counts.received += len(batch)
        good = [arrived for data, peer in batch if (arrived := self._admitted(data, peer))]
        if not good:
            return
        for (datagram, peer), outcome in zip(good, await self._handed_on(good), strict=True):
            self.counts.add(outcome)
            if not isinstance(outcome, Taken):
                self._complain(_reason(outcome), peer, _hint(outcome))
            if datagram.ack:
                self._acknowledge(datagram, peer, outcome)

    def _admitted(self, data: bytes, peer: Peer) -> _Arrived | None:
        datagram = read_datagram(data)
        if isinstance(datagram, Unreadable):
            self.counts.rejected[datagram.value] += 1
            self._complain(datagram.value, peer, datagram.hint)
            return None
        refusal = self._refusal(datagram)
        if refusal is None:
            return datagram, peer
        self.counts.refuse(refusal)
        self._complain(refusal.code, peer, refusal.hint)
        stranger = not isinstance(refusal, MessageRejected)
        if datagram.ack and (not stranger or self._refusals.take()):
            self._acknowledge(datagram, peer, refusal)
        return None

    def _refusal(self, datagram: Datagram) -> BridgeError | None:
        role = self._gate.role_of(datagram.token, local=self._local)
        if role is None:
            return NotAuthenticated(
                "the datagram carries no valid token", hint='Send "token" as a field of the object.'
            )
        if not role.may(Right.POST):
            return NotAllowed(f"role {role} may not do this")
        if datagram.ack and datagram.id is None:
            return MessageRejected(
                '"ack" needs an "id"',
                fields=[FieldProblem("/id", 'a text or a number is needed with "ack": true')],
            )
        return None

    async def _handed_on(self, good: Sequence[_Arrived]) -> list[Taken | Exception]:
        """Return the outcome of each; where all failed together, that failure for each."""
        now = self._clock.now()
        messages = [RawMessage("", datagram.body, now, _written(peer)) for datagram, peer in good]
        try:
            answers = zip(messages, await self._sink(messages), strict=True)
            return [outcomes[0] for _, outcomes in answers]
        except BridgeError as failure:
            return [failure] * len(good)
        except Exception as unexpected:  # noqa: BLE001  # the door stays open whatever happens
            _log.error(
                "a batch of datagrams failed unexpectedly",
                action="unexpected_error",
                exc_info=unexpected,
            )
            return [unexpected] * len(good)

    # -- telling ----------------------------------------------------------------------------

    def _acknowledge(self, datagram: Datagram, peer: Peer, outcome: Taken | Exception) -> None:
        answer: dict[str, JsonValue] = {"id": datagram.id}
        if isinstance(outcome, Taken):
            answer |= taken_members(outcome)
        else:
            answer["error"] = problem_of(outcome)
        try:
            self._socket.sendto(json.dumps(answer, separators=(",", ":")).encode(), peer)
        except OSError:  # it has gone, or the line is full: it will send again
            self.counts.unsent += 1

    def _complain(self, reason: str, peer: Peer | None, hint: str) -> None:
        if count := self._logged.due(reason):
            _log.warning(
                "datagrams dropped",
                action="datagram_dropped",
                reason=reason,
                count=count,
                peer=_written(peer) if peer else None,
                hint=hint,
            )


def widen(sock: socket.socket, asked: int) -> int | None:
    """Ask for a receive buffer of `asked` bytes; return what the kernel gave, if that is less."""
    linux = sys.platform == "linux"
    options = (_SO_RCVBUFFORCE, socket.SO_RCVBUF) if linux else (socket.SO_RCVBUF,)
    for option in options:
        try:
            sock.setsockopt(socket.SOL_SOCKET, option, min(asked, 2**31 - 1))
            break
        except OSError:  # not privileged, or more than this system allows
            continue
    given = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    if linux:
        given //= 2  # it tells twice the size: half is for its own bookkeeping
    return given if given < asked else None


async def _bound(listen: str) -> socket.socket:
    host, port = split_address(listen)
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    family, kind, protocol, _, address = found[0]
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock


def _written(peer: Peer) -> str:
    host, port, *_ = peer
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _reason(error: Exception) -> str:
    return error.code if isinstance(error, BridgeError) else "unexpected"


def _hint(error: Exception) -> str:
    if isinstance(error, MessageRejected) and error.fields:
        return f"{error.hint} ({', '.join(field.pointer for field in error.fields)})"
    return error.hint if isinstance(error, BridgeError) else ""
