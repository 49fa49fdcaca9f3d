"""A call that failed: why, what the API itself said, and whether something was done all the same.

In: an answer or a broken connection. Out: `CallFailed`, with the next step. Knows nothing of the
call's meaning.
"""

from collections.abc import Mapping

from bridge.campaigns import readings
from bridge.campaigns.schemas.documents import json_object, own_error
from bridge.errors import CampaignError

#: Reason → what to do next.
HINTS: Mapping[str, str] = {
    "unreachable": "See that the host is up, and that base_url is right.",
    "key_refused": "See that api_key_file holds this campaign's key.",
    "not_found": "See that base_url, the campaign's id and the names in the call are right.",
    "conflict": "The Idempotency-Key is in use, or was used for another call: look at the campaign "
    "before it is done again.",
    "rate_limited": "Wait a moment and do it again.",
    "refused": "Run `campaign-bridge campaign show` to see the campaign's status and balances.",
    "redirected": "See that base_url is the API itself; redirects are never followed.",
    "server_error": "Do it again later.",
    "unexpected_answer": "See that base_url and the campaign's id are right.",
}

#: What is added where something may have been done.
MAYBE = "it may have been done"
MAYBE_HINT = "Look at what is there before doing it again."

_REASONS: Mapping[int, str] = {404: "not_found", readings.CONFLICT: "conflict", 429: "rate_limited"}


class CallFailed(CampaignError):
    """A call of the Campaigns API was not carried out, or nobody knows."""

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        status: int | None = None,
        words: str = "",
        maybe_done: bool = False,
        retry_after: str | None = None,
    ) -> None:
        hint = HINTS.get(reason, "")
        if maybe_done:
            message, hint = f"{message}; {MAYBE}", f"{MAYBE_HINT} {hint}".strip()
        super().__init__(message, reason=reason, hint=hint)
        #: The HTTP status, None where no answer came.
        self.status = status
        #: What the API itself said, "" where it said nothing of its own.
        self.words = words
        #: False only with proof that nothing was done.
        self.maybe_done = maybe_done
        #: The Retry-After header, as it came.
        self.retry_after = retry_after

    @property
    def passing(self) -> bool:
        """Whether it is likely to go away by itself."""
        return self.reason in {"unreachable", "rate_limited", "server_error"}


def refusal(
    what: str, status: int, headers: Mapping[str, str], body: bytes, head: str, *, changes: bool
) -> CallFailed:
    """Return what an answer means that is no success; `what` names the call."""
    said = own_error(json_object(body))
    proven = said is not None and status in readings.PROVES_NOTHING_DONE
    told = repr(said) if said is not None else f"not JSON of the API: {head!r}"
    return CallFailed(
        f"{what} answered {status}: {told}",
        reason=_reason(status),
        status=status,
        words=said or "",
        maybe_done=changes and not proven,
        retry_after=headers.get("Retry-After"),
    )


def _reason(status: int) -> str:
    if status in readings.KEY_REFUSED:
        return "key_refused"
    if status < 300:
        return "unexpected_answer"
    if status < 400:
        return "redirected"
    if status >= 500:
        return "server_error"
    return _REASONS.get(status, "refused")
