"""The UDP door of one source: an engine's own datagrams, never answered.

In: a UDP socket, and who may send. Out: messages for the source's road, in batches. Knows nothing
of what a message says; its frame and secret are taken off by a function that the adapter brings.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

import structlog

from bridge.errors import StoreUnavailable
from bridge.events import Clock, RawMessage
from bridge.intake.contract import Sink
from bridge.intake.counts import Counts
from bridge.intake.drain import Arrived, Buffer, Drain, buffer_of, short, written
from bridge.intake.gulps import Peer
from bridge.intake.seldom import Seldom
from bridge.intake.udp import BATCH, LOG_SECONDS

#: Takes the frame off a datagram: its message, and the secret that it showed.
Unwrap = Callable[[bytes], tuple[bytes, str | None]]
#: Seconds after which a batch that the disk refused is tried again.
RETRY: Final = 1.0

_log = structlog.get_logger(__name__)


class SourceDoor:
    """A bound socket of one source; open it with `listening`."""

    def __init__(
        self,
        name: str,
        sink: Sink,
        clock: Clock,
        *,
        unwrap: Unwrap | None = None,
        senders: Sequence[str] = (),
        opens: Callable[[str], bool] | None = None,
    ) -> None:
        self._name = name
        self._sink = sink
        self._clock = clock
        self._unwrap = unwrap
        self._senders = [ip_network(text, strict=False) for text in senders]
        self._opens = opens
        self._trusted: dict[str, bool] = {}
        self._logged = Seldom(clock, LOG_SECONDS)
        self._drain: Drain
        #: Whether it is being closed: its task may end then.
        self.closing = False
        self.counts = Counts()
        #: Where it listens, and what the kernel gave where that is less than was asked for.
        self.address: tuple[str, int] = ("", 0)
        self.buffer_cut: int | None = None

    @asynccontextmanager
    async def listening(
        self, sock: socket.socket, receive_buffer: int
    ) -> AsyncIterator["asyncio.Task[None]"]:
        """Read datagrams until left, then take what has arrived; yields the task that does it.

        `sock` is bound, and closed at the end. Where systemd holds it too, what comes after us
        waits in it for the next process.
        """
        self.buffer_cut = short(sock, receive_buffer)
        host, port, *_ = sock.getsockname()
        self.address = (host, port)
        self._drain = Drain(sock, lambda failure: self._drop("socket-error", None, str(failure)))
        self._drain.start()
        task = asyncio.create_task(self._run(), name=f"udp door of {self._name}")
        try:
            yield task
        finally:
            self.closing = True
            self._drain.stop()
            try:
                await task
            finally:
                sock.close()

    def buffer(self) -> Buffer:
        """Return what the kernel says of the socket."""
        return buffer_of(self._drain.socket)

    async def _run(self) -> None:
        while batch := await self._drain.take(BATCH):
            self.counts.received += len(batch)
            messages = self._messages(batch)
            if messages:
                await self._taken(messages)

    async def _taken(self, messages: Sequence[RawMessage]) -> None:
        """Hand a batch on until it is kept: nobody would send it again."""
        while True:
            try:
                outcomes = await self._sink(messages)
            except StoreUnavailable as failure:
                if self.closing:  # they were never acknowledged, and nothing more can be done
                    for _ in messages:
                        self.counts.refuse(failure)
                    self._say(failure.code, None, failure.hint)
                    return
                self._say(failure.code, None, failure.hint)
                await asyncio.sleep(RETRY)
                continue
            for group in outcomes:
                for outcome in group:
                    self.counts.add(outcome)
            return

    def _messages(self, batch: Sequence[Arrived]) -> list[RawMessage]:
        now = self._clock.now()
        return [
            RawMessage(self._name, body, now, written(peer))
            for data, peer in batch
            if (body := self._admitted(data, peer)) is not None
        ]

    def _admitted(self, data: bytes, peer: Peer) -> bytes | None:
        """Return the message in a datagram; None where its sender may not send it."""
        if self._senders and not self._sent_by_known(peer):
            self._drop("foreign-sender", peer, "Add it to allowed_senders if it is yours.")
            return None
        body, secret = self._unwrap(data) if self._unwrap is not None else (data, None)
        if self._opens is not None and (secret is None or not self._opens(secret)):
            self._drop("not-authenticated", peer, "It must show the source's secret.")
            return None
        return body

    def _sent_by_known(self, peer: Peer) -> bool:
        host = peer[0].partition("%")[0]
        if host not in self._trusted:
            if len(self._trusted) > 1024:
                self._trusted.clear()
            self._trusted[host] = any(_within(host, network) for network in self._senders)
        return self._trusted[host]

    def _drop(self, reason: str, peer: Peer | None, hint: str) -> None:
        self.counts.rejected[reason] += 1
        self._say(reason, peer, hint)

    def _say(self, reason: str, peer: Peer | None, hint: str) -> None:
        if count := self._logged.due(reason):
            _log.warning(
                "datagrams dropped",
                action="datagram_dropped",
                source=self._name,
                reason=reason,
                count=count,
                peer=written(peer) if peer else None,
                hint=hint,
            )


def _within(host: str, network: IPv4Network | IPv6Network) -> bool:
    address = ip_address(host)
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address) in network
