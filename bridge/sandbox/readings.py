"""Everything that is our reading and not Oncade's word, in one place.

In: nothing. Out: constants and switches. Knows nothing of what uses them.

Oncade's own words are: the paths, the header names, the fields of the documented answers, the
word "Active", the text "Event enqueued", 202 for start, stop and events, 400 for a withdrawal
while Active, 404 for an unknown userRef, 201 and 200 of link sessions. The rest stands here.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """A campaign's status; only "Active" is sourced."""

    DRAFT = "Draft"  # created, never started
    STARTING = "Starting"  # start was accepted, its job has not run
    ACTIVE = "Active"  # events are accepted
    STOPPING = "Stopping"  # stop was accepted, its job has not run
    STOPPED = "Stopped"  # may be started again or withdrawn from
    WITHDRAWING = "Withdrawing"  # withdraw was accepted, its job has not run
    WITHDRAWN = "Withdrawn"  # empty; may be started again once funded again


class StartWhenActive(StrEnum):
    """What a start says to a campaign that is Active or Starting."""

    REFUSE = "400"  # the default: the caller learns that nothing was started
    IGNORE = "202"  # the same answer as a start, and nothing happens


class InsufficientFunds(StrEnum):
    """What becomes of an event that the campaign can't pay."""

    FAIL_IN_JOB = "fail_in_job"  # the default: 202, and the payout fails afterwards
    REFUSE = "refuse"  # 400, counting what accepted events will cost


class WhenNotActive(StrEnum):
    """What becomes of an event while the campaign is not Active."""

    REFUSE = "refuse"  # the default: 400, by analogy with withdraw
    FAIL_IN_JOB = "fail_in_job"  # 202, and the payout fails unless it is Active again by then


class LinkState(StrEnum):
    """The `status` of a link session; "linked" is a userRef that is there."""

    PENDING = "pending"  # waits for the player
    APPROVED = "approved"  # the player said yes: userRef is there
    DECLINED = "declined"  # the player said no
    EXPIRED = "expired"  # nobody said anything in time


class UserState(StrEnum):
    """The `status` of a user."""

    LINKED = "linked"  # can be paid
    REMOVED = "removed"  # was linked, and the link ended


class InviteState(StrEnum):
    """The `state` of an invite; the first three are decided, the others follow."""

    ACTIVE = "active"  # players can use it
    PAUSED = "paused"  # can be resumed
    REVOKED = "revoked"  # for good
    EXPIRED = "expired"  # past `expiresAt`
    EXHAUSTED = "exhausted"  # `uses` has reached `maxUses`


class DeliveryState(StrEnum):
    """How far a webhook has come."""

    PENDING = "pending"  # to be tried, again if it was
    DELIVERED = "delivered"  # answered 2xx
    FAILED = "failed"  # given up; can be sent again by hand


