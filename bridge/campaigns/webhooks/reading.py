"""From the bytes of a webhook to what it tells.

In: the raw body, the key that came beside it, the time. Out: a notice, or a refusal. Knows nothing
of who signed it. Which names mean what is in `bridge.campaigns.readings`.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias, TypedDict

from bridge.campaigns import readings
from bridge.campaigns.schemas.documents import Document, amount
from bridge.campaigns.webhooks.notices import (
    CampaignChanged,
    LinkEnded,
    LinkRemoved,
    LinkStarted,
    LinkSucceeded,
    Notice,
    Paid,
    PayoutFailed,
    Test,
    Unknown,
)
from bridge.errors import FieldProblem, MessageRejected, MessageTooLarge, NotJson, WebhookStale

#: The header that may name the request which a webhook is about.
KEY_HEADER: Final = "Idempotency-Key"

_LONGEST_ERROR: Final = 300
_HINT: Final = "Look at what sends webhooks to this address: it isn't what Oncade sends."


class _Common(TypedDict):
    event: str
    sent_at: datetime | None
    digest: bytes
    idempotency_key: str | None
    campaign_id: str | None


class _Payout(TypedDict):
    user_ref: str | None
    event_code: str | None
    amount: Decimal | None
    transaction_id: str | None


class _Link(TypedDict):
    session_key: str | None
    user_ref: str | None


def read(
    body: bytes, now: datetime, header_key: str | None, oldest: timedelta = readings.STALE
) -> Notice:
    """Return what a webhook says; `header_key` is the Idempotency-Key that came beside it.

    A key in the body comes first, since the body is signed and headers are not.

    Raises:
        MessageTooLarge: nobody sends that much.
        NotJson: the body isn't one JSON object.
        MessageRejected: it has no event, or a timestamp or data that are none.
        WebhookStale: it is older or newer than a webhook can be at `now`.
    """
    document = _parsed(body)
    event, sent_at = _event(document), _sent_at(document, now, oldest)
    make = next((make for names, make in _KINDS if event in names), None)
    data = _data(document, needed=make is not None)
    told: _Common = {
        "event": event,
        "sent_at": sent_at,
        "digest": hashlib.sha256(body).digest()[:16],
        "idempotency_key": _key(data) or _reference(header_key),
        "campaign_id": _first(data, readings.HOOK_CAMPAIGN),
    }
    return Unknown(**told) if make is None else make(told, data)


def _parsed(body: bytes) -> Document:
    if len(body) > readings.LONGEST_WEBHOOK:
        raise MessageTooLarge("the webhook is larger than any is", hint=_HINT)
    try:
        value = json.loads(
            body.decode(),
            parse_float=Decimal,
            parse_constant=_no_number,
            object_pairs_hook=_unambiguous,
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise NotJson("the webhook is not JSON", hint=_HINT) from None
    if not isinstance(value, dict):
        raise NotJson("the webhook is not a JSON object", hint=_HINT)
    return value


def _no_number(_: str) -> object:
    raise ValueError


def _unambiguous(pairs: list[tuple[str, object]]) -> Document:
    """Refuse an object that says a thing twice: readers would differ in which one they take."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError
    return document


def _refused(field: str, problem: str) -> MessageRejected:
    problems = (FieldProblem(f"/{field}", problem),)
    message = f"the webhook's {field} {problem}"
    return MessageRejected(message, fields=problems, hint=_HINT)


def _event(document: Document) -> str:
    event = _reference(document.get("event"))
    if event is None:
        raise _refused("event", "is missing or not a text")
    return event


def _sent_at(document: Document, now: datetime, oldest: timedelta) -> datetime | None:
    given = document.get("timestamp")
    if given is None:
        return None
    sent_at = _moment(given)
    if now - sent_at > oldest:
        raise WebhookStale("the webhook is too old")
    if sent_at - now > readings.AHEAD:
        raise WebhookStale("the webhook is from the future")
    return sent_at


def _moment(given: object) -> datetime:
    """Read a time; one without an offset is UTC."""
    try:
        read = datetime.fromisoformat(given if isinstance(given, str) else "")
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _refused("timestamp", "is not an ISO 8601 time") from None


def _data(document: Document, *, needed: bool) -> Document:
    data = document.get("data")
    if isinstance(data, dict):
        return data
    if data is not None and needed:
        raise _refused("data", "is not an object")
    return {}


def _key(data: Document) -> str | None:
    metadata = data.get("metadata")
    return _first(metadata, readings.HOOK_KEY) if isinstance(metadata, dict) else None


def _first(data: Mapping[str, object], names: Sequence[str]) -> str | None:
    """Return the first reference under one of `names`, passing over what is none."""
    return next((text for name in names if (text := _reference(data.get(name)))), None)


def _reference(value: object) -> str | None:
    """Return a text that names something, None for anything else.

    Half a surrogate pair, which JSON can escape and headers can smuggle, can't be stored.
    """
    if not isinstance(value, str) or value in readings.NO_USER:
        return None
    return None if any("\ud800" <= sign <= "\udfff" for sign in value) else value


def _amount(data: Document) -> Decimal | None:
    read = (amount(data.get(name)) for name in readings.HOOK_AMOUNT)
    return next((value for value in read if value is not None), None)


def _error(data: Document) -> str:
    texts = (data.get(name) for name in readings.HOOK_ERROR)
    text = next((text for text in texts if isinstance(text, str)), "")
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(plain.split())[:_LONGEST_ERROR]


def _payout(data: Document) -> _Payout:
    return {
        "user_ref": _first(data, readings.HOOK_USER),
        "event_code": _first(data, readings.HOOK_EVENT_CODE),
        "amount": _amount(data),
        "transaction_id": _first(data, readings.HOOK_TRANSACTION),
    }


def _link(data: Document) -> _Link:
    return {
        "session_key": _first(data, readings.HOOK_SESSION),
        "user_ref": _first(data, readings.HOOK_USER),
    }


_Make: TypeAlias = Callable[[_Common, Document], Notice]

#: Which names make which notice; a name that is in none of them makes an Unknown.
_KINDS: Final[Sequence[tuple[frozenset[str], _Make]]] = (
    (readings.HOOK_PAID, lambda told, data: Paid(**told, **_payout(data))),
    (
        readings.HOOK_PAYOUT_FAILED,
        lambda told, data: PayoutFailed(**told, **_payout(data), error=_error(data)),
    ),
    (readings.HOOK_LINK_STARTED, lambda told, data: LinkStarted(**told, **_link(data))),
    (readings.HOOK_LINKED, lambda told, data: LinkSucceeded(**told, **_link(data))),
    (
        readings.HOOK_DECLINED,
        lambda told, data: LinkEnded(**told, **_link(data), how="declined"),
    ),
    (
        readings.HOOK_LINK_FAILED,
        lambda told, data: LinkEnded(**told, **_link(data), how="failed"),
    ),
    (readings.HOOK_LINK_REMOVED, lambda told, data: LinkRemoved(**told, **_link(data))),
    (readings.HOOK_CAMPAIGN_STARTED, lambda told, _: CampaignChanged(**told, how="started")),
    (readings.HOOK_CAMPAIGN_STOPPED, lambda told, _: CampaignChanged(**told, how="stopped")),
    (readings.HOOK_CAMPAIGN_WITHDRAWN, lambda told, _: CampaignChanged(**told, how="withdrawn")),
    (readings.HOOK_TEST, lambda told, _: Test(**told)),
)
