"""What a webhook says: the envelope, written into the books with what it tells of.

In: books within a transaction, what happened. Out: a delivery, where the campaign has a URL.
Knows nothing of sockets.

Source: `{"event", "timestamp", "data"}`, `data.metadata.idempotencyKey` and `user_ref` are
Oncade's; the names are in `readings.Hook`.
"""

from collections.abc import Mapping

from bridge.sandbox.answers import Json, encoded
from bridge.sandbox.books import Books
from bridge.sandbox.books.page import written
from bridge.sandbox.readings import Hook


def announce(
    books: Books, campaign_id: str, hook: Hook, data: Mapping[str, Json], key: str | None
) -> int | None:
    """Have `hook` delivered; return the delivery's number, None where nobody listens.

    `key` is the Idempotency-Key of the request that began it.
    """
    endpoint, secrets = books.webhooks.endpoint(campaign_id), books.webhooks.secrets(campaign_id)
    if endpoint is None or not endpoint.enabled or not secrets:
        return None
    body = envelope(books.now, campaign_id, hook, data, key)
    return books.webhooks.add_delivery(campaign_id, hook.value, body, key, secrets[0].id)


def envelope(
    now: int, campaign_id: str, hook: Hook, data: Mapping[str, Json], key: str | None
) -> bytes:
    """Return the exact bytes; the test event has no data at all."""
    metadata: Mapping[str, Json] = {} if key is None else {"metadata": {"idempotencyKey": key}}
    told = {} if hook is Hook.TEST else {"campaignId": campaign_id, **data, **metadata}
    return encoded({"event": hook.value, "timestamp": written(now), "data": told}).encode()
