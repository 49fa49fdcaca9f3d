"""The Campaigns guide's end-to-end test, in the guide's own curl commands.

Only the host and the variables differ. The commands say nothing of how their answers are shown:
a curlrc has curl add the status, and repeat on its error output what it sends.
"""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.stage import Stage, until
from bridge.sandbox.admin import EventDefinition, SandboxAdmin

pytestmark = pytest.mark.system

#: The guide's headers: without a body, and with one.
HEADERS = r"""
  -H "Authorization: Bearer $CAMPAIGN_KEY" \
  -H "X-Oncade-API-Version: v1" \
  -H "X-Campaign-Id: $CID" \
""".strip("\n")

DETAILS = rf"""curl -s \
{HEADERS}
  $HOST/api/v1/campaign/$CID
"""
START = rf"""curl -s -X PUT \
{HEADERS}
  -H "Idempotency-Key: start-$(uuidgen)" \
  $HOST/api/v1/campaign/$CID/start
"""
STOP = rf"""curl -s -X PUT \
{HEADERS}
  -H "Idempotency-Key: stop-$(uuidgen)" \
  $HOST/api/v1/campaign/$CID/stop
"""
WITHDRAW = rf"""curl -s -X POST \
{HEADERS}
  -H "Idempotency-Key: withdraw-$(uuidgen)" \
  $HOST/api/v1/campaign/$CID/withdraw
"""
EVENT = rf"""curl -s -X POST \
{HEADERS}
  -H "Content-Type: application/json" \
  -H "Idempotency-Key: event-$(uuidgen)" \
  -d '{{"eventCode":"EARN5","userRef":"usr_abc123"}}' \
  $HOST/api/v1/campaign/$CID/events
"""
LINK_DETAILS = "curl -s $HOST/api/v1/users/link/details?session=$SESSION"

#: uuidgen is a package of its own; where it is missing the kernel makes the ids.
UUIDGEN = "command -v uuidgen >/dev/null || uuidgen() { cat /proc/sys/kernel/random/uuid; }"
CURLRC = """
noproxy = "*"
verbose
write-out = "\\n%{http_code}"
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed: the status, the document, and the request as it was written."""

    status: int
    document: Any
    request: str


@dataclass(frozen=True, slots=True)
class Desk:
    """A shell with the guide's variables, beside a sandbox with one funded campaign."""

    admin: SandboxAdmin
    variables: dict[str, str]

    @property
    def campaign(self) -> str:
        return self.variables["CID"]

    async def run(self, command: str, **variables: str) -> Said:
        shell = await asyncio.create_subprocess_exec(
            "bash",
            "-c",
            f"{UUIDGEN}\n{command}",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **self.variables, **variables},
        )
        async with asyncio.timeout(20):
            said, sent = await shell.communicate()
        assert shell.returncode == 0, sent.decode()
        body, _, status = said.decode().rpartition("\n")
        lines = [line[2:] for line in sent.decode().splitlines() if line.startswith("> ")]
        document = json.loads(body, parse_float=Decimal)
        return Said(int(status), document, "\n".join(lines))

    async def campaign_now(self) -> dict[str, Any]:
        said = await self.run(DETAILS)
        assert said.status == 200
        assert said.document["success"] is True
        found: dict[str, Any] = said.document["campaign"]
        return found

    async def poll_until(self, status: str, available: object) -> None:
        """Poll the details, as the guide has it, until they show both."""

        async def there() -> bool:
            now = await self.campaign_now()
            return (now["status"], now["availableToWithdraw"]) == (status, available)

        await until(there, 20, f"the campaign did not become {status} with {available}")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    """Create a campaign with the guide's event, and fund it: the dashboard's part of the guide."""
    if shutil.which("curl") is None:
        pytest.fail("curl is missing: apt-get install curl")
    (tmp_path / ".curlrc").write_text(CURLRC)
    stage = Stage.in_folder(tmp_path)
    sandbox = stage.sandbox("--job-delay=0.1")
    try:
        await sandbox.start()
        admin = SandboxAdmin(stage.sandbox_url, stage.secret("admin-token"))
        made = await admin.create_campaign("Guide", [EventDefinition("EARN5", Decimal(5))])
        await admin.fund(made.id, 100)
        variables = {
            "HOST": stage.sandbox_url,
            "CID": made.id,
            "CAMPAIGN_KEY": made.api_key,
            "CURL_HOME": str(tmp_path),
        }
        yield Desk(admin, variables)
    finally:
        await sandbox.stop()


