"""A nick as the log writes it, and the name that it stands for.

In: bytes with colour codes. Out: text, or nothing where it can't be an identity. Knows nothing of
ids or matches.
"""

import re
import unicodedata

_CODE = re.compile(r"\^(?:[0-9]|x[0-9A-Fa-f]{3})|\^\^")

LONGEST = 100


def canonical(nick: bytes) -> str:
    """Return the name without colours, `^^` as `^`, and blanks around it; "" for an unusable one.

    Unusable is what is no UTF-8 (another byte would be another player of the same looks), what
    holds control characters, and what is empty or too long.
    """
    try:
        text = nick.decode()
    except UnicodeDecodeError:
        return ""
    text = unicodedata.normalize("NFC", _CODE.sub(_shown, text)).strip()
    return text if len(text) <= LONGEST and not _broken(text) else ""


def _shown(code: re.Match[str]) -> str:
    return "^" if code[0] == "^^" else ""


def _broken(text: str) -> bool:
    return any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)
