"""The rules that made entries, as rows.

In: definitions. Out: the same, with what they have made. Decides nothing.
"""

from collections.abc import Sequence

from bridge.outbox.sqlite.memo import Memo
from bridge.outbox.sqlite.statements import Statements
from bridge.outbox.views import RememberedRule


class Rules:
    """The rows of `rules`."""

    def __init__(self, sql: Statements, memo: Memo) -> None:
        self._sql = sql
        self._memo = memo

    def used(self, definition: str) -> int:
        """Return the number of a rule that makes an entry now, marking it used."""
        known = self._memo.used_rules.get(definition)
        if known is not None:
            return known
        number: int = self._sql.run("use_rule", definition=definition).fetchone()[0]
        self._memo.used_rules[definition] = number
        return number

    def number(self, definition: str) -> int:
        """Return the number of a rule that counts now; it makes an entry only when it is full."""
        row = self._sql.one("rule_number", definition=definition)
        if row is None:
            self._sql.run("know_rule", definition=definition)
            return self.number(definition)
        number: int = row["id"]
        return number

    def in_force(self, *, counted: bool) -> list[RememberedRule]:
        """Return the rules in force, in order; `counted` with how many entries each has made."""
        return [
            RememberedRule(row["definition"], bool(row["used"]), row["entries"])
            for row in self._sql.run("rules", counted=counted)
        ]

    def set(self, definitions: Sequence[str]) -> None:
        """Replace the rules in force; which ones were used stays known.

        One that stands twice keeps its first place.
        """
        self._memo.used_rules.clear()
        self._sql.run("clear_rules")
        for place, definition in enumerate(definitions):
            self._sql.run("place_rule", definition=definition, place=place)
