"""Users of a campaign: the list, one's standing, one's payouts.

In: requests. Out: answers in a `data` wrapper. Source: the third-party client for standing and
history; the list is our reading.
"""

from aiohttp import web

from bridge.sandbox import linking
from bridge.sandbox.answers import Answer
from bridge.sandbox.api import shapes
from bridge.sandbox.api.calls import Calls
from bridge.sandbox.api.campaign import CAMPAIGN, REFUSALS
from bridge.sandbox.api.operation import Operation
from bridge.sandbox.books import Books
from bridge.sandbox.books.campaigns import Campaign
from bridge.sandbox.books.ledger import Payout
from bridge.sandbox.books.users import User
from bridge.sandbox.readings import UserState

TAG = "Users"


class UserCalls:
    """The handlers."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def operations(self) -> list[Operation]:
        """Return the calls."""
        user = f"{CAMPAIGN}/user/{{user_id}}"
        return [
            Operation(
                "GET",
                user,
                self.standing,
                "One user's standing",
                TAG,
                {200: shapes.StandingTold},
                REFUSALS,
            ),
            Operation(
                "GET",
                f"{user}/events",
                self.history,
                "One user's payouts, newest first",
                TAG,
                {200: shapes.HistoryTold},
                REFUSALS,
                query=shapes.PageQuery,
            ),
            Operation(
                "GET",
                f"{CAMPAIGN}/users",
                self.listing,
                "Linked users, oldest first",
                TAG,
                {200: shapes.UsersTold},
                REFUSALS,
                query=shapes.PageQuery,
            ),
        ]

    async def standing(self, request: web.Request) -> web.Response:
        user_ref = request.match_info["user_id"]
        return await self._calls.told(
            request, lambda books, campaign: _standing(books, campaign, user_ref)
        )

    async def history(self, request: web.Request) -> web.Response:
        user_ref = request.match_info["user_id"]
        asked = shapes.read_query(shapes.PageQuery, request.query)
        return await self._calls.told(
            request, lambda books, campaign: _history(books, campaign, user_ref, asked)
        )

    async def listing(self, request: web.Request) -> web.Response:
        asked = shapes.read_query(shapes.PageQuery, request.query)
        return await self._calls.told(
            request, lambda books, campaign: _listing(books, campaign, asked)
        )


def _standing(books: Books, campaign: Campaign, user_ref: str) -> Answer:
    user = linking.known_user(books, campaign.id, user_ref)
    standing = shapes.Standing(
        campaign_id=campaign.id,
        user_id=user.user_ref,
        status=_status(user),
        environment=campaign.environment,
    )
    return shapes.StandingTold(success=True, data=standing).answer()


def _history(books: Books, campaign: Campaign, user_ref: str, asked: shapes.PageQuery) -> Answer:
    user = linking.known_user(books, campaign.id, user_ref)
    found = books.ledger.of_user(campaign.id, user.user_ref, asked.limit, asked.offset)
    total = books.ledger.count_of_user(campaign.id, user.user_ref)
    history = shapes.History(
        campaign_id=campaign.id,
        user_id=user.user_ref,
        environment=campaign.environment,
        transactions=[_transaction(campaign, payout) for payout in found],
        pagination=shapes.Page.of(asked, total, len(found)),
    )
    return shapes.HistoryTold(success=True, data=history).answer()


def _transaction(campaign: Campaign, payout: Payout) -> shapes.Transaction:
    return shapes.Transaction(
        id=f"txn_sandbox_{payout.id}",
        campaign_id=campaign.id,
        user_ref=payout.user_ref,
        event_code=payout.event_code,
        event_name=payout.event_name,
        payout_amount=payout.amount,
        transaction_hash=payout.transaction_hash,
        created_at=payout.created_at,
    )


def _listing(books: Books, campaign: Campaign, asked: shapes.PageQuery) -> Answer:
    found = books.users.listing(campaign.id, asked.limit, asked.offset)
    users = [
        shapes.UserFields(
            user_ref=user.user_ref,
            status=_status(user),
            linked_at=user.linked_at,
            invite_id=user.invite_id,
        )
        for user in found
    ]
    pagination = shapes.Page.of(asked, books.users.count(campaign.id), len(found))
    data = shapes.Users(users=users, pagination=pagination)
    return shapes.UsersTold(success=True, data=data).answer()


def _status(user: User) -> str:
    return (UserState.LINKED if user.linked else UserState.REMOVED).value
