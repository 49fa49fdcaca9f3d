"""A receipt as a story in time, in words that a support person understands.

In: a receipt as JSON. Out: harmless lines. Knows nothing of where it came from.
"""

import json
from collections.abc import Iterator
from contextlib import suppress

from bridge.cli.printing import RAW, one_line, plural
from bridge.cli.words import MEANING, lane_in_words, next_step, reason_in_words
from bridge.control.views import Json
from bridge.rules.book import Rule

_OUTCOMES = {
    "accepted": "the API took it",
    "retry": "to be tried again",
    "hold": "refused for now",
    "refused": "refused",
    "pauselane": "not about this entry: the whole campaign was paused",
    "unknown": "the sender went away before there was an answer",
}

_BECAME = {
    "confirmed": "it proves the payout",
    "dead": "it says that the payout failed",
    "known": "it came before",
    "noted": "nothing to do",
    "unmatched": "it fits nothing here",
}

#: Whether its payout is looked for → what there is to say of one that was not seen.
_UNSEEN = {
    True: "not seen yet; it is looked for in the user's history",
    False: "not looked for: without a history, only a webhook can prove it",
}

_ENDED = {
    "linked": "approved",
    "declined": "declined by the player",
    "expired": "not approved in time",
    "failed": "refused by the API",
    "refused": "approved, and not made",
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
    todo = next_step(receipt)
    if todo:
        yield ""
        yield f"what can be done: {todo}"


def _head(receipt: Json) -> Iterator[str]:
    state = receipt["entry_state"]
    yield f"entry      {one_line(receipt['key'])}"
    yield f"state      {state}: {MEANING.get(state, '')}"
    yield from _why(receipt)
    yield f"player     {one_line(receipt['player'])} → userRef {one_line(receipt['userRef'])}"
    yield f"pays       {one_line(receipt['event_code'])} of {one_line(receipt['campaign'])}"
    yield f"feat       {one_line(receipt['feat'])}, occurrence {one_line(receipt['occurrence'])}"
    yield f"rule       {one_line(_rule(receipt['rule']))}"
    if receipt["payout"] is not None:
        yield f"payout     {_payout(receipt['payout'])}"
    elif receipt["entry_state"] == "accepted":
        yield f"payout     {_UNSEEN[receipt['looked_for']]}; it is never sent again by itself"
    if receipt["unproven_since"]:
        since = _moment(receipt["unproven_since"])
        yield f"unproven   since {since}: an attempt may have paid"
    if receipt["wire_keys"] and receipt["wire_keys"] != [receipt["key"]]:
        yield f"sent under {', '.join(map(one_line, receipt['wire_keys']))}"
    if receipt["body"] is not None:
        yield f"bytes      {one_line(receipt['body'], RAW)}"


def _why(receipt: Json) -> Iterator[str]:
    if receipt["lane"] is not None:
        yield f"why        {lane_in_words(receipt['lane'])}"
    elif receipt["reason"]:
        yield f"why        {reason_in_words(receipt)}"
    if receipt["fenced"]:
        yield "why        fenced: waits for another entry of the same user and event code"


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
    for seen in receipt["webhooks"]:
        became = _BECAME.get(seen["became"], one_line(seen["became"]))
        yield seen["at"], f"webhook {one_line(seen['event'])}: {became}"
    if receipt["payout"] is not None and receipt["payout"]["via"] == "history":
        yield receipt["payout"]["seen_at"], "found in the user's history"
    for session in receipt["links"]:
        yield from session_lines(session)
    if receipt["entry_state"] == "due" and receipt["due_at"]:
        yield (
            receipt["due_at"],
            f"due to be sent ({plural(receipt['attempts'], 'try', 'tries')} so far)",
        )
    if receipt["entry_state"] == "held" and receipt["due_at"]:
        yield receipt["due_at"], "tried again by itself"


def session_lines(session: Json) -> Iterator[tuple[str, str]]:
    """Return when a link was asked for and what became of it."""
    yield session["started_at"], f"a link was asked for (session {one_line(session['session'])})"
    state = session["state"]
    if state not in {"starting", "pending"}:
        detail = f": {one_line(session['detail'])}" if session["detail"] else ""
        ref = f" as {one_line(session['userRef'])}" if session["userRef"] else ""
        yield session["updated_at"], f"the link was {_ENDED.get(state, state)}{ref}{detail}"


def _payout(payout: Json) -> str:
    amount = one_line(payout["amount"]) if payout["amount"] else "an unknown amount"
    paid = f", paid {_moment(payout['paid_at'])}" if payout["paid_at"] else ""
    how = "a webhook" if payout["via"] == "webhook" else "the user's history"
    return f"{one_line(payout['payout'])}: {amount}{paid}, known by {how}"


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


def _moment(at: str) -> str:
    return one_line(at).replace("T", " ").replace("Z", " UTC")
