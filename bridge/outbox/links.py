"""Links and how they come about: values.

In: nothing. Out: links, link sessions, codes. What they mean is the contract's to say.

```text
 starting ──the API began it──▶ pending ──userRef is there──▶ linked
    │                              ├── declined, expired, failed
    └── failed                     └── refused (the userRef is another player's)
```
"""

from datetime import datetime
from enum import StrEnum

from bridge.record import record


@record
class Link:
    """A player's userRef for one campaign."""

    campaign: str
    player: str
    user_ref: str
    since: datetime
    via: str


class SessionState(StrEnum):
    """How far a link session has come; the first two are open, the others ends."""

    STARTING = "starting"  # to be begun at the API under its key, perhaps again
    PENDING = "pending"  # the player has not decided
    LINKED = "linked"  # approved: the userRef is there
    DECLINED = "declined"  # the player said no
    EXPIRED = "expired"  # nobody decided in time
    FAILED = "failed"  # the API refused it, or ended it
    REFUSED = "refused"  # approved, and the userRef has all the players it may have

    @property
    def is_open(self) -> bool:
        """Whether something can still become of it."""
        return self in {SessionState.STARTING, SessionState.PENDING}


@record
class NewSession:
    """A link session to begin. Without a player a code will say who it was for.

    `lives` is how long it is looked at, in seconds.
    """

    campaign: str
    player: str | None
    email: str
    lives: float


@record
class Session:
    """A link session. `key` is its Idempotency-Key, `email` is gone once it was forgotten."""

    id: int
    key: str
    campaign: str
    player: str | None
    email: str | None
    session_key: str | None
    url: str | None
    state: SessionState
    detail: str
    user_ref: str | None
    started_at: datetime
    updated_at: datetime
    ends_at: datetime
    looks: int


@record
class Look:
    """What a look at a session found: where the player approves, who it was, or how it ended.

    `again_in` is when to look again, in seconds; None where nothing more is to come.
    """

    state: SessionState
    detail: str = ""
    session_key: str | None = None
    url: str | None = None
    user_ref: str | None = None
    again_in: float | None = None


@record
class CodeFor:
    """Whom a code stands for: a player (the page will say which session), or a session."""

    campaign: str
    player: str | None = None
    session_id: int | None = None
