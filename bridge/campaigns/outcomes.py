"""What an answer of the API means for the event that was sent.

In: nothing. Out: the five outcomes. `maybe_sent` is False only with proof that the API did
nothing with it.
"""

from bridge.record import record


@record
class Accepted:
    """The API has enqueued the payout."""


@record
class Retry:
    """Send the same key and bytes again.

    `after` is what the API asked for, in seconds. `answered` is False where no answer came, so
    that the request may still be under way.
    """

    reason: str
    maybe_sent: bool
    after: float | None = None
    answered: bool = True
    conflict: bool = False
    slow_down: bool = False


@record
class Hold:
    """Refused for a reason that can go away: `event_not_configured`, `user_unknown`."""

    reason: str
    maybe_sent: bool


@record
class PauseLane:
    """Nothing of this campaign can be sent now; the event isn't at fault."""

    reason: str
    maybe_sent: bool


@record
class Refused:
    """Refused, while the campaign is active and knows the event and the user."""

    reason: str
    maybe_sent: bool


Outcome = Accepted | Retry | Hold | PauseLane | Refused


@record
class Sent:
    """One attempt: its outcome, and what was seen of the answer."""

    outcome: Outcome
    status: int | None = None
    detail: str = ""
    head: str = ""
