"""The demo as a newcomer starts it, and that its audit is no formality."""

import asyncio
import re
import sys


async def demo(*options: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bridge",
        "demo",
        *options,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def test_a_short_match_with_its_kills_is_paid_exactly() -> None:
    code, said = await demo("--seconds=6", "--seed=7")

    assert code == 0, said
    assert said.count("kill -9") == 4
    assert re.search(r"^achieved=(\d+) paid=\1 lost=0 duplicate=0$", said, re.MULTILINE), said
    # Players learn from their game where to link, and what they were paid: each of it, once.
    assert re.search(r"^chat     >> .+, link your account to be paid: http://", said, re.MULTILINE)
    assert re.search(r"^linked   6 of 12 players, by the URLs of their game$", said, re.MULTILINE)
    assert re.search(r"^chat     \+\+ .+ was paid [\d.]+ for \w+$", said, re.MULTILINE)
    assert re.search(r"^chat     == (\d+) of \1 payouts announced$", said, re.MULTILINE)


async def test_an_api_that_forgets_keys_and_takes_calls_late_fails_the_audit() -> None:
    """What comes late pays once more than its resend; the ledger can't help it, only tell."""
    code, said = await demo(
        "--seconds=3", "--seed=7", "--fault=forget_key=1", "--fault=late_arrival=0.3"
    )

    assert code == 1, said
    told = r"^achieved=\d+ paid=\d+ lost=\d+ duplicate=[1-9]\d*$"
    assert re.search(told, said, re.MULTILINE), said
    assert "error: the audit does not balance" in said
    assert "hint: " in said
    assert "Traceback" not in said