def refused(said: Said, status: int) -> bool:
    return (
        said.status == status
        and set(said.document) == {"success", "error"}
        and said.document["success"] is False
        and isinstance(said.document["error"], str)
    )


def accepted(said: Said) -> bool:
    return (
        said.status == 202
        and set(said.document) == {"success", "message"}
        and said.document["success"] is True
    )


def balances(campaign: dict[str, Any]) -> tuple[object, object, object]:
    return (
        campaign["totalAmountFunded"],
        campaign["totalAmountPaidOut"],
        campaign["availableToWithdraw"],
    )


async def test_the_guides_end_to_end_flow(desk: Desk) -> None:
    await desk.admin.add_user(desk.campaign, "usr_abc123")

    before = await desk.campaign_now()
    started = await desk.run(START)
    await desk.poll_until("Active", 100)
    confirmed = await desk.campaign_now()
    event = await desk.run(EVENT)
    await desk.poll_until("Active", 95)
    unknown = await desk.run(EVENT.replace("usr_abc123", "usr_nobody"))
    too_early = await desk.run(WITHDRAW)
    after_the_event = await desk.campaign_now()
    stopped = await desk.run(STOP)
    await desk.poll_until("Stopped", 95)
    withdrawn = await desk.run(WITHDRAW)
    await desk.poll_until("Withdrawn", 0)
    at_the_end = await desk.campaign_now()

    assert before["environment"] == "test"
    assert before["status"] != "Active"
    assert accepted(started)
    assert balances(confirmed) == (100, 0, 100)
    assert accepted(event)
    assert event.document["message"] == "Event enqueued"
    assert refused(unknown, 404)
    assert refused(too_early, 400)
    assert balances(after_the_event) == (100, 5, 95)
    assert accepted(stopped)
    assert accepted(withdrawn)
    assert balances(at_the_end) == (100, 5, 0)
    assert [payout.user_ref for payout in await desk.admin.ledger(desk.campaign)] == ["usr_abc123"]


async def test_curl_sends_nothing_but_headers_with_a_start(desk: Desk) -> None:
    started = await desk.run(START)
    await desk.poll_until("Active", 100)
    too_early = await desk.run(WITHDRAW)

    assert accepted(started)
    assert refused(too_early, 400)
    for said, verb in ((started, "start"), (too_early, "withdraw")):
        assert f"/api/v1/campaign/{desk.campaign}/{verb} HTTP/1.1" in said.request
        assert f"Idempotency-Key: {verb}-" in said.request
        assert "content-length" not in said.request.lower()
        assert "content-type" not in said.request.lower()


async def test_every_event_of_the_guide_is_a_new_one(desk: Desk) -> None:
    await desk.admin.add_user(desk.campaign, "usr_abc123")
    await desk.run(START)
    await desk.poll_until("Active", 100)

    events = [await desk.run(EVENT) for _ in range(2)]
    await desk.poll_until("Active", 90)

    assert all(map(accepted, events))


async def test_the_guides_poll_of_a_link_needs_the_session_alone(desk: Desk) -> None:
    initiate = EVENT.replace("/events", "/users/link/initiate").replace(
        '{"eventCode":"EARN5","userRef":"usr_abc123"}', '{"email":"player@example.com"}'
    )
    link = await desk.run(initiate)

    polled = await desk.run(LINK_DETAILS, SESSION=link.document["sessionKey"])

    assert link.status == 201
    assert polled.status == 200
    assert "authorization" not in polled.request.lower()
    assert polled.document["prefilledEmail"] == "player@example.com"
    assert not polled.document.get("userRef")
