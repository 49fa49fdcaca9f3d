"""Carries webhooks out: at least once, in turn, with growing pauses, each try in the log.

In: deliveries in the books. Out: POST requests, and lines of the log. Knows nothing of what they
tell of.

```text
              2xx
 pending ──────────────▶ delivered ──┐
   ▲  │                              │ resend by hand: once more, by what is left of the plan
   │  ├── anything else, tries left  │
   │  │   (due after the next wait)  │
   │◀─┘                              │
   │  └── no tries left, or ──▶ failed
   │      nobody listens             │
   └─────────────────────────────────┘
```

A campaign's webhooks go one after the other, oldest due first; one that has to wait for its next
try holds up none. Campaigns don't wait for each other. A process that ends between an answer and
its record sends again: receivers must know a webhook that they have seen.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Self

import structlog

from bridge.errors import StoreError
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books
from bridge.sandbox.books.page import written
from bridge.sandbox.books.webhooks import Attempt, Delivery, Secret
from bridge.sandbox.readings import NOBODY_LISTENS, DeliveryState
from bridge.sandbox.rounds import DISK_PAUSE, Round, Rounds
from bridge.sandbox.webhooks.posting import Outcome, Poster
from bridge.sandbox.webhooks.signature import HEADER, sign

#: Campaigns that are sent to at the same time.
AT_ONCE: Final = 8

log = structlog.get_logger("sandbox")


@dataclass(frozen=True, slots=True)
class Letter:
    """A delivery, where it goes now and what signs it; `url` is None where nobody listens."""

    delivery: Delivery
    url: str | None
    secret_id: int
    signature: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What goes out with the bytes; a key that no header can carry is in the body only."""
        key = self.delivery.idempotency_key or ""
        return {
            "Content-Type": "application/json",
            HEADER: self.signature,
            **({"Idempotency-Key": key} if key and key.isprintable() else {}),
        }


class Sender:
    """The worker; an async context manager. Leaving it gives up what is under way: that is sent
    again by the next one on the same books."""

    def __init__(self, keeper: Bookkeeper, waits: Sequence[float], timeout: float) -> None:
        self._keeper = keeper
        self._waits = tuple(waits)
        self._poster = Poster(timeout)
        self._rounds = Rounds(keeper, "webhooks", self._look)
        #: What is under way, by campaign: never two of one campaign, so never one delivery twice.
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._failure: BaseException | None = None

    async def __aenter__(self) -> Self:
        await self._poster.__aenter__()
        await self._rounds.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._rounds.__aexit__()
        finally:
            sending = list(self._sending.values())
            for task in sending:
                task.cancel()
            await asyncio.gather(*sending, return_exceptions=True)
            await self._poster.__aexit__()

    async def settled(self) -> None:
        """Return when no webhook is due now or under way; one that waits for its next try is not.

        Raises:
            SandboxError: the worker has died.
        """
        await self._rounds.settled()

    async def _look(self) -> Round:
        if self._failure is not None:
            raise self._failure
        # What ends while the books are read stands in them as if it were still to be sent.
        busy = set(self._sending)
        letters, next_at = await self._keeper.read(_due)
        for letter in letters:
            if len(self._sending) < AT_ONCE and letter.delivery.campaign_id not in busy:
                busy.add(letter.delivery.campaign_id)
                self._begin(letter)
        return Round(at_rest=not letters and not self._sending, next_at=next_at)

    def _begin(self, letter: Letter) -> None:
        task = asyncio.create_task(self._send(letter))
        self._sending[letter.delivery.campaign_id] = task
        task.add_done_callback(partial(self._ended, letter.delivery.campaign_id))

    def _ended(self, campaign_id: str, task: asyncio.Task[None]) -> None:
        del self._sending[campaign_id]
        if not task.cancelled():
            self._failure = self._failure or task.exception()
        self._rounds.again()

    async def _send(self, letter: Letter) -> None:
        at, outcome = self._keeper.milliseconds(), Outcome(None, NOBODY_LISTENS)
        if letter.url is not None:
            outcome = await self._poster.post(letter.url, letter.delivery.body, letter.headers)
        state = self._state_after(letter, outcome)
        attempt = Attempt(
            letter.delivery.attempts + 1,
            written(at),
            letter.url or "",
            letter.signature,
            outcome.status,
            outcome.said,
            outcome.seconds,
        )
        await self._record(letter, state, attempt)
        if state is DeliveryState.FAILED:
            _warn(letter.delivery, attempt)

    def _state_after(self, letter: Letter, outcome: Outcome) -> DeliveryState:
        if outcome.accepted:
            return DeliveryState.DELIVERED
        over = letter.url is None or letter.delivery.attempts >= len(self._waits)
        return DeliveryState.FAILED if over else DeliveryState.PENDING

    async def _record(self, letter: Letter, state: DeliveryState, attempt: Attempt) -> None:
        """Write down what happened, as soon as the disk takes it: until then nothing is resent."""
        again = state is DeliveryState.PENDING
        wait = int(self._waits[letter.delivery.attempts] * 1000) if again else 0

        def work(books: Books) -> None:
            books.webhooks.add_attempt(letter.delivery, attempt)
            books.webhooks.settle(letter.delivery, state, books.now + wait, letter.secret_id)

        while True:
            try:
                return await self._keeper.write(work)
            except StoreError as failure:
                log.warning("no record", action="sandbox_webhooks_wait", error=str(failure))
                await asyncio.sleep(DISK_PAUSE)


def _due(books: Books) -> tuple[list[Letter], int | None]:
    """Return each campaign's next letter, and when something more will be due."""
    due = books.webhooks.due(2 * AT_ONCE)  # as many may be under way and still be pending
    return [_letter(books, delivery) for delivery in due], books.webhooks.next_due()


def _letter(books: Books, delivery: Delivery) -> Letter:
    endpoint = books.webhooks.endpoint(delivery.campaign_id)
    secrets = books.webhooks.secrets(delivery.campaign_id)
    if endpoint is None or not endpoint.enabled or not secrets:
        return Letter(delivery, None, delivery.secret_id, "")
    secret = _signing(secrets, delivery.secret_id)
    return Letter(delivery, endpoint.url, secret.id, sign(secret.secret, delivery.body))


def _signing(valid: Sequence[Secret], before: int) -> Secret:
    """Return what signs a delivery: its own secret while that is valid, else the newest."""
    return next((secret for secret in valid if secret.id == before), valid[0])


def _warn(delivery: Delivery, attempt: Attempt) -> None:
    log.warning(
        "webhook given up",
        action="sandbox_webhook_failed",
        campaign=delivery.campaign_id,
        delivery=delivery.id,
        event_name=delivery.event,
        attempts=attempt.number,
        status=attempt.status,
    )
