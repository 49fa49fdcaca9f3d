"""Values as a page shows them: money, moments, long ids, and text that strangers wrote.

In: values. Out: text, or Markup where the page needs more than text. Knows nothing of templates.
"""

import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from markupsafe import Markup

from bridge.look import moments

#: Letters and marks that look like nothing; names are made of them to be mistaken for others.
_BLANK: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
)
_SIGNS: Final[Mapping[str, str]] = MappingProxyType({"\n": "↵", "\t": "⇥"})
#: More marks than this on one letter are drawn over the lines above and below.
_MOST_MARKS: Final = 4
#: Characters of a value that a tooltip may carry.
_MOST_TITLE: Final = 1000

NONE: Final = Markup(
    '<span class="none"><span aria-hidden="true">&ndash;</span>'
    '<span class="visually-hidden">none</span></span>'
)


def money(value: Decimal | int, unit: str = "USDC") -> str:
    """Return "1,234.50 USDC": two decimals, more where the amount has more; no unit if empty.

    Raises:
        TypeError: it is a float, which is no money.
        ValueError: it is not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(f"money is Decimal or int, not {type(value).__name__}")
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError("money is a finite number")
    whole, _, rest = f"{amount:,f}".partition(".")
    figures = f"{whole}.{rest.rstrip('0').ljust(2, '0')}"
    if not amount:
        figures = figures.lstrip("-")
    return f"{figures} {unit}" if unit else figures


def count(value: int) -> str:
    """Return "1,234"."""
    return f"{value:,d}"


def moment(value: datetime | str | None, *, seconds: bool = False) -> Markup | str:
    """Return a <time> of short UTC text; text that names no instant is shown as it is.

    Raises:
        ValueError: a datetime without a timezone.
    """
    if value is None or value == "":
        return NONE
    instant = moments.parsed(value) if isinstance(value, str) else moments.utc(value)
    if instant is None:
        return printable(value)
    return Markup('<time datetime="{}">{}</time>').format(
        moments.machine(instant), moments.whole(instant, seconds=seconds)
    )


def short(value: object, head: int = 10, tail: int = 4) -> Markup:
    """Return a long id as head…tail, the whole of it in its tooltip; a short one as it is."""
    if value is None or value == "":
        return NONE
    text = str(value)
    if len(text) <= head + tail + 1:
        return Markup("<code>{}</code>").format(printable(text))
    end = text[-tail:] if tail else ""
    return Markup('<code title="{}">{}…{}</code>').format(
        printable(text, limit=_MOST_TITLE), printable(text[:head]), printable(end)
    )


def printable(value: object, limit: int | None = 200, *, lines: bool = False) -> str:
    """Return text in which nothing hides: what can't be seen, or turns the line, is spelled out.

    Cut with … after `limit` characters (None: never). `lines` keeps line ends and tabs, for <pre>.
    """
    text = str(value).replace("\r\n", "\n") if lines else str(value)
    cut = limit is not None and len(text) > limit
    seen = "".join(_thinned(text[:limit] if cut else text, lines=lines))
    return f"{seen}…" if cut else seen


def shown(value: object) -> Markup:
    """Return what a part shows for any value: Markup kept, text harmless, nothing as a dash."""
    if isinstance(value, Markup):
        return value
    if value is None or (isinstance(value, str) and not value.strip()):
        return NONE
    return Markup.escape(printable(value))


def _thinned(text: str, *, lines: bool) -> list[str]:
    """Return the visible characters, with towers of combining marks cut short."""
    seen: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks <= _MOST_MARKS:
            seen.append(_visible(character, lines=lines))
        elif marks == _MOST_MARKS + 1:
            seen.append("⟨…⟩")
    return seen


def _visible(character: str, *, lines: bool) -> str:
    code = ord(character)
    if character in _BLANK:
        return f"⟨U+{code:04X}⟩"
    if character.isprintable() or (lines and character in "\n\t"):
        return character
    if character in _SIGNS:
        return _SIGNS[character]
    # Wide and no-break spaces are in honest names; a plain one looks alike.
    if unicodedata.category(character) == "Zs":
        return " "
    return f"⟨U+{code:04X}⟩"


FILTERS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType(
    {
        "money": money,
        "count": count,
        "moment": moment,
        "short": short,
        "printable": printable,
        "shown": shown,
    }
)
