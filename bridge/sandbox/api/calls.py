"""How every call of the API is carried out: admitted, once per key, committed, then answered.

In: requests and what they would do to the books. Out: answers. Knows nothing of what they do.
"""

from collections.abc import Callable
from functools import partial

from aiohttp import web

from bridge.errors import StoreError
from bridge.sandbox.admission import Credentials, admitted
from bridge.sandbox.answers import Answer, Refused, is_text
from bridge.sandbox.bookkeeper import Bookkeeper
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.stored import Scope
from bridge.sandbox.faults import Fault, Faults
from bridge.sandbox.idempotency import Idempotency, body_hash
from bridge.sandbox.jobs import EVERY_JOB, Jobs
from bridge.sandbox.lifecycle import Accepted
from bridge.sandbox.readings import BAD_HEADER

#: What a call does to an admitted campaign, given the idempotency key.
Effect = Callable[[Books, Campaign, str | None], Accepted]
Telling = Callable[[Books, Campaign], Answer]


class Calls:
    """What all calls of the API stand on."""

    def __init__(
        self, keeper: Bookkeeper, jobs: Jobs, faults: Faults, idempotency: Idempotency
    ) -> None:
        self.keeper = keeper
        self._jobs = jobs
        self._faults = faults
        self._idempotency = idempotency

    async def told(self, request: web.Request, tell: Telling) -> web.Response:
        """Answer from what has been committed."""
        credentials = _credentials(request)
        found = await self.keeper.read(lambda books: tell(books, admitted(books, credentials)))
        return found.response()

    async def carried_out(self, request: web.Request, effect: Effect) -> Answer:
        """Carry out an effect once per idempotency key; return when it is on disk.

        Raises:
            Refused: it can't be done, and nothing was.
            StoreError: the disk failed; whether it was stored is unknown.
        """
        credentials, key = _credentials(request), _key(request)
        body = await request.read()
        forget = key is not None and self._faults.strikes(Fault.FORGET_KEY)

        def work(books: Books) -> Accepted:
            campaign = admitted(books, credentials)
            call = f"{request.method} {request.path}"
            scope = Scope(campaign.id, call, key, body_hash(body)) if key else None
            carry_out = partial(effect, books, campaign, key)
            return self._idempotency.once(books, scope, carry_out, forget=forget)

        try:
            accepted = await self.keeper.write(work)
        except StoreError:
            self._jobs.promise(EVERY_JOB)  # it may have been stored all the same
            raise
        if accepted.job is not None:
            self._jobs.promise(accepted.job)
        return accepted.answer


def _credentials(request: web.Request) -> Credentials:
    return Credentials(
        request.headers.get("Authorization"),
        request.headers.get("X-Oncade-API-Version"),
        request.headers.get("X-Campaign-Id"),
        request.match_info.get("campaign_id"),
    )


def _key(request: web.Request) -> str | None:
    key = request.headers.get("Idempotency-Key")
    if key and not is_text(key):
        raise Refused(BAD_HEADER)
    return key or None
