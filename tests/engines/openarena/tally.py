"""What a careful reader counts in a games.log: the oracle of the live test.

In: the text of a log. Out: what each slot's player did. Shares nothing with the adapter: it cuts
words where the server puts them, and knows the few names of this match beforehand.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

#: (who, what): `who` is a GUID in lower case, "" for all bots together.
Tally = Counter[tuple[str, str]]


@dataclass
class Reader:
    """Reads one line after the other."""

    tally: Tally = field(default_factory=Counter)
    guids: dict[str, str] = field(default_factory=dict)
    scores: list[tuple[str, int]] = field(default_factory=list)

    def read(self, line: str) -> None:
        words = line[7:].split(" ")
        if words[0] == "InitGame:":
            self.guids, self.scores = {}, []
        elif words[0] == "ClientUserinfoChanged:":
            self.guids[words[1]] = line.rpartition("\\id\\")[2].lower()
        elif words[0] == "Award:":
            self.count(words[1], words[-2].lower())
        elif words[0] == "Kill:":
            self.kill(words[1], words[2])
        elif words[0] == "score:":
            found = re.search(r"score: (-?\d+)  ping: \d+  client: (\d+) ", line + " ")
            assert found
            self.scores.append((found[2], int(found[1])))
            self.count(found[2], "match_end")
            self.count_winner()

    def kill(self, killer: str, victim: str) -> None:
        if killer not in {"1022", victim}:
            self.count(killer, "kill" if self.guids[victim] else "bot_kill")
        self.count(victim, "death")

    def count_winner(self) -> None:
        if len(self.scores) == 2 and self.scores[0][1] > self.scores[1][1]:
            self.count(self.scores[0][0], "match_won")

    def count(self, slot: str, what: str) -> None:
        self.tally[self.guids[slot], what] += 1


def tally(text: str) -> Tally:
    """Return what was done, by whom."""
    reader = Reader()
    for line in text.splitlines():
        reader.read(line)
    return reader.tally
