"""What limits how much a rule pays: its caps.

In: a rule's settings. Out: `Terms`, which never make keys: changing them pays nothing again.
"""

from decimal import Decimal
from typing import Self

from bridge.record import record
from bridge.settings.rules import RuleSettings


@record
class Terms:
    """A rule's caps: entries of one player a day, token units of them all a day.

    With `per_user` they, and `once`, count the userRef; `refuse` turns away what is over a cap.
    """

    player_day: int | None = None
    campaign_day: Decimal | None = None
    per_user: bool = False
    refuse: bool = False

    @classmethod
    def from_settings(cls, rule: RuleSettings) -> Self:
        """Return the terms that a rule's settings say."""
        caps = rule.caps
        refuse = rule.over_cap == "refuse"
        return cls(caps.player_day, caps.campaign_day, rule.per == "user", refuse)

    @property
    def any(self) -> bool:
        """Whether there is anything to count."""
        return self.per_user or self.by_day

    @property
    def by_day(self) -> bool:
        """Whether something is counted by days."""
        return self.player_day is not None or self.campaign_day is not None


#: A rule without a cap.
FREE = Terms()
