"""The guide's curl commands with one campaign's own values in them.

In: where the API is, a campaign's id, one of its events. Out: text for a shell; the API key stays a
variable. Source: the Campaigns guide's form, headers in its order.
"""

import json
import shlex
from typing import Final

_HEADERS: Final = r"""  -H "Authorization: Bearer $CAMPAIGN_KEY" \
  -H "X-Oncade-API-Version: v1" \
  -H "X-Campaign-Id: $CID" \
"""


def variables(host: str, campaign_id: str) -> str:
    """Return what the commands stand on; the key is asked for, so that no history keeps it.

    That line is the last: pasted together, the lines after it would be taken for the key.
    """
    return f"export HOST={host}\nexport CID={campaign_id}\nread -rs CAMPAIGN_KEY\n"


def commands(code: str) -> str:
    """Return the guide's calls in its order; `code` is the event that is sent."""
    event = {"eventCode": code, "userRef": "usr_abc123"}
    email = {"email": "player@example.com"}
    return "\n".join(
        (
            _call("Details, status and balances", "GET", ""),
            _call("Start it; it is Active a moment later", "PUT", "/start", "start"),
            _call(
                "Link a player: open the url of the answer and approve",
                *("POST", "/users/link/initiate", "link", email),
            ),
            _call("An event for the player's userRef", "POST", "/events", "event", event),
            _call("Stop it", "PUT", "/stop", "stop"),
            _call("Withdraw what remains; 400 while it is Active", "POST", "/withdraw", "withdraw"),
        )
    )


def _call(
    comment: str, method: str, below: str, key: str = "", body: dict[str, str] | None = None
) -> str:
    verb = "" if method == "GET" else f" -X {method}"
    lines = [f"# {comment}\ncurl -s{verb} \\\n", _HEADERS]
    if body is not None:
        lines.append('  -H "Content-Type: application/json" \\\n')
    if key:
        lines.append(f'  -H "Idempotency-Key: {key}-$(uuidgen)" \\\n')
    if body is not None:
        # A code can be any text: it must not end the quotes that it stands in.
        lines.append(f"  -d {shlex.quote(json.dumps(body, separators=(',', ':')))} \\\n")
    return "".join([*lines, f"  $HOST/api/v1/campaign/$CID{below}\n"])
