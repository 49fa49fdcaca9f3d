"""One effect a key: an accepted call is answered from the books when it comes again.

In: a call's scope and what would carry it out. Out: the new or the stored answer. Knows nothing
of what the effect is.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from bridge.sandbox.answers import Answer, Refused
from bridge.sandbox.books import Books
from bridge.sandbox.books.stored import Scope
from bridge.sandbox.lifecycle import Accepted
from bridge.sandbox.readings import KEY_REUSED


def body_hash(body: bytes) -> bytes:
    """Return what two bodies are compared by: their bytes."""
    return hashlib.sha256(body).digest()


@dataclass(frozen=True, slots=True)
class Idempotency:
    """How long answers are kept (milliseconds), and whether refusals are."""

    retention: int
    store_errors: bool

    def once(
        self,
        books: Books,
        scope: Scope | None,
        effect: Callable[[], Accepted],
        *,
        forget: bool = False,
    ) -> Accepted:
        """Carry `effect` out unless this key was answered before; keep its answer.

        Look-up, effect and record are one transaction, so that of many at once one is first.
        `forget` leaves the record out of sight: the fault that makes a retry pay twice.

        Raises:
            Refused: 409 for a key that came with another body, or what `effect` raises; neither
                leaves a trace, unless errors are stored.
        """
        if scope is None:
            return effect()
        known = None if forget else self._known(books, scope)
        if known is not None:
            return known
        accepted = self._carried_out(effect)
        books.stored.keep(scope, accepted.answer.status, accepted.answer.body)
        return accepted

    def drop_old(self, books: Books) -> None:
        """Forget the answers whose time is over."""
        books.stored.drop_old(books.now - self.retention)

    def _known(self, books: Books, scope: Scope) -> Accepted | None:
        found = books.stored.find(scope, books.now - self.retention)
        if found is None:
            return None
        if found.body_hash != scope.body_hash:
            raise Refused(KEY_REUSED)
        return Accepted(Answer(found.status, found.body), None)

    def _carried_out(self, effect: Callable[[], Accepted]) -> Accepted:
        try:
            return effect()
        except Refused as refused:
            if not self.store_errors:
                raise
            return Accepted(refused.answer, None)
