"""Regular expressions that take linear time whatever they are given: names are hostile.

In: a pattern of the RE2 syntax. Out: its groups in a whole line, or in words what can't be used.
"""

import re

import re2  # type: ignore[import-untyped]  # it comes without types; all of it stays in here

_GROUP = re.compile(r"\(\?P?<(\w+)>")
_AGAIN = re.compile(r"\(\?P[=>]|invalid escape sequence: \\+[1-9]")
_AROUND = re.compile(r"\(\?(<?[=!]|<$)")
#: The pieces that a pattern is written in: what opens, closes, counts, or is one character.
_PIECE = re.compile(
    r"(?P<open>\((?:\?P?<(?P<name>\w+)>|\?[a-zA-Z-]*:|\?[a-zA-Z-]+(?=\)))?)|(?P<close>\))"
    r"|(?P<count>[*+?|^$]|\{[0-9,]+\})"
    r"|(?P<one>\\[pP]\{[^}]*\}|\\x\{[^}]*\}|\\.|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]|.)",
    re.DOTALL,
)


class Pattern:
    """A pattern that must fit a line from its first to its last byte."""

    def __init__(self, text: str) -> None:
        """Compile `text`.

        Raises:
            ValueError: it can't be used; says why.
        """
        options = re2.Options()
        options.log_errors = False
        try:
            self._compiled = re2.compile(text, options)
        except re2.error as refused:
            raise ValueError(_words(refused, text)) from None
        except UnicodeEncodeError:
            raise ValueError("holds broken text") from None
        self.groups = frozenset(str(name) for name in self._compiled.groupindex)
        names = _GROUP.findall(text)
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"has two groups called {twice[0]!r}")

        self._text = text

    def may_hold(self, group: str, sign: str) -> bool:
        """Return whether a text of `group` could have the character `sign` in it.

        In doubt it could.
        """
        inside = 0
        for piece in _PIECE.finditer(self._text):
            if piece["open"]:
                inside += bool(inside) or piece["name"] == group
            elif piece["close"]:
                inside -= bool(inside)
            elif inside and piece["one"] and _fits(piece["one"], sign):
                return True
        return False

    def read(self, line: bytes) -> dict[str, str | None] | None:
        """Return the groups of `line`, which is UTF-8; None where it doesn't fit as a whole.

        A group that took no part in it is None.
        """
        match = self._compiled.fullmatch(line)
        if match is None:
            return None
        groups: dict[str, bytes | None] = match.groupdict()
        return {name: None if text is None else text.decode() for name, text in groups.items()}


def _fits(piece: str, sign: str) -> bool:
    try:
        return re2.fullmatch(piece, sign) is not None
    except re2.error:  # a piece such as \\E, which is none by itself
        return True


def _words(refused: Exception, text: str) -> str:
    """Say what RE2 refused in the words of somebody who knows other engines."""
    raw = refused.args[0] if refused.args else ""
    said = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    if _AROUND.search(said):
        return f"uses lookaround, which has no linear time: describe the whole line ({said})"
    if _AGAIN.search(said) or "(?P=" in text:
        return f"refers back to a group, which has no linear time: repeat the pattern ({said})"
    if r"\Z" in said:
        return "uses \\Z, which isn't needed: a pattern always fits the whole line"
    return f"is no pattern of the RE2 syntax: {said}"
