"""Linked users: who may be paid by a campaign, and through which invite they came.

In: a page of the books. Out: users. Decides nothing.
"""

import sqlite3
from dataclasses import dataclass
from typing import Self

from bridge.sandbox.books.page import Page


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who is linked, or was: `removed_at` says when that ended."""

    user_ref: str
    email: str | None
    linked_at: str
    removed_at: str | None
    invite_id: str | None

    @property
    def linked(self) -> bool:
        """Whether this user can be paid."""
        return self.removed_at is None

    @classmethod
    def of(cls, row: sqlite3.Row) -> Self:
        """Return the user of a row."""
        return cls(**{name: row[name] for name in cls.__slots__})


class Users:
    """The pages on users."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def link(
        self, campaign_id: str, user_ref: str, email: str | None, invite_id: str | None = None
    ) -> bool:
        """Link a user, also again after a removal; false where the userRef is linked."""
        return self._page.changed(
            "link_user",
            campaign_id=campaign_id,
            user_ref=user_ref,
            email=email,
            invite_id=invite_id,
        )

    def remove(self, campaign_id: str, user_ref: str) -> bool:
        """End a link; false where there is none."""
        return self._page.changed("remove_user", campaign_id=campaign_id, user_ref=user_ref)

    def find(self, campaign_id: str, user_ref: str) -> User | None:
        """Return a user who is linked or was."""
        row = self._page.one("user", campaign_id=campaign_id, user_ref=user_ref)
        return User.of(row) if row else None

    def of_email(self, campaign_id: str, email: str) -> User | None:
        """Return the user with this email address who is linked or was."""
        row = self._page.one("user_of_email", campaign_id=campaign_id, email=email)
        return User.of(row) if row else None

    def listing(self, campaign_id: str, limit: int, offset: int) -> list[User]:
        """Return linked users, oldest first."""
        rows = self._page.many("users", campaign_id=campaign_id, limit=limit, offset=offset)
        return [User.of(row) for row in rows]

    def count(self, campaign_id: str) -> int:
        """Return how many are linked."""
        return self._page.number("count_users", campaign_id=campaign_id)
