"""The kill switch, and what brakes hold let go: with a daemon and without one."""

from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.play import Process, Site, entry, in_outbox


def test_a_campaign_is_paused_and_resumed_through_the_daemon(
    here: Cli, live: Site, daemon: Process
) -> None:
    paused = here("campaign", "pause", "--why", "an exploit")
    told = here("status")
    resumed = here("campaign", "resume", "--json")
    after = here("status", "--json").json["campaigns"]

    assert (paused.code, resumed.code) == (0, 0), paused.err
    assert f"{live.campaign} is paused" in paused.out
    assert "an exploit" in told.out
    assert resumed.json == {"campaign": live.campaign, "paused": False}
    assert [lane["pause"] for lane in after if lane["campaign"] == live.campaign] in ([None], [])


def test_a_pause_is_told_of_each_entry_that_it_holds_up(here: Cli, live: Site) -> None:
    here("players", "link", "name:Paused", live.users[0])
    here("campaign", "pause", "--why", "an exploit")
    sent = here("send", "name:Paused", "first_blood", "--id", "p/1", "--wait", "0.3")
    key = sent.out.split()[0]
    told = [
        sent.out + sent.err,
        here("players", "show", "name:Paused").out,
        here("outbox", "show", key).out,
        (retried := here("outbox", "retry", key)).out + retried.err,
    ]
    receipt = here("outbox", "show", key, "--json").json
    here("campaign", "resume")

    for said in told:
        assert "paused by operator " in said
        assert "ago: an exploit" in said
        assert "campaign-bridge campaign resume" in said
    assert receipt["reason"] == "operator_pause"
    assert receipt["lane"]["why"] == "an exploit"


def test_without_a_daemon_the_pause_waits_for_it(cli: Cli, configured: Site) -> None:
    paused = cli("campaign", "pause", "--why", "an exploit")
    (lane,) = cli("status", "--json").json["campaigns"]
    resumed = cli("campaign", "resume")

    assert (paused.code, resumed.code) == (0, 0)
    assert lane["pause"]["why"] == "an exploit"
    assert lane["pause"]["who"].startswith("operator ")
    assert "camp_1 goes on" in resumed.out


def test_an_unknown_campaign_is_refused(cli: Cli, here: Cli, configured: Site) -> None:
    for run in (cli, here):
        ran = run("campaign", "pause", "--campaign", "camp_9")

        assert ran.code == 1
        assert "campaign is not configured; configured are: " in ran.err


# -- release, forget, expire ----------------------------------------------------------------


@pytest.fixture
def held(configured: Site) -> list[str]:
    """The keys of two entries that a quarantine holds."""
    new = [entry(id_=str(n)) for n in range(2)]

    async def put(outbox: Any) -> None:
        await outbox.link("camp_1", "name:Alice", "usr_1", "test")
        await outbox.put(new)
        await outbox.quarantine("for this test")

    in_outbox(configured.outbox, put)
    return [str(each.key) for each in new]


def test_releasing_asks_first_and_says_the_risk(cli: Cli, held: list[str]) -> None:
    unasked = cli("outbox", "release", "--quarantine")
    released = cli("outbox", "release", "--quarantine", "--yes")
    listed = cli("outbox", "list", "--json").json["entries"]

    assert (unasked.code, released.code) == (1, 0)
    assert "add --yes" in unasked.err.lower()
    assert "released 2 entries" in released.out
    assert released.err.count("outbox ") == 1
    assert {found["entry_state"] for found in listed} == {"due"}


def test_one_that_a_brake_does_not_hold_is_refused(cli: Cli, configured: Site) -> None:
    new = entry()
    in_outbox(configured.outbox, lambda outbox: _put(outbox, new))
    ran = cli("outbox", "release", str(new.key))

    as_json = cli("outbox", "release", str(new.key), "--json").json["results"][0]

    assert ran.code == 1
    assert "can't be released" in ran.err
    assert "hint: It waits for a link: `players link name:Alice USERREF` lets it go." in ran.err
    assert as_json["code"] == "decision-refused"


async def _put(outbox: Any, *new: Any) -> None:
    await outbox.put(new)


@pytest.mark.parametrize("arguments", [[], ["--quarantine", "--shadow"], ["KEY", "--quarantine"]])
def test_what_is_to_be_released_must_be_said_once(
    cli: Cli, configured: Site, arguments: list[str]
) -> None:
    ran = cli("outbox", "release", *arguments)

    assert ran.code == 2
    assert "name keys, or one of" in ran.err


def test_the_list_is_filtered_by_reason(cli: Cli, held: list[str]) -> None:
    found = cli("outbox", "list", "--reason", "quarantine", "--json").json["entries"]
    none = cli("outbox", "list", "--reason", "over_cap", "--json").json["entries"]

    assert {each["key"] for each in found} == set(held)
    assert none == []


def test_what_waits_for_a_link_for_too_long_is_discarded_on_a_word(
    cli: Cli, configured: Site
) -> None:
    in_outbox(configured.outbox, lambda outbox: _put(outbox, entry()))
    none = cli("outbox", "expire", "--older-than", "90d", "--yes")
    bad = cli("outbox", "expire", "--older-than", "soon", "--yes")

    assert none.code == 0
    assert "0 entries" in none.out
    assert bad.code == 2
