"""Where webhooks go and what signs them, as the owner decides; sending by hand.

In: books within a transaction. Out: secrets (told once), deliveries. Knows nothing of sockets.
"""

import secrets
from urllib.parse import urlsplit

from bridge.sandbox.answers import Refused
from bridge.sandbox.books import Books
from bridge.sandbox.guard import is_loopback
from bridge.sandbox.readings import (
    BAD_WEBHOOK_URL,
    NO_WEBHOOK,
    UNKNOWN_DELIVERY,
    Hook,
)
from bridge.sandbox.webhooks.announcing import announce


def configure(books: Books, campaign_id: str, url: str, *, enabled: bool = True) -> str | None:
    """Send webhooks to `url` from now on; return the secret where this made one.

    Raises:
        Refused: 400, nothing is sent to such a URL.
    """
    books.webhooks.set_endpoint(campaign_id, _checked(url), enabled=enabled)
    if books.webhooks.secrets(campaign_id):
        return None
    return _new_secret(books, campaign_id, 0)


def rotate(books: Books, campaign_id: str, overlap: float) -> str:
    """Sign with a new secret; the one before stays valid for `overlap` seconds.

    Raises:
        Refused: 400, no URL is set.
    """
    _refuse_without_url(books, campaign_id)
    return _new_secret(books, campaign_id, int(overlap * 1000))


def test(books: Books, campaign_id: str) -> int:
    """Send `Webhook.Test`; return the delivery's number.

    Raises:
        Refused: 400, no URL is set, or it is switched off.
    """
    number = announce(books, campaign_id, Hook.TEST, {}, None)
    if number is None:
        raise Refused(NO_WEBHOOK)
    return number


def resend(books: Books, campaign_id: str, number: int) -> None:
    """Send a webhook again, whatever became of it: the same bytes.

    Raises:
        Refused: 404, there is none; 400, no URL is set.
    """
    _refuse_without_url(books, campaign_id)
    if not books.webhooks.again(campaign_id, number):
        raise Refused(UNKNOWN_DELIVERY)


def _refuse_without_url(books: Books, campaign_id: str) -> None:
    if books.webhooks.endpoint(campaign_id) is None:
        raise Refused(NO_WEBHOOK)


def _new_secret(books: Books, campaign_id: str, overlap: int) -> str:
    secret = secrets.token_hex(32)  # 64 hex characters, used as text: so Oncade's receivers do
    books.webhooks.add_secret(campaign_id, secret, books.now + overlap)
    return secret


def _checked(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError as bad:
        raise Refused(BAD_WEBHOOK_URL) from bad
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if not secure or not host or "@" in parts.netloc or not url.isprintable():
        raise Refused(BAD_WEBHOOK_URL)
    return url.strip()
