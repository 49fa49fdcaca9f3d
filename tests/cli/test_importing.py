"""Links from a file: every row makes its link, or is told with its line."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.cli.play import Site, entry, in_outbox, on_terminal, run_apart, write_plain


def imported(cli: Cli, site: Site, text: str | bytes, *options: str) -> Any:
    path = site.folder / "players.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return cli("players", "import", str(path), *options)


def links(cli: Cli) -> dict[str, str]:
    found = cli("players", "list", "--json").json["players"]
    return {link["player"]: link["userRef"] for link in found}


def test_every_row_is_linked_and_what_waited_is_released(cli: Cli, configured: Site) -> None:
    async def put(outbox):  # type: ignore[no-untyped-def]  # any outbox
        await outbox.put([entry(), entry(id_="2")])

    in_outbox(configured.outbox, put)
    ran = imported(cli, configured, "player,userRef\nname:Alice,usr_1\nSTEAM_0:1:0,usr_2\n")

    assert (ran.code, ran.out) == (0, "2 players linked, 2 held entries released\n")
    assert links(cli) == {"name:Alice": "usr_1", "steam:76561197960265729": "usr_2"}


def test_again_it_changes_nothing(cli: Cli, configured: Site) -> None:
    text = "player,userRef\nname:Alice,usr_1\n"
    imported(cli, configured, text)
    ran = imported(cli, configured, text, "--json")

    assert ran.json == {"rows": 1, "linked": 1, "released": 0, "bad": [], "dry_run": False}


def test_bad_rows_are_told_with_their_lines_and_stop_no_other(cli: Cli, configured: Site) -> None:
    text = (
        "player,userRef,campaign\n"
        "name:Alice,usr_1,\n"  # 2
        "Alice,usr_2,\n"  # 3: no namespace
        "name:Bob,,\n"  # 4: no userRef
        "name:Carol\n"  # 5: too few cells
        "\n"
        "name:Dave,usr_3,camp_9\n"  # 7: an unknown campaign
        "name:Erin,usr_4,camp_1\n"  # 8
        "name:Frank,usr_1,\n"  # 9: usr_1 is Alice's
    )
    ran = imported(cli, configured, text)
    told = [line.partition(":")[0] for line in ran.out.splitlines()[:5]]

    assert ran.code == 1
    assert told == ["line 3", "line 4", "line 5", "line 7", "line 9"]
    assert "write a player as namespace:id" in ran.out
    assert "configured are: camp_1" in ran.out
    assert "usr_1 is linked to name:Alice" in ran.out
    assert "2 players linked" in ran.out
    assert "5 rows made no link" in ran.out
    assert links(cli) == {"name:Alice": "usr_1", "name:Erin": "usr_4"}


def test_rows_that_contradict_each_other_link_nobody(cli: Cli, configured: Site) -> None:
    text = "player,userRef\nname:Alice,usr_1\nname:Bob,usr_2\nname:Alice,usr_3\nname:Bob,usr_2\n"
    bad = imported(cli, configured, text, "--json").json["bad"]

    assert [row["line"] for row in bad] == [2, 4]
    assert {row["error"] for row in bad} == {"lines 2, 4 contradict each other"}
    assert links(cli) == {"name:Bob": "usr_2"}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffPlayer,user_ref\r\nname:Alice,usr_1\r\n",
        "notes,UserRef,player\nx,usr_1,name:Alice\n",
        'userRef,player\nusr_1,"name:Alice"',
        "player , userref\n name:Alice , usr_1 \n",
    ],
    ids=["as a spreadsheet saves it", "columns in any order", "quoted", "blanks"],
)
def test_a_header_in_any_form_will_do(cli: Cli, configured: Site, text: str) -> None:
    assert imported(cli, configured, text).code == 0
    assert links(cli) == {"name:Alice": "usr_1"}


@pytest.mark.parametrize(
    "text", ["", "\n", "name:Alice,usr_1\n", "player\nname:Alice\n", "player,player,userRef\n", '"']
)
def test_a_file_without_a_header_is_refused_whole(cli: Cli, configured: Site, text: str) -> None:
    ran = imported(cli, configured, text)

    assert ran.code == 1
    assert "hint: The first line names the columns" in ran.err
    assert not links(cli)


def test_what_can_t_be_read_is_bad_and_passed_by(cli: Cli, configured: Site) -> None:
    text = (
        b'player,userRef\nname:\xff,usr_1\n"a"b,usr_2\nname:Bob,usr_3\n'
        + b"x" * 200_000
        + b",usr_4\n"
    )
    ran = imported(cli, configured, text, "--json")

    assert [row["line"] for row in ran.json["bad"]] == [2, 3, 5]
    assert ran.json["bad"][0]["error"] == "is not UTF-8"
    assert links(cli) == {"name:Bob": "usr_3"}


def test_hostile_cells_are_harmless(cli: Cli, configured: Site) -> None:
    text = 'player,userRef\n"name:=cmd|calc",usr_1\n"na\nme:x",usr_2\n"\x1b]0;owned\x07",usr_3\n'
    ran = imported(cli, configured, text)

    assert "\x1b]" not in ran.out + ran.err
    assert links(cli) == {"name:=cmd|calc": "usr_1"}
    assert [line.partition(":")[0] for line in ran.out.splitlines()[:2]] == ["line 3", "line 5"]


def test_a_dry_run_links_nobody_and_makes_no_outbox(cli: Cli, configured: Site) -> None:
    ran = imported(cli, configured, "player,userRef\nname:Alice,usr_1\nBob,usr_2\n", "--dry-run")

    assert ran.code == 1
    assert "1 player would be linked; nothing was changed" in ran.out
    assert not configured.outbox.exists()


def test_with_two_campaigns_one_must_be_named_by_row_or_option(cli: Cli, site: Site) -> None:
    more = '[[campaigns]]\nid = "camp_2"\nenvironment = "test"\napi_key_file = "api-key"\n'
    write_plain(site, more + '[[rules]]\nmatch = "*"\ncampaign = "camp_2"\n')
    text = "player,userRef,campaign\nname:Alice,usr_1,camp_1\nname:Alice,usr_2,\n"

    without = imported(cli, site, text, "--json")
    named = imported(cli, site, text, "--json", "--campaign", "camp_2")

    assert [row["line"] for row in without.json["bad"]] == [3]
    assert named.json["bad"] == []
    assert named.json["linked"] == 2


def test_a_missing_file_is_told(cli: Cli, configured: Site) -> None:
    ran = cli("players", "import", str(configured.folder / "nowhere.csv"))

    assert ran.code == 1
    assert "nowhere.csv can't be read: No such file or directory" in ran.err


def test_other_columns_are_named_and_ignored(cli: Cli, configured: Site) -> None:
    ran = imported(cli, configured, "player,mail,userRef\nname:Alice,a@b.org,usr_1\n")

    assert ran.code == 0
    assert "ignored columns: mail" in ran.err


def test_it_reads_stdin(configured: Site) -> None:
    ran = run_apart(
        f"--config={configured.config}",
        "players",
        "import",
        "-",
        stdin=b"player,userRef\nname:Alice,usr_1\n",
        env=configured.env,
    )

    assert (ran.code, ran.out) == (0, "1 player linked, 0 held entries released\n")


def many(folder: Path, rows: int) -> Path:
    path = folder / "many.csv"
    lines = [f"name:player {n},usr_{n}" for n in range(rows)]
    path.write_text("player,userRef\n" + "\n".join(lines) + "\n")
    return path


def test_thousands_go_through_a_running_daemon(here: Cli, live: Site, tmp_path: Path) -> None:
    ran = here("players", "import", str(many(tmp_path, 3000)))

    assert (ran.code, ran.out) == (0, "3000 players linked, 0 held entries released\n")
    assert "1000 of 3000 rows" in ran.err


def test_on_a_terminal_a_bar_moves(configured: Site, tmp_path: Path) -> None:
    code, drawn = on_terminal(
        f"--config={configured.config}", "players", "import", str(many(tmp_path, 1200))
    )

    assert code == 0
    assert "linking" in drawn
    assert "1200 players linked" in drawn
