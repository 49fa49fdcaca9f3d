"""Where the API's webhooks come in.

In: requests that anybody can make. Out: verified webhooks in the inbox, committed before the 200.
Whose secret signed it says which campaign it is of. Nothing of an unverified body is kept or
logged.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from aiohttp import web

from bridge.campaigns.readings import LONGEST_WEBHOOK
from bridge.campaigns.webhooks import notices
from bridge.campaigns.webhooks.reading import KEY_HEADER, read
from bridge.campaigns.webhooks.signature import HEADER, verify
from bridge.errors import (
    BridgeError,
    FieldProblem,
    MessageRejected,
    MessageTooLarge,
    SignatureRefused,
)
from bridge.events import Clock
from bridge.outbox.contract import Confirming
from bridge.outbox.proofs import (
    Became,
    Failed,
    LinkGone,
    LinkSaid,
    Noted,
    Paid,
    Payout,
    Proof,
    Webhook,
)

log = structlog.get_logger("webhooks")

PATH: Final = "/webhooks/oncade"
Secrets = Mapping[str, Sequence[str]]


class Receiver:
    """Takes webhooks. `secrets` (campaign → its secrets) may be replaced while it runs."""

    def __init__(
        self, outbox: Confirming, secrets: Secrets, oldest: timedelta, clock: Clock
    ) -> None:
        self._outbox = outbox
        self._clock = clock
        self.secrets = secrets
        self.oldest = oldest
        #: What became of webhooks since the start; a refused one counts by its error's code.
        self.counts: Counter[str] = Counter()
        #: Entries that they proved paid, by campaign.
        self.confirmed: Counter[str] = Counter()

    async def post(self, request: web.Request) -> web.Response:
        """Take one webhook: 200 once it is on disk, whatever it says.

        Raises:
            SignatureRefused: no secret of ours signed it.
            MessageRejected: it is signed, and can't be read, or is too old.
            StoreError: the disk refused; it will be sent again.
        """
        try:
            body = await _body(request)
            became = await self.take(
                body, request.headers.getall(HEADER, []), request.headers.get(KEY_HEADER)
            )
        except BridgeError as refused:
            self.counts[refused.code] += 1
            raise
        return web.json_response({"received": True, "became": became})

    async def take(self, body: bytes, signatures: Sequence[str], key: str | None) -> str:
        """Verify one webhook, keep it, and let it take effect; return what became of it."""
        campaign = self._signed_by(body, signatures)
        notice = read(body, self._clock.now(), key, self.oldest)
        if notice.campaign_id not in {None, campaign}:
            detail = "names another campaign than the one whose secret signed it"
            raise MessageRejected(
                f"the webhook {detail}", fields=[FieldProblem("/data/campaignId", detail)]
            )
        webhook = Webhook(
            notice.digest, campaign, notice.event, notice.sent_at, body, proof_of(notice)
        )
        became = (await self._outbox.receive(webhook)).value
        self.counts[became] += 1
        self.confirmed[campaign] += became == Became.CONFIRMED
        log.info(
            "webhook", action="webhook_taken", name=notice.event, campaign=campaign, became=became
        )
        return became

    def _signed_by(self, body: bytes, signatures: Sequence[str]) -> str:
        """Return the campaign whose secret signed it; every secret is tried, found or not."""
        signature = signatures[0] if len(signatures) == 1 else None
        found = [
            campaign
            for campaign, secrets in self.secrets.items()
            if verify(body, signature, secrets)
        ]
        if not found:
            raise SignatureRefused
        return found[0]


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > LONGEST_WEBHOOK:
            raise MessageTooLarge(f"a webhook has at most {LONGEST_WEBHOOK // 1024} KiB")
    return bytes(body)


def proof_of(notice: notices.Notice) -> Proof:
    """Return what a webhook proves."""
    match notice:
        case notices.Paid():
            return Paid(_payout(notice), _key(notice))
        case notices.PayoutFailed():
            return Failed(_key(notice), notice.error)
        case notices.LinkSucceeded():
            return LinkSaid(notice.session_key, notice.idempotency_key, notice.user_ref)
        case notices.LinkEnded():
            return LinkSaid(notice.session_key, notice.idempotency_key, None, notice.how)
        case notices.LinkRemoved() if notice.user_ref is not None:
            return LinkGone(notice.user_ref)
        case _:
            return Noted()


def _payout(notice: notices.Paid) -> Payout:
    return Payout(
        notice.user_ref or "",
        notice.event_code or "",
        notice.transaction_id,
        notice.amount,
        notice.sent_at,
    )


def _key(notice: notices.Told) -> UUID | None:
    try:
        return UUID(notice.idempotency_key or "")
    except ValueError:
        return None


def routes(receiver: Receiver) -> list[web.RouteDef]:
    """Return the one call; it needs no token, since each webhook is signed."""
    return [web.post(PATH, receiver.post)]
