"""An order to a campaign, given under a key that is kept: never twice, never by mistake.

In: an order, the keys of earlier ones. Out: the API's words, or what stays open. What was never
answered is given again under the same key, as long as the API can be trusted to remember it.
"""

import click

from bridge.campaigns.api import CampaignApi
from bridge.campaigns.failures import CallFailed
from bridge.campaigns.lifecycle import Verb
from bridge.campaigns.readings import LOOKED_AT
from bridge.campaigns.schemas import Standing
from bridge.cli.campaign.keys import Drawer, OrderKey
from bridge.cli.campaign.target import Target
from bridge.cli.campaign.words import money, new_key, told
from bridge.cli.printing import note, span
from bridge.daemon import SystemClock
from bridge.errors import CampaignError, CommandError
from bridge.record import record

#: Seconds by which a clock may have been set back since a key was made.
_CLOCKS_DIFFER = 300.0


@record
class Order:
    """What an operator wants done, and how."""

    verb: Verb
    yes: bool
    new_key: bool
    wait: float | None


@record
class Given:
    """An order that was accepted; `repeated` under the key of an earlier attempt."""

    key: str
    repeated: bool
    words: str
    standing: Standing | None = None


async def give(api: CampaignApi, where: Target, order: Order, drawer: Drawer) -> Given:
    """Give an order; its key is on disk before, and until it is answered."""
    left = None if order.new_key else drawer.read(order.verb)
    standing = await api.details.standing()
    _check_environment(where, standing)
    key = _chosen(where, order, left, standing)
    _confirm(order, _what_happens(where, order.verb, standing))
    if left is None:
        drawer.write(order.verb, key)
    try:
        words = await api.lifecycle.enqueue(order.verb, key.text)
    except CallFailed as failure:
        if _settles(failure, repeated=left is not None):
            drawer.forget([order.verb])
        hint = _next(order.verb, standing) if failure.reason == "refused" else ""
        raise _explained(failure, order.verb, hint, repeated=left is not None) from failure
    # An older key of another order would make that order, given anew, look like the old one.
    drawer.forget(Verb)
    return Given(key.text, left is not None, words)


def _chosen(where: Target, order: Order, left: OrderKey | None, standing: Standing) -> OrderKey:
    now = SystemClock().now()
    if left is None:
        return OrderKey(new_key(order.verb), now)
    age = (now - left.made_at).total_seconds()
    if not -_CLOCKS_DIFFER <= age < where.delivery.key_horizon.total_seconds():
        raise CommandError(
            f"a {order.verb} was sent {_ago(age)} and not answered; its Idempotency-Key is too old "
            f"to be sent again without knowing, and {told(standing)}",
            hint=f"If that shows that it was not carried out, {order.verb} with --new-key.",
        )
    note(
        f"a {order.verb} was sent {_ago(age)} and not answered: it is sent again under the same "
        "Idempotency-Key, so that it can't be done twice. If the campaign was changed since, so "
        "that this is another one, use --new-key."
    )
    return left


def _ago(age: float) -> str:
    return f"{span(age)} ago" if age >= 0 else "at a time that is still to come"


def _check_environment(where: Target, standing: Standing) -> None:
    if where.environment is None or standing.environment.lower() == where.environment:
        return
    raise CommandError(
        f"the API says that the campaign's environment is {standing.environment!r}, the settings "
        f"say {where.environment!r}; nothing was sent",
        hint="Correct [[campaigns]] environment, or use the other campaign's id and key.",
    )


def _what_happens(where: Target, verb: Verb, standing: Standing) -> str:
    left = money(standing.available)
    named = " · ".join(filter(None, (where.campaign, standing.name, standing.environment)))
    amount = "an unknown amount" if left is None else left
    happens = {
        Verb.START: f"start it; its events are then paid out of {amount}",
        Verb.STOP: "stop it; its events are then no longer paid, until it is started again",
        Verb.WITHDRAW: f"withdraw {amount}, all that remains in it",
    }
    return f"{named}: it is {standing.status}; {happens[verb]}"


def _confirm(order: Order, what: str) -> None:
    note(what)
    if not order.yes and not click.confirm(f"Really {order.verb}?", err=True):
        raise CommandError("nothing was changed", hint="")


# -- what became of it ----------------------------------------------------------------------


def _settles(failure: CallFailed, *, repeated: bool) -> bool:
    """Whether a failed attempt leaves nothing open, so that its key can go.

    After an earlier attempt of which nothing is known, a refusal must have looked at the request;
    one that turned away whoever came says nothing of that attempt.
    """
    if failure.maybe_done:
        return False
    return failure.status in LOOKED_AT if repeated else True


def _next(verb: Verb, standing: Standing) -> str:
    """Return the next step after a refusal that the campaign's state explains, or ""."""
    if verb is Verb.WITHDRAW and (standing.active or not standing.stopped):
        return "It must have stopped first: `campaign-bridge campaign stop --wait`, then withdraw."
    if verb is Verb.START and standing.active:
        return "It is Active already: there is nothing to do."
    if verb is Verb.START and not standing.stopped:
        return "It can be started once it has stopped: `campaign-bridge campaign show` says when."
    if verb is Verb.START:
        return "Fund it first: `campaign-bridge campaign show` has its balances and its address."
    if verb is Verb.STOP and standing.stopped:
        return "It pays nothing now; `campaign-bridge campaign withdraw` pays back what remains."
    return ""


def _explained(failure: CallFailed, verb: Verb, hint: str, *, repeated: bool) -> CampaignError:
    hint = hint or failure.hint
    if failure.maybe_done or (repeated and failure.status not in LOOKED_AT):
        hint = (
            f"The key is kept: give the {verb} again, and it is sent under the same "
            "Idempotency-Key, so that it can't be done twice (--new-key makes it a new one). "
            f"{failure.hint}"
        )
    elif repeated:
        hint = (
            f"The earlier {verb} may have been carried out: see `campaign-bridge campaign show`. "
            f"Its key was forgotten. {hint}"
        )
    return CampaignError(str(failure), reason=failure.reason, hint=hint.strip())
