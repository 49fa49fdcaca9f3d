"""How we read what Oncade's documents leave open. One line each, so that it is easy to change.

In: nothing. Out: constants, and one rule. The sandbox keeps its own list of what it plays.
"""

from datetime import timedelta
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
LINK_DECLINED: Final = frozenset({"declined", "canceled", "cancelled"})
LINK_EXPIRED: Final = frozenset({"expired"})
LINK_ENDED: Final = LINK_DECLINED | LINK_EXPIRED | {"failed"}

#: `{userId}` in a path is the userRef: callers hold no other name of a user.
USER: Final = "user"

#: A host without histories answers so, and with no words of the API's own.
NO_HISTORY: Final = frozenset({404, 405, 501})

#: Where linked users are listed, below the campaign; no document names the path.
USERS: Final = "users"

#: Where link invites are, below the campaign; wholly our design, as are their fields.
INVITES: Final = "link-invites"

#: Rows asked for on one page of a list; the documents name no maximum here, 100 elsewhere.
PAGE: Final = 100

#: Amounts beyond this many digits on either side of the point are no amounts.
DIGITS: Final = 30

#: Webhooks older than this are refused; the documents name no end of trying again.
STALE: Final = timedelta(hours=48)

#: Webhooks further ahead of our clock than this are refused, too.
AHEAD: Final = timedelta(minutes=10)

#: A webhook of more bytes than this is none.
LONGEST_WEBHOOK: Final = 256 * 1024

#: Webhooks that tell of a payout; no document names any.
HOOK_PAID: Final = frozenset({"Campaign.Event.Paid"})

#: Webhooks that tell of a payout that failed; no document names any.
HOOK_PAYOUT_FAILED: Final = frozenset({"Campaign.Event.Failed"})

#: Webhooks of a link session that began.
HOOK_LINK_STARTED: Final = frozenset({"User.Account.Link.Started"})

#: Webhooks of a link that is there; Oncade's own receiver takes the second name as an old synonym.
HOOK_LINKED: Final = frozenset({"User.Account.Link.Succeeded", "User.Account.Link.Completed"})

#: Webhooks of a session that the player declined; the second is a spelling we let pass.
HOOK_DECLINED: Final = frozenset({"User.Account.Link.Canceled", "User.Account.Link.Cancelled"})

#: Webhooks of a session that came to nothing otherwise.
HOOK_LINK_FAILED: Final = frozenset({"User.Account.Link.Failed"})

#: Webhooks of a link that is no more.
HOOK_LINK_REMOVED: Final = frozenset({"User.Account.Link.Removed"})

#: Webhooks of a campaign; documents say that there are some at start and stop, not their names.
HOOK_CAMPAIGN_STARTED: Final = frozenset({"Campaign.Started"})
HOOK_CAMPAIGN_STOPPED: Final = frozenset({"Campaign.Stopped"})
HOOK_CAMPAIGN_WITHDRAWN: Final = frozenset({"Campaign.Withdrawn"})

#: The webhook that only tries the way.
HOOK_TEST: Final = frozenset({"Webhook.Test"})

#: A webhook's user: code has the first, documents the second; what isn't a user is passed over.
HOOK_USER: Final = ("user_ref", "userRef")

#: A webhook's link session.
HOOK_SESSION: Final = ("sessionKey", "session_key")

#: A webhook's campaign, below `data`.
HOOK_CAMPAIGN: Final = ("campaignId", "campaign_id")

#: A webhook's campaign event, amount, transaction and reason: our design, in both of its styles.
HOOK_EVENT_CODE: Final = ("eventCode", "event_code")
HOOK_AMOUNT: Final = ("payoutAmount", "payout_amount", "amount")
HOOK_TRANSACTION: Final = ("transactionId", "transaction_id")
HOOK_ERROR: Final = ("error", "reason")

#: The Idempotency-Key of the request that began it, below `data.metadata`.
HOOK_KEY: Final = ("idempotencyKey", "Idempotency-Key")


def email_as_sent(email: str) -> str:
    """Return an address without white space around it and in lower case, as Oncade's demo does."""
    return email.strip().lower()
