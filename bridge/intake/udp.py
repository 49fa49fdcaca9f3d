"""The door for datagrams: one JSON object each, answered only where the game asks for it.

In: a UDP socket. Out: messages for the sink in batches, acknowledgements after they are on disk.
Knows nothing of what a message says.

While one batch is being committed, the socket is emptied into memory for the next ones (see
`drain`): that is what makes a burst survive. Only what is committed is acknowledged.
"""

import asyncio
import json
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Final, Self

import msgspec
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
from bridge.events import Clock, Kept, RawMessage, Together
from bridge.gate.guard import Gate
from bridge.gate.problems import problem_of
from bridge.gate.roles import Right, Role
from bridge.intake.answers import taken_members
from bridge.intake.contract import Sink
from bridge.intake.counts import Counts
from bridge.intake.datagrams import Datagram, Unreadable, read_datagram
from bridge.intake.drain import Arrived, Buffer, Drain, buffer_of, opened_socket, written
from bridge.intake.gulps import Peer
from bridge.intake.listen import explaining
from bridge.intake.seldom import Allowance, Seldom
from bridge.settings.kinds import is_loopback
from bridge.settings.models import UdpSettings

#: Datagrams that are committed at once, at most.
BATCH: Final = 1024
#: After so many the loop gets a turn, so that the socket is emptied and others are served.
SLICE: Final = 256
#: Seconds between two log lines of one reason.
LOG_SECONDS: Final = 60.0
#: Answers a second to those who show a wrong token.
REFUSALS_A_SECOND: Final = 20

_Admitted = tuple[Datagram, Peer]

_encode = msgspec.json.Encoder().encode

_log = structlog.get_logger(__name__)


