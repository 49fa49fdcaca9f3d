"""What an owner does to a campaign: make it, fund it, change its catalogue, hand out keys.

In: books within a transaction. Out: campaigns. Knows nothing of HTTP; none of this is in the API,
it is the dashboard's and the sandbox's own.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.sandbox.admission import key_hash, key_tail, new_api_key
from bridge.sandbox.answers import Refused
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign, ConfiguredEvent
from bridge.sandbox.money import LARGEST_MICROS
from bridge.sandbox.readings import (
    CAMPAIGN_PREFIX,
    ID_TAKEN,
    INVALID,
    UNKNOWN_CAMPAIGN,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A campaign to be made; without an id it is given one."""

    name: str
    environment: str
    events: Sequence[ConfiguredEvent]
    id: str | None = None


def create(books: Books, draft: Draft) -> tuple[Campaign, str]:
    """Make a campaign; return it with its first API key, which nobody can read again.

    Raises:
        Refused: 409, the id is taken.
    """
    campaign_id = draft.id or CAMPAIGN_PREFIX + secrets.token_hex(8)
    if books.campaigns.find(campaign_id) is not None:
        raise Refused(ID_TAKEN)
    books.campaigns.add(campaign_id, draft.name, draft.environment)
    for event in draft.events:
        books.campaigns.set_event(campaign_id, event)
    return found(books, campaign_id), add_key(books, campaign_id)


def fund(books: Books, campaign_id: str, amount: int) -> Campaign:
    """Put money in (micro-units).

    Raises:
        Refused: 404, or 400 where it would hold more than can be counted.
    """
    if found(books, campaign_id).funded + amount > LARGEST_MICROS:
        raise Refused(INVALID, "amount: the campaign would hold too much")
    books.campaigns.fund(campaign_id, amount)
    return found(books, campaign_id)


def add_key(books: Books, campaign_id: str) -> str:
    """Return one more API key; older ones stay valid until they are revoked."""
    found(books, campaign_id)
    key = new_api_key()
    books.campaigns.add_key(campaign_id, key_hash(key), key_tail(key))
    return key


def drop_event(books: Books, campaign_id: str, code: str) -> None:
    """Take an event out of the catalogue; what was accepted of it is still paid.

    Raises:
        Refused: 400, a campaign has at least one event.
    """
    if {event.code for event in books.campaigns.events(campaign_id)} == {code}:
        raise Refused(INVALID, "a campaign has at least one event")
    books.campaigns.drop_event(campaign_id, code)


def found(books: Books, campaign_id: str) -> Campaign:
    """Return a campaign.

    Raises:
        Refused: 404.
    """
    campaign = books.campaigns.find(campaign_id)
    if campaign is None:
        raise Refused(UNKNOWN_CAMPAIGN)
    return campaign
