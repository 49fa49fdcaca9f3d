"""Who may call the Campaigns API: key, version and campaign headers against the books.

In: a call's headers. Out: the campaign it speaks of, or a refusal. Knows nothing of what the call
wants to do.
"""

import hashlib
import secrets
from dataclasses import dataclass

from bridge.sandbox.answers import Refused, is_text
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.readings import (
    BAD_CAMPAIGN_HEADER,
    CAMPAIGN_MISMATCH,
    FOREIGN_KEY,
    KEY_PREFIX,
    NO_CAMPAIGN_HEADER,
    NO_KEY,
    UNKNOWN_CAMPAIGN,
    UNKNOWN_KEY,
    UNSUPPORTED_VERSION,
    Refusal,
)

VERSION = "v1"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a call says of itself; `campaign_id` is the path's, None where the path has none."""

    authorization: str | None
    version: str | None
    campaign_header: str | None
    campaign_id: str | None


def new_api_key() -> str:
    """Return a new key; only its hash is ever stored."""
    return KEY_PREFIX + secrets.token_hex(32)


def key_tail(api_key: str) -> str:
    """Return what tells a key apart on a page, and opens nothing."""
    return api_key[-4:]


def key_hash(api_key: str) -> bytes:
    """Return what is stored of a key: keys are random, so a plain hash can't be turned round."""
    return hashlib.sha256(api_key.encode(errors="surrogateescape")).digest()


def bearer(authorization: str | None, otherwise: Refusal) -> str:
    """Return the token of an Authorization header."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused(otherwise)
    return token.strip()


def admitted(books: Books, credentials: Credentials) -> Campaign:
    """Return the campaign that the caller may act on.

    Raises:
        Refused: 401, 400, 403 or 404, in this order of looking.
    """
    own = books.campaigns.of_key(key_hash(bearer(credentials.authorization, NO_KEY)))
    if own is None:
        raise Refused(UNKNOWN_KEY)
    if credentials.version not in {None, VERSION}:
        raise Refused(UNSUPPORTED_VERSION)
    if not credentials.campaign_header:
        raise Refused(NO_CAMPAIGN_HEADER)
    if not is_text(credentials.campaign_header):
        raise Refused(BAD_CAMPAIGN_HEADER)
    asked = credentials.campaign_id or credentials.campaign_header
    if credentials.campaign_header != asked:
        raise Refused(CAMPAIGN_MISMATCH)
    if own.id != asked:
        raise Refused(FOREIGN_KEY if books.campaigns.find(asked) else UNKNOWN_CAMPAIGN)
    return own
