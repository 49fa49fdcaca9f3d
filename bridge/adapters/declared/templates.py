"""Texts with the groups of a pattern in them: `steam:{id}`, `{round:int}`.

In: a template and groups. Out: the text or the number. Knows nothing of lines.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping

Groups = Mapping[str, str | None]

_PART = re.compile(r"(?P<text>[^{}]+|\{\{|\}\})|\{(?P<group>\w+)(?::(?P<kind>int|float))?\}")
#: What may stand before the colon; of bare Steam ids, too: STEAM_0:1:2, [U:1:5].
_NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,31}|\[[Uu]")
_NUMBER = {
    "int": re.compile(r"[+-]?[0-9]{1,18}"),
    "float": re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?"),
}


class Template:
    """A text in which `{name}` stands for a group; `{{` and `}}` are braces.

    Where `numbers` may come out, a template that is nothing but `{name:int}` or `{name:float}`
    makes one.
    """

    def __init__(self, text: str, groups: frozenset[str], *, numbers: bool = False) -> None:
        """Read `text`; only groups of `groups` may stand in it.

        Raises:
            ValueError: it can't be used; says why.
        """
        #: What stands as it is, and the name of a group in its place.
        self._parts: list[tuple[str, str]] = []
        self._kind = ""
        for part in _parts(text):
            group = part["group"] or ""
            if group and group not in groups:
                raise ValueError(_unknown(group, groups))
            self._kind = part["kind"] or self._kind
            plain = part["text"] or ""
            self._parts.append((plain[:1] if plain in {"{{", "}}"} else plain, group))
        if self._kind and not (numbers and len(self._parts) == 1):
            raise ValueError("only a detail can be a number, and then nothing else: {name:int}")

    def may_name(self, may_hold: Callable[[str, str], bool]) -> bool:
        """Return whether the text could ever be `namespace:id`.

        `may_hold` tells whether a group could have a character in it.
        """
        plain = self._parts[0][0]
        if ":" in plain:
            return _NAMESPACE.fullmatch(plain.partition(":")[0]) is not None
        return any(":" in text or (of and may_hold(of, ":")) for text, of in self._parts)

    def text(self, groups: Groups) -> str | None:
        """Return the text; None where a group of it took no part in the line."""
        pieces = [groups[group] if group else plain for plain, group in self._parts]
        whole = [piece for piece in pieces if piece is not None]
        return "".join(whole) if len(whole) == len(pieces) else None

    def value(self, groups: Groups) -> str | int | float | None:
        """Return the text, or the number that it is to be.

        Raises:
            ValueError: the group holds no such number.
        """
        text = self.text(groups)
        if text is None or not self._kind:
            return text
        if not _NUMBER[self._kind].fullmatch(text):
            raise ValueError(f"{text[:40]!r} is no number")
        return int(text) if self._kind == "int" else float(text)


def _parts(text: str) -> Iterator[re.Match[str]]:
    place = 0
    while place < len(text):
        part = _PART.match(text, place)
        if part is None:
            raise ValueError(
                f"can't be read from {text[place : place + 20]!r} on: name groups such as "
                "{player}; a brace itself is {{ or }}"
            )
        yield part
        place = part.end()


def _unknown(name: str, groups: frozenset[str]) -> str:
    near = difflib.get_close_matches(name, groups, n=1)
    asked = f"; did you mean {near[0]!r}?" if near else ""
    return f"names the group {name!r}, which `line` has not{asked}"
