"""Receiving: a webhook is kept and takes effect in one transaction, each body once.

In: verified webhooks. Out: what became of each.
"""

from bridge.events import State
from bridge.outbox.entry import Entry, as_millis
from bridge.outbox.ledger import confirming, linking
from bridge.outbox.ledger.book import Book
from bridge.outbox.links import Look, SessionState
from bridge.outbox.proofs import (
    Became,
    Failed,
    LinkGone,
    LinkSaid,
    Noted,
    Paid,
    Webhook,
)

VIA = "webhook"


def receive(book: Book, webhook: Webhook) -> Became:
    """Keep a webhook and let it take effect; a known body changes nothing."""
    if book.rows.proofs.has_webhook(webhook.digest):
        return Became.KNOWN
    became, entry = _effect(book, webhook)
    number = None if entry is None else entry.id
    book.rows.proofs.add_webhook(webhook, book.now, became, number)
    return became


def _effect(book: Book, webhook: Webhook) -> tuple[Became, Entry | None]:
    match webhook.proof:
        case Paid() as proof:
            return _paid(book, webhook, proof)
        case Failed() as proof:
            entry = confirming.failed(book, webhook.campaign, proof.key, proof.error)
            if entry is None:
                return Became.UNMATCHED, None
            return (Became.DEAD if entry.state is State.DEAD else Became.NOTED), entry
        case LinkSaid() as proof:
            return _link(book, webhook.campaign, proof), None
        case LinkGone() as proof:
            return _gone(book, webhook, proof), None
        case Noted():
            return Became.NOTED, None


def _paid(book: Book, webhook: Webhook, proof: Paid) -> tuple[Became, Entry | None]:
    name = f"webhook:{webhook.digest.hex()}"
    entry = confirming.paid(book, webhook.campaign, proof.payout, proof.key, name)
    return (Became.UNMATCHED if entry is None else Became.CONFIRMED), entry


def _link(book: Book, campaign: str, proof: LinkSaid) -> Became:
    session = book.rows.links.named_session(campaign, proof.session_key, proof.key)
    if session is None:
        return Became.UNMATCHED
    if proof.user_ref is None and not proof.ended:  # it says yes, not to whom: look soon
        book.rows.links.save_session(session, book.now if session.state.is_open else None)
        return Became.NOTED
    if proof.ended:
        if not session.state.is_open:
            return Became.NOTED
        found = Look(SessionState(proof.ended), "the API said so", proof.session_key)
    else:
        found = Look(SessionState.LINKED, "", proof.session_key, None, proof.user_ref)
    after = linking.said(book, session, found, VIA)
    return Became.LINKED if after.state is SessionState.LINKED else Became.ENDED


def _gone(book: Book, webhook: Webhook, proof: LinkGone) -> Became:
    """End links; one that is younger than the news stays: the player was linked again."""
    before = book.now if webhook.sent_at is None else as_millis(webhook.sent_at)
    ended = linking.unlink_user(book, webhook.campaign, proof.user_ref, VIA, before)
    return Became.UNLINKED if ended else Became.UNMATCHED