class UdpDoor:
    """A bound socket and the task that empties it, for as long as it is entered.

    A `held` one is taken as it is; what comes after us waits in it for the next process.
    """

    def __init__(
        self,
        sink: Sink,
        gate: Gate,
        settings: UdpSettings,
        clock: Clock,
        held: socket.socket | None = None,
    ) -> None:
        self._sink = sink
        self._held = held
        self._gate = gate
        self._settings = settings
        self._clock = clock
        self._logged = Seldom(clock, LOG_SECONDS)
        self._refusals = Allowance(clock, REFUSALS_A_SECOND)
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
            self._socket, self.buffer_cut = await opened_socket(
                self._settings.listen, self._settings.receive_buffer, self._held
            )
        self._local = is_loopback(self.address[0])
        self._drain = Drain(self._socket, self._receive_failed)
        self._drain.start()
        self.task = asyncio.create_task(self._run(), name="udp door")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take what has arrived, then close."""
        self._drain.stop()
        try:
            await self.task
        finally:
            self._socket.close()

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        host, port, *_ = self._socket.getsockname()
        return host, port

    def buffer(self) -> Buffer:
        """Return what the kernel says of the socket."""
        return buffer_of(self._socket)

    # -- the loop ---------------------------------------------------------------------------

    async def _run(self) -> None:
        while batch := await self._drain.take(BATCH):
            self.counts.received += len(batch)
            good: list[_Admitted] = []
            for start in range(0, len(batch), SLICE):
                good += self._readable(batch[start : start + SLICE])
                await asyncio.sleep(0)
            if good:
                await self._answer(good, await self._handed_on(good))

    def _readable(self, arrived: Sequence[Arrived]) -> list[_Admitted]:
        # Tokens are looked up once a slice: a lookup costs as much as reading a datagram.
        roles: dict[str | None, Role | None] = {}
        return [
            admitted
            for data, peer in arrived
            if (admitted := self._admitted(data, peer, roles)) is not None
        ]

    def _receive_failed(self, failure: OSError) -> None:
        self._complain("socket-error", None, failure.strerror or "")

    def _admitted(
        self, data: bytes, peer: Peer, roles: dict[str | None, Role | None]
    ) -> _Admitted | None:
        datagram = read_datagram(data)
        if isinstance(datagram, Unreadable):
            self.counts.rejected[datagram.value] += 1
            self._complain(datagram.value, peer, datagram.hint)
            return None
        refusal = self._refusal(datagram, roles)
        if refusal is None:
            return datagram, peer
        self.counts.refuse(refusal)
        self._complain(refusal.code, peer, refusal.hint)
        stranger = not isinstance(refusal, MessageRejected)
        if datagram.ack and (not stranger or self._refusals.take()):
            self._acknowledge(datagram, peer, refusal)
        return None

    def _refusal(
        self, datagram: Datagram, roles: dict[str | None, Role | None]
    ) -> BridgeError | None:
        token = datagram.token
        if token not in roles:
            roles[token] = self._gate.role_of(token, local=lambda: self._local)
        role = roles[token]
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

    async def _handed_on(self, good: Sequence[_Admitted]) -> list[Kept | Exception]:
        """Return the outcome of each; where all failed together, that failure for each."""
        try:
            outcomes = await self._sink(self._messages(good))
            return [outcome for _, (outcome,) in zip(good, outcomes, strict=True)]
        except BridgeError as failure:
            return [failure] * len(good)
        except Exception as unexpected:  # noqa: BLE001  # the door stays open whatever happens
            _log.error(
                "a batch of datagrams failed unexpectedly",
                action="unexpected_error",
                exc_info=unexpected,
            )
            return [unexpected] * len(good)

    def _messages(self, good: Sequence[_Admitted]) -> Sequence[RawMessage]:
        now, (_, first) = self._clock.now(), good[0]
        if all(peer is first for _, peer in good):  # one game sends, as nearly always
            return Together([datagram.body for datagram, _ in good], now, written(first))
        return [RawMessage("", datagram.body, now, written(peer)) for datagram, peer in good]

    # -- telling ----------------------------------------------------------------------------

    async def _answer(
        self, good: Sequence[_Admitted], outcomes: Sequence[Kept | Exception]
    ) -> None:
        for number, ((datagram, peer), outcome) in enumerate(zip(good, outcomes, strict=True), 1):
            self.counts.add(outcome)
            if isinstance(outcome, Exception):
                self._complain(_reason(outcome), peer, _hint(outcome))
            if datagram.ack:
                self._acknowledge(datagram, peer, outcome)
            if number % SLICE == 0:
                await asyncio.sleep(0)

    def _acknowledge(self, datagram: Datagram, peer: Peer, outcome: Kept | Exception) -> None:
        try:
            self._socket.sendto(_answer_of(datagram, outcome), peer)
        except OSError:  # it has gone, or the line is full: it will send again
            self.counts.unsent += 1

    def _complain(self, reason: str, peer: Peer | None, hint: str) -> None:
        if count := self._logged.due(reason):
            _log.warning(
                "datagrams dropped",
                action="datagram_dropped",
                reason=reason,
                count=count,
                peer=written(peer) if peer else None,
                hint=hint,
            )


def _answer_of(datagram: Datagram, outcome: Kept | Exception) -> bytes:
    """Return the acknowledgement, in ASCII."""
    answer: dict[str, JsonValue] = {"id": datagram.id}
    if isinstance(outcome, Exception):
        answer["error"] = problem_of(outcome)
        return json.dumps(answer, separators=(",", ":")).encode()
    answer |= taken_members(outcome)
    told = _encode(answer)
    if isinstance(datagram.id, str) and told.isascii() and b"\\" not in told:
        return told
    return json.dumps(answer, separators=(",", ":")).encode()


def _reason(error: Exception) -> str:
    return error.code if isinstance(error, BridgeError) else "unexpected"


def _hint(error: Exception) -> str:
    if isinstance(error, MessageRejected) and error.fields:
        return f"{error.hint} ({', '.join(field.pointer for field in error.fields)})"
    return error.hint if isinstance(error, BridgeError) else ""
