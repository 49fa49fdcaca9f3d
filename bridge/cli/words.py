"""What states and reasons mean, in words that a support person understands, and what to do next.

In: states, reasons, lanes. Out: sentences.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from bridge.cli.printing import MESSAGE, note, one_line, since
from bridge.control.views import Json

MEANING: Final[Mapping[str, str]] = MappingProxyType(
    {
        "due": "kept here, waits to be sent",
        "sending": "a call to the API is on its way",
        "held": "kept here, not sent until the cause is gone",
        "accepted": "the API has taken it; it is enqueued there, not yet proven to be paid",
        "confirmed": "paid",
        "uncertain": "nobody can tell whether it was paid; an operator decides",
        "dead": "refused for good",
        "discarded": "never to be paid",
    }
)

_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unlinked": "the player is not linked to a userRef",
        "user_unknown": "the API does not know the player's userRef",
        "event_not_configured": "the campaign has no such event code",
        "refused": "the API refused it",
        "past_key_horizon": "too old to be sent again without knowing",
        "conflict": "the API says that the Idempotency-Key is in use",
        "lease_over": "the process that sent it went away",
        "over_cap": "a cap was reached",
        "price_unknown": "its rule has a cap in money, and nobody knows yet what it pays",
        "shadow": "shadow mode: it was only tried",
        "quarantine": "the ledger may be an old copy, or another machine's",
        "payout_failed": "the API took it, and then its payout failed",
        "expired": "nobody linked the player in time",
        "unreadable": "the file was damaged, and of this entry little more than its key is left",
    }
)

_NEXT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unlinked": "`players link {player} USERREF`, or let the game start a link",
        "user_unknown": "`players link {player} USERREF`, once the right userRef is known",
        "event_not_configured": "add {event_code} to the campaign's events, then "
        "`outbox retry {key}`",
        "over_cap": "`outbox release {key}`, or `outbox release --over-cap` for all of them: they "
        "are paid in spite of\n  the cap; none goes by itself, not at midnight either",
        "price_unknown": "nothing: it goes on by itself once the API says what {event_code} pays",
        "shadow": "leave shadow mode, then `outbox release --shadow` or `outbox forget --shadow`",
        "quarantine": "`reconcile`, then `outbox release --quarantine`",
        "payout_failed": "ask Oncade why, then `outbox retry {key}`: it is sent under a new key",
        "expired": "nothing; what is achieved from now on waits anew",
        "unreadable": "a backup, or the game's own log, may say what it was; it is never sent: its "
        "key stays known",
        "held": "`outbox retry {key}`, once the cause is gone",
        "uncertain": "look the payout up in the campaign's history, then "
        "`outbox resolve {key}` with\n"
        "  --paid    it was paid: nothing more is sent\n"
        "  --unpaid  it was not: it is sent once more, and paid twice if it was paid after all\n"
        "  --resend  nobody can tell: sent again under the same key; paid twice if the API has "
        "forgotten it",
        "dead": "`outbox retry {key}`, once the cause is gone, or `outbox discard {key}`",
    }
)


_WAITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accepted": "waits for the proof of its payout",
        "due": "waits to be sent",
        "sending": "waits for an answer",
    }
)


def reason_in_words(entry: Json) -> str:
    """Return an entry's reason for people; one that isn't known here is said as it is."""
    reason = entry["reason"]
    return f"{_told(entry)} ({reason})" if reason in _REASONS else one_line(reason)


def _told(entry: Json) -> str:
    """Return an entry's reason in a few words, and of a cap which one it was."""
    told = _REASONS.get(entry["reason"], one_line(entry["reason"]))
    return f"{told}: {one_line(entry['cap'], MESSAGE)}" if entry["cap"] else told


def next_step(entry: Json) -> str:
    """Return what an operator can do about an entry; empty where there is nothing."""
    state, reason = entry["entry_state"], entry["reason"]
    if entry["lane"] is not None:
        return str(entry["lane"]["way_out"])
    special = reason in _NEXT and state in {"held", "dead", "discarded"}
    shown = {name: one_line(entry[name]) for name in ("player", "event_code", "key")}
    return _NEXT.get(reason if special else state, "").format_map(shown)


def lane_in_words(lane: Json) -> str:
    """Return why a campaign sends nothing: what stopped it, and where it was a person, who."""
    if lane["who"] is None:
        detail = f": {one_line(lane['detail'], MESSAGE)}" if lane["detail"] else ""
        return f"its campaign's lane is stopped, {one_line(lane['reason'])}{detail}"
    why = f": {one_line(lane['why'])}" if lane["why"] else ""
    return f"its campaign was paused by {one_line(lane['who'])} {since(lane['since'])} ago{why}"


def note_lane(lane: Json | None) -> None:
    """Say why nothing is sent, and what lets it go on; nothing where the lane is open."""
    if lane is not None:
        note(f"not sent now: {lane_in_words(lane)}")
        note(f"it goes on by: {lane['way_out']}")


def missing(entry: Json) -> str:
    """Return, in a few words, what an entry still lacks until it is paid."""
    state, reason = entry["entry_state"], entry["reason"]
    if entry["fenced"]:
        return "waits for another entry of the same user and event code"
    if entry["lane"] is not None:
        return f"{lane_in_words(entry['lane'])}; {entry['lane']['way_out']}"
    if reason:
        return _told(entry)
    return _WAITS.get(state, "")
