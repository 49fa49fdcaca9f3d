"""Orders that are killed, that time out, and that a person at a terminal is asked about."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.campaigns.host import CAMPAIGN, ENQUEUED, campaign, silence
from tests.cli.campaign.pointed import Pointed
from tests.cli.play import PATIENCE, SECRET, Site, on_terminal, plain_config

LOOK = f"GET /campaign/{CAMPAIGN}"
START = f"PUT /campaign/{CAMPAIGN}/start"
CAME = f"PUT /api/v1/campaign/{CAMPAIGN}/start"


@contextmanager
def beside(pointed: Pointed, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the program as a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", "bridge", "campaign", *arguments, *pointed.options()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def orders(pointed: Pointed) -> Pointed:
    pointed.host.on(LOOK, campaign("Stopped"))
    return pointed


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_start_that_is_killed_is_given_again_under_its_key(
    orders: Pointed, site: Site, ending: signal.Signals
) -> None:
    orders.host.on(START, silence, ENQUEUED)
    with beside(orders, "start", "--yes") as process:
        (first,) = orders.host.wait(CAME)
        (kept,) = (site.folder / "state" / "campaign-orders").glob("*.json")
        on_disk = json.loads(kept.read_bytes())
        process.send_signal(ending)
        code = process.wait(PATIENCE)
    again = orders("start", "--yes", "--json")
    _, second = orders.host.wait(CAME, 2)

    assert code != 0
    assert on_disk["key"] == first.key
    assert again.code == 0, again.err
    assert (again.json["repeated"], second.key) == (True, first.key)
    assert not kept.exists()


def test_a_start_that_gets_no_answer_in_time_says_that_it_may_have_been_done(
    orders: Pointed, site: Site, cli: object
) -> None:
    more = '[delivery]\nattempt_timeout = "300ms"\n'
    site.config.write_text(plain_config(base_url=orders.host.url, more=more))
    (site.folder / "api-key").write_text(SECRET)
    orders.host.on(START, silence, ENQUEUED)
    first, second = (orders.run("campaign", "start", "--yes") for _ in range(2))
    keys = {call.key for call in orders.host.of(CAME)}

    assert first.code == 1
    assert "gave no answer in time" in first.err
    assert "it may have been done" in first.err
    assert second.code == 0, second.err
    assert len(keys) == 1


def test_while_one_start_is_under_way_another_one_is_refused(orders: Pointed) -> None:
    orders.host.on(START, silence)
    with beside(orders, "start", "--yes"):
        orders.host.wait(CAME)
        ran = orders("start", "--yes")

    assert ran.code == 1
    assert "another command is just giving this campaign an order" in ran.err
    assert len(orders.host.of(CAME)) == 1


# -- at a terminal --------------------------------------------------------------------------


def drawn_for(pointed: Pointed, *arguments: str, answer: bytes = b"") -> tuple[int, str]:
    """Run `campaign …` on a terminal; return its exit code and all that it drew."""
    return on_terminal("campaign", *arguments, *pointed.options(), answer=answer)


def test_a_person_is_asked_what_is_to_be_done_and_may_say_no(orders: Pointed, site: Site) -> None:
    call = f"POST /campaign/{CAMPAIGN}/withdraw"
    orders.host.on(call, ENQUEUED)
    refused = drawn_for(orders, "withdraw", answer=b"n\n")
    sent_by_then = len(orders.host.of(f"POST /api/v1/campaign/{CAMPAIGN}/withdraw"))
    agreed = drawn_for(orders, "withdraw", answer=b"y\n")

    assert (refused[0], sent_by_then) == (1, 0)
    assert "withdraw 12.50, all that remains in it" in refused[1]
    assert "Really withdraw?" in refused[1]
    assert "nothing was changed" in refused[1]
    assert agreed[0] == 0
    assert "withdraw accepted" in agreed[1]


def test_a_job_is_followed_with_a_spinner_that_nothing_can_draw_on(orders: Pointed) -> None:
    odd = campaign("\x1b]0;owned\x07[bold]Starting[/bold]")
    orders.host.on(START, ENQUEUED)
    orders.host.on(LOOK, campaign("Stopped"), odd, odd, campaign("Active"))
    code, drawn = drawn_for(orders, "start", "--yes", "--wait")

    assert code == 0
    assert "\x1b[?25l" in drawn  # the cursor is hidden while it spins
    assert "\x1b[?25h" in drawn
    assert "\x1b]0;" not in drawn
    assert "start done: the campaign is Active" in drawn


def test_the_key_of_a_crash_is_no_strangers_business(orders: Pointed, site: Site) -> None:
    orders.host.on(START, silence)
    with beside(orders, "start", "--yes"):
        orders.host.wait(CAME)
    folder: Path = site.folder / "state" / "campaign-orders"

    assert {path.stat().st_mode & 0o077 for path in (folder, *folder.iterdir())} == {0}
