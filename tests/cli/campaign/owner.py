"""A campaign's owner and its players, as the sandbox has them: what no command does.

In: a sandbox's URL. Out: a new campaign, funds, decisions, events. Knows nothing of the program.
"""

import json
import urllib.request
from typing import Any

from tests.cli.play import ADMIN_TOKEN

EVENT = {"code": "EARN5", "name": "Five", "payoutAmount": 5}


class Owner:
    """Who has made a campaign, and holds its key."""

    def __init__(self, url: str) -> None:
        self.url = url
        made = self._admin(
            "/campaigns", {"name": "Guide", "environment": "test", "events": [EVENT]}
        )
        self.campaign, self.api_key = made["id"], made["apiKey"]

    def fund(self, amount: object) -> None:
        self._admin(f"/campaigns/{self.campaign}/fund", {"amount": amount})

    def watch(self, url: str) -> str:
        """Have webhooks sent to `url`; return the secret they are signed with."""
        path = f"/campaigns/{self.campaign}/webhook"
        secret: str = self._admin(path, {"url": url}, "PUT")["secret"]
        return secret

    def set_faults(self, **chances: float) -> None:
        """Let the sandbox fail, all campaigns of it; those that are left out stay as they are."""
        self._admin("/faults", chances, "PUT")

    def event(self, user_ref: str) -> None:
        """Send the call that delivery makes."""
        body = {"eventCode": EVENT["code"], "userRef": user_ref}
        self._post(f"{self.url}/api/v1/campaign/{self.campaign}/events", self.api_key, body)

    def decide(self, decision: str, session: str) -> None:
        """Be the player."""
        body = {"sessionKey": session}
        self._post(f"{self.url}/api/v1/users/link/{decision}", self.api_key, body)

    def _admin(self, path: str, body: object, method: str = "POST") -> Any:
        return self._post(f"{self.url}/sandbox/v1{path}", ADMIN_TOKEN, body, method)

    def _post(self, url: str, token: str, body: object, method: str = "POST") -> Any:
        headers = {
            "Authorization": f"Bearer {token}",
            "X-Campaign-Id": getattr(self, "campaign", ""),
            "Content-Type": "application/json",
        }
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())
