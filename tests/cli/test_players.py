"""Links, made and undone without a daemon; with one: test_with_daemon.py."""

from tests.cli.conftest import Cli
from tests.cli.play import Site, entry, in_outbox, write_plain

STEAM = "76561197960265729"


def test_a_link_is_made_shown_listed_and_undone(cli: Cli, configured: Site) -> None:
    linked = cli("players", "link", f"STEAM:{STEAM}", "usr_1")
    shown = cli("players", "show", "STEAM_0:1:0")
    listed = cli("players", "list")
    undone = cli("players", "unlink", f"steam:{STEAM}")

    assert {ran.code for ran in (linked, shown, listed, undone)} == {0}
    assert shown.out == f"steam:{STEAM}\n  linked to usr_1 in camp_1\n  0 entries held\n"
    assert listed.out.splitlines()[1].split() == [f"steam:{STEAM}", "usr_1", "camp_1"]
    assert "not linked" in undone.out


def test_linking_releases_what_was_held(cli: Cli, configured: Site) -> None:
    async def put(outbox):  # type: ignore[no-untyped-def]  # any outbox
        await outbox.put([entry(), entry(id_="2")])

    in_outbox(configured.outbox, put)
    before = cli("players", "show", "name:Alice", "--json").json
    linked = cli("players", "link", "name:Alice", "usr_1", "--json").json

    assert before == {"player": "name:Alice", "links": [], "held": 2}
    assert (linked["released"], linked["held"]) == (2, 0)
    assert "2 held entries released" not in cli("players", "show", "name:Alice").out


def test_json_is_the_same_as_over_http(cli: Cli, configured: Site) -> None:
    cli("players", "link", "name:Alice", "usr_1")

    assert cli("players", "list", "--json").json == {
        "players": [
            {"player": "name:Alice", "campaign": "camp_1", "userRef": "usr_1", "state": "linked"}
        ]
    }


def test_a_player_without_namespace_is_refused_with_the_way_to_write_it(
    cli: Cli, configured: Site
) -> None:
    ran = cli("players", "show", "Alice")

    assert ran.code == 1
    assert "write a player as namespace:id" in ran.err


def test_with_two_campaigns_one_must_be_named(cli: Cli, site: Site) -> None:
    more = '[[campaigns]]\nid = "camp_2"\nenvironment = "test"\napi_key_file = "api-key"\n'
    rules = '[[rules]]\nmatch = "*"\ncampaign = "camp_2"\n'
    write_plain(site, more + rules)
    without = cli("players", "link", "name:Alice", "usr_1")
    unknown = cli("players", "link", "name:Alice", "usr_1", "--campaign", "camp_3")
    named = cli("players", "link", "name:Alice", "usr_1", "--campaign", "camp_2")

    assert (without.code, unknown.code, named.code) == (1, 1, 0)
    assert "configured are: camp_1, camp_2" in without.err
    assert "linked to usr_1 in camp_2" in named.out


def test_nobody_linked_yet_is_said_with_the_next_step(cli: Cli, configured: Site) -> None:
    assert "players link PLAYER USERREF" in cli("players", "list").out


def test_a_hostile_name_is_shown_harmlessly(cli: Cli, configured: Site) -> None:
    cli("players", "link", "name:\u202eevil \u2066x", "usr_1")
    out = cli("players", "list").out

    assert "name:\\u202eevil \\u2066x" in out
