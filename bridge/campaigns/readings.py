"""How we read what Oncade's documents leave open. One line each, so that it is easy to change.

In: nothing. Out: constants, and one rule. The sandbox keeps its own list of what it plays.
"""

from typing import Final

#: The only status word that the documents use; compared without regard to case.
ACTIVE: Final = "active"

#: Our word for a stop that is under way: a campaign has stopped once it is neither this nor Active.
STOPPING: Final = "stopping"

#: Statuses under which the same key and bytes are tried again.
RETRIED: Final = frozenset({408, 425, 429})

#: The key was refused: nothing is wrong with the event.
KEY_REFUSED: Final = frozenset({401, 403})

#: A key in use, or used with another body: no document says which, so it proves nothing.
CONFLICT: Final = 409

#: Refusals that, in the API's own JSON, prove that it did nothing with the call.
PROVES_NOTHING_DONE: Final = frozenset({400, 401, 403, 404, 422, 429})

#: Of these, the ones given by who looked at the request itself: after an attempt of which nothing
#: is known, they alone say where the campaign stands now.
LOOKED_AT: Final = frozenset({400, 404, 422})

#: The user isn't linked or isn't known; the documents give the status for an unknown userRef.
USER_UNKNOWN: Final = 404

#: A start, a stop or a withdrawal is accepted by any 2xx whose JSON object doesn't deny it.
ACCEPTED: Final = range(200, 300)

#: 201 is a new link session; any other 2xx is one that was there (and nobody linked by itself).
SESSION_CREATED: Final = 201

#: What stands for "not linked" in `userRef`, besides null and nothing at all.
NO_USER: Final = frozenset({"", "null"})

#: Words of a link's status after which nobody will link through its session any more.
LINK_ENDED: Final = frozenset({"declined", "expired", "canceled", "cancelled", "failed"})

#: `{userId}` in a path is the userRef: callers hold no other name of a user.
USER: Final = "user"

#: Where linked users are listed, below the campaign; no document names the path.
USERS: Final = "users"

#: Where link invites are, below the campaign; wholly our design, as are their fields.
INVITES: Final = "link-invites"

#: Rows asked for on one page of a list; the documents name no maximum here, 100 elsewhere.
PAGE: Final = 100

#: Amounts beyond this many digits on either side of the point are no amounts.
DIGITS: Final = 30


def email_as_sent(email: str) -> str:
    """Return an address without white space around it and in lower case, as Oncade's demo does."""
    return email.strip().lower()
