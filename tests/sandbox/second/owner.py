"""The sandbox's own calls, for what Oncade leaves to its dashboard: make, fund, link, look.

In: the sandbox's address and its admin token. Out: documents. Knows nothing of the sandbox's
insides; it speaks HTTP through the second client's `exchange`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.sandbox.second.client import exchange


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns the sandbox."""

    root: str
    token: str = field(repr=False)

    def create(self, name: str, prices: Mapping[str, str], environment: str) -> tuple[str, str]:
        """Make a campaign with an event for each price; return its id and its key."""
        events = [
            {"code": code, "name": f"The {code}", "payoutAmount": price}
            for code, price in prices.items()
        ]
        body = {"name": name, "environment": environment, "events": events}
        made = self._call("POST", "", body)
        return made["id"], made["apiKey"]

    def fund(self, campaign: str, amount: str) -> None:
        self._call("POST", f"/{campaign}/fund", {"amount": amount})

    def add_user(self, campaign: str, user_ref: str) -> str:
        return str(self._call("POST", f"/{campaign}/users", {"userRef": user_ref})["userRef"])

    def ledger(self, campaign: str) -> list[dict[str, Any]]:
        payouts: list[dict[str, Any]] = self._call("GET", f"/{campaign}/ledger")["payouts"]
        return payouts

    def watch(self, campaign: str, url: str) -> str:
        """Have the campaign's webhooks delivered to `url`; return the secret."""
        return str(self._call("PUT", f"/{campaign}/webhook", {"url": url})["secret"])

    def _call(self, method: str, rest: str, body: object = None) -> Any:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
        }
        data = None if body is None else json.dumps(body).encode()
        answer = exchange(method, f"{self.root}/sandbox/v1/campaigns{rest}", headers, data)
        assert answer.status < 300, (method, rest, answer.status, answer.body[:400])
        return answer.json
