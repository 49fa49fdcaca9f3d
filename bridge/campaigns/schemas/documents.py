"""What is in an answer, whoever gave it: objects, texts, amounts, URLs.

In: bytes and JSON values. Out: values that are what they are taken for, or None. Money is
`Decimal`, never a float. Knows nothing of which call was answered.
"""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from yarl import URL

from bridge.campaigns.readings import DIGITS
from bridge.errors import CampaignError

Document: TypeAlias = dict[str, object]

#: Made once: `json.loads` and `json.dumps` would make one for every call.
_DECODER = json.JSONDecoder(parse_float=Decimal)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

#: A text as `json_bytes` writes it.
json_text: Final[Callable[[str], str]] = encode_basestring


def json_object(body: bytes) -> Document | None:
    """Return the JSON object in `body`, or None where it is anything else."""
    try:
        value = _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except (ValueError, ArithmeticError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def json_bytes(value: Mapping[str, object]) -> bytes:
    """Return the exact bytes of a JSON object that is sent."""
    return _ENCODER.encode(value).encode()


def own_error(document: Document | None) -> str | None:
    """Return the message of the API's own error document, or None where it isn't one."""
    if document is None or document.get("success") is not False:
        return None
    error = document.get("error")
    return error if isinstance(error, str) else None


def inner(document: Document, name: str) -> Document:
    """Return the object that a document wraps.

    Raises:
        CampaignError: there is none.
    """
    value = document.get(name)
    if not isinstance(value, dict):
        raise CampaignError(f"the answer holds no object {name!r}")
    return value


def rows(document: Document, name: str) -> list[Document]:
    """Return a list of objects, all of it: a row that can't be read is nothing to pass over.

    Raises:
        CampaignError: there is no list, or something else than an object is in it.
    """
    value = document.get(name)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise CampaignError(f"the answer holds no list of {name}")
    return value


def needed(document: Document, name: str) -> str:
    """Return a text that must be there.

    Raises:
        CampaignError: it isn't, or is empty.
    """
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise CampaignError(f"the answer holds no {name}")
    return value


def text(value: object) -> str:
    """Return a text, or an empty one for anything else."""
    return value if isinstance(value, str) else ""


def count(value: object) -> int | None:
    """Return a number of things; anything else is unknown."""
    known = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if known and isinstance(value, int) else None


def amount(value: object) -> Decimal | None:
    """Read an amount that comes as a number or a string; anything else is unknown."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    try:
        read = Decimal(value)
    except (InvalidOperation, ValueError):
        return None
    return read if read.is_finite() and _can_be_written(read) else None


def _can_be_written(read: Decimal) -> bool:
    """Whether it is money: 1E+999999999 is a number, too, and takes a gigabyte to show."""
    last = read.as_tuple().exponent
    return isinstance(last, int) and read.adjusted() < DIGITS and last >= -DIGITS


def web_url(value: object, base_url: str) -> str | None:
    """Return a URL of the web, a relative one as seen from the host of `base_url`; None if not."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        parts = urlsplit(value.strip())
        if parts.scheme and not parts.hostname:
            return None
        url = URL(base_url).origin().join(URL(value.strip()))
    except ValueError:
        return None
    return str(url) if url.scheme in {"http", "https"} else None
