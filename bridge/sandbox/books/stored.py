"""Stored answers: what a key was answered, for as long as answers are kept.

In: a page of the books. Out: answers with the hash of the body they were for. Decides nothing.
"""

from dataclasses import dataclass

from bridge.sandbox.books.page import Page


@dataclass(frozen=True, slots=True)
class Scope:
    """What an idempotency key is unique in, and the hash of the body it came with."""

    campaign_id: str
    call: str
    key: str
    body_hash: bytes


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A status and a body, and the hash of the body that was asked with."""

    body_hash: bytes
    status: int
    body: bytes


class StoredAnswers:
    """The pages on stored answers."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def find(self, scope: Scope, too_old: int) -> StoredAnswer | None:
        """Return what was stored under a key after `too_old` (milliseconds)."""
        row = self._page.one(
            "answer",
            campaign_id=scope.campaign_id,
            call=scope.call,
            key=scope.key,
            too_old=too_old,
        )
        return None if row is None else StoredAnswer(row["body_hash"], row["status"], row["body"])

    def keep(self, scope: Scope, status: int, body: bytes) -> None:
        """Store an answer; a record that was too old or forgotten gives way."""
        self._page.run(
            "keep_answer",
            campaign_id=scope.campaign_id,
            call=scope.call,
            key=scope.key,
            body_hash=scope.body_hash,
            status=status,
            body=body,
            stored_at=self._page.now,
        )

    def drop_old(self, too_old: int) -> None:
        self._page.run("drop_old_answers", too_old=too_old)
