"""The sandbox's options: every switch can be set, and what can't be is told."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest

from bridge.cli.sandbox import command
from bridge.sandbox.admin import EventDefinition, SandboxAdmin
from bridge.sandbox.readings import WEBHOOK_WAITS
from bridge.sandbox.settings import SandboxSettings
from tests.cli.conftest import Cli
from tests.cli.play import ADMIN_TOKEN, Process

#: Given in another form, or for tests only.
ELSEWHERE = {"admin_token", "late_arrival_delay", "answer_lost_hold"}


@contextmanager
def sandbox(folder: Path, *options: str) -> Iterator[str]:
    """Run a sandbox with these options; yield its URL."""
    token = folder / "admin-token"
    token.write_text(ADMIN_TOKEN)
    process = Process(
        ["sandbox", "--port=0", f"--admin-token-file={token}", "--job-delay=0", *options],
        {"PYTHONUNBUFFERED": "1"},
    )
    try:
        yield process.wait_for("sandbox:").split()[1]
    finally:
        process.stop()


def test_every_switch_can_be_set_on_the_command_line() -> None:
    offered = {parameter.name for parameter in command.params}

    assert set(SandboxSettings.model_fields) - offered == ELSEWHERE


def test_the_help_says_what_happens_without_an_option(cli: Cli) -> None:
    said = " ".join(cli("sandbox", "--help").out.split())

    assert "[default: fail_in_job]" in said
    assert f"[default: {','.join(f'{wait:g}' for wait in WEBHOOK_WAITS)}]" in said
    assert "payout_fails" in said


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--webhook-waits=1,x", "'--webhook-waits': write seconds, such as 1,5,30: 1,x"),
        ("--webhook-waits=1,-1", "--webhook-waits: Input should be greater than or equal to 0"),
        ("--webhook-timeout=0", "'--webhook-timeout': 0.0 is not in the range x>0"),
        ("--job-delay=nan", "--job-delay: Input should be a finite number"),
        ("--link-lifetime=-1", "'--link-lifetime': -1.0 is not in the range x>=0"),
        ("--not-active=perhaps", "'--not-active': 'perhaps' is not one of"),
        ("--fault=payout_fails=2", "payout_fails"),
    ],
)
def test_a_value_that_can_not_be_is_misuse(cli: Cli, option: str, said: str) -> None:
    ran = cli("sandbox", "--port=0", option)

    assert ran.code == 2
    assert said in ran.err
    assert "hint: See `campaign-bridge sandbox --help`." in ran.err


async def test_what_was_asked_for_is_what_runs(tmp_path: Path) -> None:
    options = (
        "--not-active=fail_in_job",
        "--start-when-active=202",
        "--webhook-waits=",
        "--webhook-timeout=5",
    )
    with sandbox(tmp_path, *options) as url:
        admin = SandboxAdmin(url, ADMIN_TOKEN)
        made = await admin.create_campaign("Autumn", [EventDefinition("EARN5", Decimal(5))])
        await admin.set_webhook(made.id, "http://127.0.0.1:9/")  # where nobody listens
        await admin.fund(made.id, 10)
        await admin.add_user(made.id, "usr_1")
        headers = {"Authorization": f"Bearer {made.api_key}", "X-Campaign-Id": made.id}
        path = f"{url}/api/v1/campaign/{made.id}"
        event = json.dumps({"eventCode": "EARN5", "userRef": "usr_1"}).encode()
        async with aiohttp.ClientSession(headers=headers) as http:
            statuses = [
                (await http.request(method, path + rest, data=body)).status
                for method, rest, body in (
                    ("POST", "/events", event),
                    ("PUT", "/start", None),
                    ("PUT", "/start", None),
                )
            ]
        async with asyncio.timeout(15):
            while not any(one.state == "failed" for one in await admin.deliveries(made.id)):
                pass  # each look is a call; it gives up after the first try

        assert statuses == [202, 202, 202]
