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
#: A required field is absent, empty or not a string (the field's name follows).
BAD_FIELD: Final = Refusal(400, "Field is required and must be a non-empty string")
#: Events are accepted while Active only.
NOT_ACTIVE: Final = Refusal(400, "Campaign is not Active")
#: The code is not in the campaign's catalogue; codes are case-sensitive.
UNKNOWN_CODE: Final = Refusal(400, "Unknown eventCode")
#: Unknown and unlinked users are one and the same (the 404 itself is Oncade's word).
UNKNOWN_USER: Final = Refusal(404, "Unknown userRef")
#: Only with `insufficient_funds = refuse`.
CANNOT_PAY: Final = Refusal(400, "Insufficient funds")
#: An unfunded campaign can't be started.
NOT_FUNDED: Final = Refusal(400, "Campaign is not funded")
#: Start in a status that does not allow it.
CANNOT_START: Final = Refusal(400, "Campaign can't be started")
#: Stop while not Active.
CANNOT_STOP: Final = Refusal(400, "Campaign can't be stopped")
#: Withdraw while not Stopped (the 400 while Active is Oncade's word).
CANNOT_WITHDRAW: Final = Refusal(400, "Funds can't be withdrawn")
#: A header that is not text in UTF-8.
BAD_HEADER: Final = Refusal(400, "Idempotency-Key is not UTF-8 text")
#: The same key with other bytes in the body.
KEY_REUSED: Final = Refusal(409, "Idempotency-Key was used before with a different request")
#: The database can't be written just now.
UNAVAILABLE: Final = Refusal(503, "The sandbox can't store anything just now")
#: Something that should not happen.
INTERNAL: Final = Refusal(500, "Internal error")

#: Why a payout job fails, in its record.
REASON_NO_FUNDS: Final = "insufficient funds"

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
#: The "deployment details" of a campaign that is deployed nowhere.
CHAIN: Final = "sandbox"
BUSINESS_ID: Final = "biz_sandbox"
#: The longest body in bytes.
BODY_LIMIT: Final = 1024 * 1024
#: Amounts have this many decimals, and no campaign holds more units than that.
DECIMALS: Final = 6
LARGEST_AMOUNT: Final = 1_000_000_000_000

# -- faults -----------------------------------------------------------------------------------

#: Seconds in the Retry-After of a 429.
RETRY_AFTER: Final = 1
#: Seconds until a request that "arrives late" is handled.
LATE_ARRIVAL_DELAY: Final = 2.0
#: Seconds that a lost answer keeps its connection silent, unless the client goes away earlier.
ANSWER_LOST_HOLD: Final = 60.0
#: Redirects go to this path in front of the asked one; nothing is there.
REDIRECT_PREFIX: Final = "/moved"
