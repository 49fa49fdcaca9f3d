"""Damage at the far end of a large outbox, found while the daemon runs: it ends, and salvages."""

import asyncio
import io
import json
from pathlib import Path

import aiohttp

from bridge.cli.stage import Stage
from bridge.outbox.archive.damage import SMALL
from tests.acceptance.test_trouble import ask, stage_with
from tests.outbox.archive.full import keys_in, overwrite, pages_of

#: Events until the file counts as a large one.
EVENTS = 30_000


async def post(stage: Stage, first: int, count: int) -> None:
    """Have events accepted, as lines."""
    calls = [
        {"player": f"name:P{n % 50}", "achievement": "frag", "id": f"m{n}", "details": {"n": n}}
        for n in range(first, first + count)
    ]
    headers = {
        "Authorization": f"Bearer {stage.secret('token')}",
        "Content-Type": "application/x-ndjson",
    }
    body = io.BytesIO("\n".join(map(json.dumps, calls)).encode())
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{stage.bridge_url}/v1/achievements", data=body) as answer,
    ):
        assert (await answer.json())["stored"] == count


def explained(said: str) -> None:
    """Check that a daemon has ended with an error, and said what to do."""
    assert "error: " in said
    assert "hint: " in said
    assert "Traceback" not in said


async def test_damage_that_a_start_does_not_see_ends_the_daemon_and_the_next_start_salvages(
    tmp_path: Path,
) -> None:
    stage = stage_with(tmp_path)
    outbox, daemon = tmp_path / "outbox.db", stage.daemon()
    try:
        await daemon.start()
        await post(stage, 0, EVENTS)
        await ask(stage, "GET", "/v1/operator/entries", bearer="operator-token")  # all is filed now
        await daemon.kill()
        assert outbox.stat().st_size > SMALL
        keys = keys_in(outbox)
        overwrite(outbox, pages_of(outbox, "origins")[9])

        await daemon.start()
        await post(stage, EVENTS, 10)
        _, before = await ask(stage, "GET", "/readyz", bearer="operator-token")
        assert daemon.process is not None
        code = await asyncio.wait_for(daemon.process.wait(), 60)
        explained(daemon.log.read_text(encoding="utf-8"))
        await daemon.start()
        status, after = await ask(stage, "GET", "/readyz", bearer="operator-token")
    finally:
        await daemon.kill()

    assert before["outbox"].startswith("checked ")
    assert "whole" not in before["outbox"]
    assert code == 1
    assert "outbox-salvaged" in {reason["code"] for reason in after["reasons"]}
    assert (status, after["ready"]) == (200, True)
    assert len(keys_in(outbox)) == EVENTS + 10
    assert keys_in(outbox) > keys
    assert not (tmp_path / "outbox.db.damaged").exists()