class Hook(StrEnum):
    """Names of webhooks; those of links and the test are Oncade's, the rest is ours."""

    LINK_STARTED = "User.Account.Link.Started"
    LINK_SUCCEEDED = "User.Account.Link.Succeeded"
    LINK_CANCELED = "User.Account.Link.Canceled"  # the player declined
    LINK_FAILED = "User.Account.Link.Failed"  # the session expired
    LINK_REMOVED = "User.Account.Link.Removed"
    TEST = "Webhook.Test"
    CAMPAIGN_STARTED = "Campaign.Started"
    CAMPAIGN_STOPPED = "Campaign.Stopped"
    CAMPAIGN_WITHDRAWN = "Campaign.Withdrawn"
    EVENT_PAID = "Campaign.Event.Paid"
    EVENT_FAILED = "Campaign.Event.Failed"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A status code and the text of `error`."""

    status: int
    error: str


#: A stopped campaign may be started again, a withdrawn one too once it is funded again.
STARTABLE: Final = frozenset({Status.DRAFT, Status.STOPPED, Status.WITHDRAWN})

# -- texts and codes of what is accepted ------------------------------------------------------

#: Start, stop and withdraw answer `message` as events do; their texts are ours.
START_ENQUEUED: Final = "Campaign start enqueued"
STOP_ENQUEUED: Final = "Campaign stop enqueued"
WITHDRAWAL_ENQUEUED: Final = "Withdrawal enqueued"
#: Withdraw answers 202 by analogy with start and stop.
WITHDRAWAL_STATUS: Final = 202

# -- who may call -----------------------------------------------------------------------------

#: A missing or malformed Authorization header.
NO_KEY: Final = Refusal(401, "Missing or malformed Authorization header")
#: An admin token that isn't this sandbox's.
WRONG_TOKEN: Final = Refusal(401, "Unknown admin token")
#: A key that no campaign has.
UNKNOWN_KEY: Final = Refusal(401, "Unknown API key")
#: The version header may be absent (v1 is meant), but not something else.
UNSUPPORTED_VERSION: Final = Refusal(400, "Unsupported X-Oncade-API-Version; use v1")
#: X-Campaign-Id is required.
NO_CAMPAIGN_HEADER: Final = Refusal(400, "X-Campaign-Id header is required")
#: X-Campaign-Id must name the campaign of the path.
CAMPAIGN_MISMATCH: Final = Refusal(403, "X-Campaign-Id does not match the campaign in the path")
#: The key is valid, the campaign is another one.
FOREIGN_KEY: Final = Refusal(403, "API key does not belong to this campaign")
#: The path names no campaign.
UNKNOWN_CAMPAIGN: Final = Refusal(404, "Campaign not found")

# -- what can't be done -----------------------------------------------------------------------

#: A body that is not a JSON object; lifecycle calls may also come without one.
NOT_JSON: Final = Refusal(400, "Request body must be a JSON object")
#: A field of the body or the query is absent or can't be used (which one and why follows).
INVALID: Final = Refusal(400, "Invalid request")
#: Events are accepted while Active only.
NOT_ACTIVE: Final = Refusal(400, "Campaign is not Active")
#: The code is not in the campaign's catalogue; codes are case-sensitive.
UNKNOWN_CODE: Final = Refusal(400, "Unknown eventCode")
#: Unknown and unlinked users are one and the same (the 404 itself is Oncade's word).
UNKNOWN_USER: Final = Refusal(404, "Unknown userRef")
#: Only with `insufficient_funds = refuse`.
CANNOT_PAY: Final = Refusal(400, "Insufficient funds")
#: A campaign's id is given once.
ID_TAKEN: Final = Refusal(409, "A campaign with this id exists")
#: An unfunded campaign can't be started.
NOT_FUNDED: Final = Refusal(400, "Campaign is not funded")
#: Start in a status that does not allow it.
CANNOT_START: Final = Refusal(400, "Campaign can't be started")
#: Stop while not Active.
CANNOT_STOP: Final = Refusal(400, "Campaign can't be stopped")
#: Withdraw while not Stopped (the 400 while Active is Oncade's word).
CANNOT_WITHDRAW: Final = Refusal(400, "Funds can't be withdrawn")
#: A link session that was never there.
UNKNOWN_SESSION: Final = Refusal(404, "Unknown link session")
#: A link session that was decided the other way, or is over.
SESSION_OVER: Final = Refusal(400, "Link session can't be decided any more")
#: An invite that was never there.
UNKNOWN_INVITE: Final = Refusal(404, "Unknown link invite")
#: An invite that can't be used now; 410, as such links do elsewhere.
INVITE_CLOSED: Final = Refusal(410, "This invite can't be used")
#: A change of an invite that was revoked, or of limits that are below the uses so far.
INVITE_FIXED: Final = Refusal(400, "The invite can't be changed so")
#: A webhook's URL that nothing is sent to.
BAD_WEBHOOK_URL: Final = Refusal(400, "The URL must be https://, or http:// to this machine")
#: Nothing can be sent where no URL is set.
NO_WEBHOOK: Final = Refusal(400, "No webhook URL is set")
#: A webhook that was never sent.
UNKNOWN_DELIVERY: Final = Refusal(404, "Unknown webhook delivery")
#: Headers that are not text in UTF-8.
BAD_HEADER: Final = Refusal(400, "Idempotency-Key is not UTF-8 text")
BAD_CAMPAIGN_HEADER: Final = Refusal(400, "X-Campaign-Id is not UTF-8 text")
#: The same key with other bytes in the body.
KEY_REUSED: Final = Refusal(409, "Idempotency-Key was used before with a different request")
#: The database can't be written just now.
UNAVAILABLE: Final = Refusal(503, "The sandbox can't store anything just now")
#: Something that should not happen.
INTERNAL: Final = Refusal(500, "Internal error")

#: Why a payout job fails, in its record.
REASON_NO_FUNDS: Final = "insufficient funds"
REASON_NOT_ACTIVE: Final = "campaign is not Active"
REASON_CHAIN: Final = "transaction failed"  # the fault payout_fails

# -- idempotency, identifiers, limits ---------------------------------------------------------

#: Seconds that an answer stays stored; the scope is (campaign, method and path, key).
IDEMPOTENCY_RETENTION: Final = 24 * 3600.0
#: Seconds between a 202 and its effect.
JOB_DELAY: Final = 0.5
#: Keys are opaque; this prefix keeps anybody from taking one for a real key.
KEY_PREFIX: Final = "sandbox_"
#: Identifiers that are made here; every other one is taken as opaque text.
CAMPAIGN_PREFIX: Final = "cmp_sandbox_"
USER_PREFIX: Final = "usr_sandbox_"
SESSION_PREFIX: Final = "session_sandbox_"
INVITE_PREFIX: Final = "inv_sandbox_"
#: Seconds that a player has to approve a link.
LINK_LIFETIME: Final = 15 * 60.0
#: Rows of a list: how many without `limit`, and at most.
DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 100
#: The "deployment details" of a campaign that is deployed nowhere.
CHAIN: Final = "sandbox"
BUSINESS_ID: Final = "biz_sandbox"
#: The longest body in bytes.
BODY_LIMIT: Final = 1024 * 1024
#: Amounts have this many decimals, and no campaign holds more units than that.
DECIMALS: Final = 6
LARGEST_AMOUNT: Final = 1_000_000_000_000

# -- webhooks ---------------------------------------------------------------------------------

#: Seconds until a webhook that was not answered 2xx is sent again; after the last, it is given up.
#: A campaign's webhooks go one after the other, and one that waits holds up none: so they come in
#: order as long as they are taken. Redirects aren't followed. A resend by hand uses what is left of
#: the waits, and is a single try where nothing is left.
WEBHOOK_WAITS: Final = (1.0, 5.0, 30.0, 120.0, 600.0, 3600.0, 6 * 3600.0)
#: Seconds that a receiver has to answer.
WEBHOOK_TIMEOUT: Final = 10.0
#: Seconds that a rotated secret stays valid. What was enqueued before the rotation stays signed
#: with it until then; everything else is signed with the new one.
SECRET_OVERLAP: Final = 24 * 3600.0
#: What the log says of a webhook whose URL was switched off before it was sent; it is given up.
NOBODY_LISTENS: Final = "not sent: webhooks are switched off"
#: The payout token that pages show; nothing says which one it is.
PAYOUT_TOKEN: Final = "USDC"  # noqa: S105  # a currency

# -- faults -----------------------------------------------------------------------------------

#: Seconds in the Retry-After of a 429.
RETRY_AFTER: Final = 1
#: Seconds until a request that "arrives late" is handled.
LATE_ARRIVAL_DELAY: Final = 2.0
#: Seconds that a lost answer keeps its connection silent, unless the client goes away earlier.
ANSWER_LOST_HOLD: Final = 60.0
#: Redirects go to this path in front of the asked one; nothing is there.
REDIRECT_PREFIX: Final = "/moved"
