"""Links, made and undone without a daemon; with one: test_with_daemon.py."""

from bridge.outbox.links import Look, NewSession, SessionState
from tests.cli.conftest import Cli
from tests.cli.play import Site, entry, in_outbox, write_plain

STEAM = "76561197960265729"


def test_a_link_is_made_shown_listed_and_undone(cli: Cli, configured: Site) -> None:
    linked = cli("players", "link", f"STEAM:{STEAM}", "usr_1")
    shown = cli("players", "show", "STEAM_0:1:0")
    listed = cli("players", "list")
    undone = cli("players", "unlink", f"steam:{STEAM}")

    assert {ran.code for ran in (linked, shown, listed, undone)} == {0}
    assert shown.out.splitlines()[0] == f"steam:{STEAM}"
    assert "linked to usr_1 in camp_1, for " in shown.out
    assert "nothing was achieved yet" in shown.out
    assert listed.out.splitlines()[1].split() == [f"steam:{STEAM}", "usr_1", "camp_1"]
    assert "not linked" in undone.out


def test_linking_releases_what_was_held(cli: Cli, configured: Site) -> None:
    async def put(outbox):  # type: ignore[no-untyped-def]  # any outbox
        await outbox.put([entry(), entry(id_="2")])

    in_outbox(configured.outbox, put)
    before = cli("players", "show", "name:Alice", "--json").json
    told = cli("players", "show", "name:Alice").out
    linked = cli("players", "link", "name:Alice", "usr_1", "--json").json

    assert (before["player"], before["links"], before["sessions"]) == ("name:Alice", [], [])
    assert [entry["entry_state"] for entry in before["entries"]] == ["held", "held"]
    assert "not linked; `players link name:Alice USERREF`" in told
    assert told.count("the player is not linked to a userRef") == 2
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


# -- forgetting -----------------------------------------------------------------------------


def test_a_player_is_forgotten_and_what_was_achieved_stays(cli: Cli, configured: Site) -> None:
    async def put(outbox):  # type: ignore[no-untyped-def]  # any outbox
        await outbox.put([entry()])
        await outbox.begin_session(NewSession("camp_1", "name:Alice", "alice@example.com", 3600))

    in_outbox(configured.outbox, put)
    cli("players", "link", "name:Alice", "usr_1")
    unasked = cli("players", "forget", "name:Alice")
    forgotten = cli("players", "forget", "name:Alice", "--yes")
    shown = cli("players", "show", "name:Alice", "--json").json

    assert (unasked.code, forgotten.code) == (1, 0)
    assert "nobody is there to confirm it" in unasked.err
    assert "1 link and all addresses erased" in forgotten.out
    assert shown["links"] == []
    assert [found["entry_state"] for found in shown["entries"]] == ["held"]
    assert b"alice@example.com" not in configured.outbox.read_bytes()
    assert [(note["what"], note["detail"]) for note in shown["journal"]] == [
        ("forget", ""),
        ("unlink", "erased"),
        ("link", "erased"),
    ]


def test_a_link_session_is_told(cli: Cli, configured: Site) -> None:
    async def put(outbox):  # type: ignore[no-untyped-def]  # any outbox
        session = await outbox.begin_session(
            NewSession("camp_1", "name:Alice", "alice@example.com", 3600)
        )
        await outbox.look_at_session(
            session.id, Look(SessionState.LINKED, user_ref="usr_1"), "session"
        )

    in_outbox(configured.outbox, put)
    out = cli("players", "show", "name:Alice").out

    assert "linked to usr_1 in camp_1, for " in out
    assert "by session" in out
    assert "a link was asked for (session 1)" in out
    assert "the link was approved as usr_1" in out
    assert "alice@example.com" not in out
