"""How we read what Oncade's documents leave open. One line each, so that it is easy to change.

In: nothing. Out: constants. The sandbox keeps its own list of what it plays.
"""

from typing import Final

#: The only status word that the documents use; compared without regard to case.
ACTIVE: Final = "active"

#: Statuses under which the same key and bytes are tried again.
RETRIED: Final = frozenset({408, 425, 429})

#: The key was refused: nothing is wrong with the event.
KEY_REFUSED: Final = frozenset({401, 403})

#: A key in use, or used with another body: no document says which, so it proves nothing.
CONFLICT: Final = 409

#: Refusals that, in the API's own JSON, prove that it did nothing with the event.
PROVES_NOTHING_DONE: Final = frozenset({400, 401, 403, 404, 422, 429})

#: The user isn't linked or isn't known; the documents give the status for an unknown userRef.
USER_UNKNOWN: Final = 404
