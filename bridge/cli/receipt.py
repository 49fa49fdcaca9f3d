"""A receipt as a story in time, in words that a support person understands.

In: a receipt as JSON. Out: harmless lines. Knows nothing of where it came from.
"""

import json
from collections.abc import Iterator
from contextlib import suppress

from bridge.cli.printing import RAW, one_line, plural
from bridge.control.views import Json
from bridge.rules.book import Rule

_MEANING = {
    "due": "kept here, waits to be sent",
    "sending": "a call to the API is on its way",
    "held": "kept here, not sent until the cause is gone",
    "accepted": "the API has taken it; it is enqueued there, not yet proven to be paid",
    "confirmed": "paid",
    "uncertain": "nobody can tell whether it was paid; an operator decides",
    "dead": "the API refused it for good",
    "discarded": "an operator decided that it is never paid",
}

_REASONS = {
    "unlinked": "the player is not linked to a userRef",
    "user_unknown": "the API does not know the player's userRef",
    "event_not_configured": "the campaign has no such event code",
    "refused": "the API refused it",
    "past_key_horizon": "too old to be sent again without knowing",
    "conflict": "the API says that the Idempotency-Key is in use",
    "lease_over": "the process that sent it went away",
}

_NEXT = {
    "unlinked": "players link {player} USERREF",
    "user_unknown": "players link {player} USERREF, once the right userRef is known",
    "event_not_configured": "add {event_code} to the campaign's events, then outbox retry {key}",
    "held": "outbox retry {key}, once the cause is gone",
    "uncertain": "look into the campaign's history, then outbox resolve {key} --paid|--unpaid",
    "dead": "outbox retry {key}, once the cause is gone, or outbox discard {key}",
}

_OUTCOMES = {
    "accepted": "the API took it",
    "retry": "to be tried again",
    "hold": "refused for now",
    "refused": "refused",
    "pauselane": "not about this entry: the whole campaign was paused",
    "unknown": "the sender went away before there was an answer",
}

_DECISIONS = {
    "retry": "asked to send it now",
    "discard": "decided that it is never paid",
    "paid": "found that it was paid",
    "unpaid": "found that it was not paid",
    "resend": "asked to send it again without knowing",
    "release": "let it go",
}


def lines(receipt: Json) -> Iterator[str]:
    """Return the receipt line by line."""
    yield from _head(receipt)
    yield ""
    for at, line in sorted(_story(receipt), key=lambda told: told[0]):
        yield f"{_moment(at)}  {line}"
    todo = _next(receipt)
    if todo:
        yield ""
        yield f"what can be done: {todo}"


def _head(receipt: Json) -> Iterator[str]:
    state = receipt["entry_state"]
    yield f"entry      {one_line(receipt['key'])}"
    yield f"state      {state}: {_MEANING.get(state, '')}"
    if receipt["reason"]:
        yield f"why        {reason_in_words(receipt['reason'])}"
    if receipt["fenced"]:
        yield "why        fenced: waits for another entry of the same user and event code"
    yield f"player     {one_line(receipt['player'])} → userRef {one_line(receipt['userRef'])}"
    yield f"pays       {one_line(receipt['event_code'])} of {one_line(receipt['campaign'])}"
    yield f"feat       {one_line(receipt['feat'])}, occurrence {one_line(receipt['occurrence'])}"
    yield f"rule       {one_line(_rule(receipt['rule']))}"
    if receipt["unproven_since"]:
        since = _moment(receipt["unproven_since"])
        yield f"unproven   since {since}: an attempt may have paid"
    if receipt["wire_keys"] and receipt["wire_keys"] != [receipt["key"]]:
        yield f"sent under {', '.join(map(one_line, receipt['wire_keys']))}"
    if receipt["body"] is not None:
        yield f"bytes      {one_line(receipt['body'], RAW)}"


def reason_in_words(reason: str) -> str:
    """Return a reason for people; one that isn't known here is said as it is."""
    told = _REASONS.get(reason)
    return f"{told} ({reason})" if told else one_line(reason)


def _rule(definition: Json) -> str:
    with suppress(TypeError, ValueError, KeyError):
        return str(Rule.from_definition(json.dumps(definition)))
    return json.dumps(definition)


# -- the story ------------------------------------------------------------------------------


def _story(receipt: Json) -> Iterator[tuple[str, str]]:
    message = receipt["message"]
    yield message["received_at"], _arrival(message)
    yield message["received_at"], f"kept on disk as {one_line(receipt['key'])}"
    for attempt in receipt["history"]:
        yield attempt["at"], _attempt(attempt)
    for decision in receipt["journal"]:
        yield decision["at"], _decision(decision)
    if receipt["entry_state"] == "due" and receipt["due_at"]:
        yield (
            receipt["due_at"],
            f"due to be sent ({plural(receipt['attempts'], 'try', 'tries')} so far)",
        )
    if receipt["entry_state"] == "held" and receipt["due_at"]:
        yield receipt["due_at"], "tried again by itself"


def _arrival(message: Json) -> str:
    door = f"source {one_line(message['source'])}" if message["source"] else "the achievements call"
    when = f", happened {_moment(message['occurred_at'])}" if message["occurred_at"] else ""
    own = f", id {one_line(message['id'])}" if message["id"] else ""
    return (
        f"a message came by {door} from {one_line(message['peer'])}, read by the adapter "
        f"{one_line(message['adapter'])} as {one_line(message['name'])}{own}{when}: "
        f"{one_line(message['raw'], RAW)}"
    )


def _attempt(attempt: Json) -> str:
    word, _, reason = attempt["outcome"].partition(": ")
    told = _OUTCOMES.get(word, one_line(word)) + (f", {one_line(reason)}" if reason else "")
    status = f"HTTP {attempt['status']}" if attempt["status"] else "no answer"
    again = f", binding {attempt['binding']}" if attempt["binding"] else ""
    said = attempt["answer"] or attempt["detail"]
    return (
        f"attempt {attempt['attempt']}{again}: {told} ({status} after {attempt['seconds']} s)"
        + (f": {one_line(said, 400)}" if said else "")
    )


def _decision(decision: Json) -> str:
    told = _DECISIONS.get(decision["what"], one_line(decision["what"]))
    detail = f" ({one_line(decision['detail'])})" if decision["detail"] else ""
    return f"{one_line(decision['who'])} {told}{detail}"


def _next(receipt: Json) -> str:
    state, reason = receipt["entry_state"], receipt["reason"]
    text = _NEXT.get(reason if state == "held" and reason in _NEXT else state, "")
    shown = {name: one_line(receipt[name]) for name in ("player", "event_code", "key")}
    return text.format_map(shown)


def _moment(at: str) -> str:
    return one_line(at).replace("T", " ").replace("Z", " UTC")
