"""Start, stop and withdraw: jobs that the API accepts now and carries out later.

In: an Idempotency-Key. Out: the API's words once it has accepted. Whether the job is done is seen
in the campaign's standing alone.
"""

from enum import StrEnum

from bridge.campaigns.schemas import Standing
from bridge.campaigns.schemas.documents import text
from bridge.campaigns.transport import Transport


class Verb(StrEnum):
    """What can be done to a campaign as a whole."""

    START = "start"
    STOP = "stop"
    WITHDRAW = "withdraw"

    def done(self, standing: Standing) -> bool:
        """Whether the job's end can be seen; a withdrawal's only where the balance is told."""
        if self is Verb.START:
            return standing.active
        if self is Verb.STOP:
            return standing.stopped
        return standing.available == 0


_METHODS = {Verb.START: "PUT", Verb.STOP: "PUT", Verb.WITHDRAW: "POST"}


class Lifecycle:
    """The calls that change a campaign as a whole."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def enqueue(self, verb: Verb, key: str) -> str:
        """Ask for a start, a stop or a withdrawal of all that remains; return the API's words.

        The same key again is the same request: it must be kept until an answer came.

        Raises:
            CallFailed: it was refused, or `maybe_done`: nobody knows.
        """
        path = f"{self._transport.campaign}/{verb}"
        done = await self._transport.change(_METHODS[verb], path, key)
        return text(done.document.get("message"))

    async def start(self, key: str) -> str:
        """Ask for the campaign to pay events; as `enqueue`."""
        return await self.enqueue(Verb.START, key)

    async def stop(self, key: str) -> str:
        """Ask for the campaign to be frozen; as `enqueue`."""
        return await self.enqueue(Verb.STOP, key)

    async def withdraw(self, key: str) -> str:
        """Ask for all that remains to be paid back; as `enqueue`."""
        return await self.enqueue(Verb.WITHDRAW, key)
