"""The audit: what the game achieved against what the sandbox paid, feat by feat.

In: the game's tally, the sandbox's ledger, whom each player is, which entry a key belongs to.
Out: four numbers. *Achieved* are distinct feats of the tally, *paid* effects in the ledger,
*lost* feats without an effect, *duplicate* effects beyond one a feat plus effects without a feat.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bridge.record import record


@record
class Feat:
    """One line of the tally: who did what, under which id; its key once it was acknowledged."""

    player: str
    achievement: str
    id: str
    key: str | None


@record
class Effect:
    """One line of the ledger."""

    key: str | None
    user_ref: str
    event_code: str


@record
class Audit:
    """The four numbers, and what does not fit."""

    achieved: int
    paid: int
    lost: int
    duplicate: int

    @property
    def clean(self) -> bool:
        """Whether every feat was paid once and nothing else was."""
        return self.lost == 0 and self.duplicate == 0

    def __str__(self) -> str:
        """Return the one line."""
        return (
            f"achieved={self.achieved} paid={self.paid} lost={self.lost} duplicate={self.duplicate}"
        )


def read_tally(path: Path) -> list[Feat]:
    """Read a game's tally; a line cut short by a crash was never sent."""
    achieved: dict[str, dict[str, Any]] = {}
    keys: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "achievement" in entry:
            achieved[entry["id"]] = entry
        elif "acknowledged" in entry and entry.get("key"):
            keys[entry["acknowledged"]] = entry["key"]
    return [
        Feat(entry["player"], entry["achievement"], number, keys.get(number))
        for number, entry in achieved.items()
    ]


def audit(
    feats: Sequence[Feat],
    effects: Iterable[Effect],
    refs: Mapping[str, str],
    entry_of: Mapping[str, str],
) -> Audit:
    """Compare feat by feat, and once more by counting.

    `refs` is player → userRef. `entry_of` is wire key → entry's key, for the keys that differ.
    Keys are our own, so they alone prove nothing: the counts of (userRef, event code), which
    need no key, must agree as well; the larger discrepancy of the two is reported.
    """
    effects = list(effects)
    known = {feat.key for feat in feats if feat.key is not None}
    by_key = Counter(entry_of.get(effect.key or "", effect.key) for effect in effects)
    lost = sum(feat.key is None or not by_key[feat.key] for feat in feats)
    paid_once = len(known & set(by_key))
    wanted = Counter((refs.get(feat.player, "?"), feat.achievement) for feat in feats)
    got = Counter((effect.user_ref, effect.event_code) for effect in effects)
    return Audit(
        len(feats),
        len(effects),
        max(lost, (wanted - got).total()),
        max(len(effects) - paid_once, (got - wanted).total()),
    )
