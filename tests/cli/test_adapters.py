"""`adapters list` and `translate`."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.cli.play import Site, run_apart

_WORD = """
from bridge import Adapter, AdapterSpec, GameEvent, hookimpl
from pydantic import BaseModel


class Options(BaseModel):
    model_config = {"extra": "forbid"}
    namespace: str = "name"


class Words(Adapter):
    def __init__(self, options):
        self.namespace = options.namespace

    def translate(self, message):
        who, what = message.body.decode().split(" ", 1)
        return [GameEvent(f"{self.namespace}:{who}", what)]


@hookimpl
def bridge_adapters():
    return [AdapterSpec("words", "Two words a line", Words, options=Options)]
"""


@pytest.fixture
def plugins(site: Site) -> Path:
    folder = site.folder / "plugins"
    folder.mkdir(mode=0o700)
    (folder / "words.py").write_text(_WORD)
    (folder / "broken.py").write_text("import no_such_module_at_all\n")
    return folder


def test_what_came_up_and_what_failed_is_listed_with_the_reason(cli: Cli, plugins: Path) -> None:
    ran = cli("adapters", "list")

    assert ran.code == 0
    assert "json" in ran.out
    assert "words" in ran.out
    assert "1 plugin did not come up:" in ran.out
    assert "no_such_module_at_all" in ran.out
    assert str(plugins) in ran.err


def test_the_list_is_json_too(cli: Cli, plugins: Path) -> None:
    told = cli("adapters", "list", "--json").json
    by_name = {row["name"]: row for row in told["adapters"]}

    assert told["plugins_dir"] == str(plugins)
    assert by_name["words"]["status"] == "ok"
    assert by_name["broken"]["status"] == "failed"
    assert "ModuleNotFoundError" in by_name["broken"]["reason"]


def test_a_required_adapter_that_failed_is_listed_all_the_same(
    cli: Cli, configured: Site, plugins: Path
) -> None:
    with configured.config.open("a") as config:
        config.write('\n[adapters]\nrequired = ["broken"]\n')

    assert cli("adapters", "list").code == 0
    assert cli("check", "--offline").code == 1


# -- translate ------------------------------------------------------------------------------


def test_events_are_json_lines_and_bad_lines_are_named(cli: Cli, site: Site) -> None:
    log = site.folder / "game.log"
    log.write_text(
        '{"player": "name:Al", "achievement": "won", "id": 7, "details": {"n": 1}}\n'
        "\n"
        '{"player": "name:Al"}\n'
        "no json at all\n"
        '{"player": "name:Bo", "achievement": "lost"}'
    )
    ran = cli("translate", "json", str(log))
    events = [json.loads(line) for line in ran.out.splitlines()]

    assert ran.code == 1
    assert events[0] == {
        "line": 1,
        "player": "name:Al",
        "name": "won",
        "id": "7",
        "details": {"n": 1},
    }
    assert events[1] == {"line": 5, "player": "name:Bo", "name": "lost"}
    assert "error: line 3: " in ran.err
    assert "/achievement" in ran.err
    assert "error: line 4: " in ran.err
    assert "2 events, 2 refused" in ran.err


def test_a_whole_file_is_one_message(cli: Cli, site: Site) -> None:
    body = site.folder / "body.json"
    body.write_text('{\n"player": "name:Al",\n"achievement": "won"\n}\n')
    ran = cli("translate", "json", str(body), "--whole")

    assert ran.code == 0
    assert json.loads(ran.out) == {"player": "name:Al", "name": "won"}


def test_stdin_is_a_file_called_dash(site: Site) -> None:
    ran = run_apart("translate", "json", "-", stdin=b'{"player": "name:A", "achievement": "x"}\n')

    assert ran.code == 0
    assert json.loads(ran.out) == {"line": 1, "player": "name:A", "name": "x"}


def test_an_adapter_takes_its_options(cli: Cli, plugins: Path, site: Site) -> None:
    log = site.folder / "game.log"
    log.write_text("alice won\nnonsense\n")
    ran = cli("translate", "words", str(log), "--option", "namespace=nick")
    wrong = cli("translate", "words", str(log), "--option", "namspace=nick")
    malformed = cli("translate", "words", str(log), "--option", "namespace")

    assert json.loads(ran.out)["player"] == "nick:alice"
    assert "error: line 2: " in ran.err
    assert (ran.code, wrong.code, malformed.code) == (1, 1, 2)
    assert "no such option; did you mean 'namespace'?" in wrong.err
    assert "write KEY=VALUE" in malformed.err


def test_an_unknown_adapter_is_told_with_what_is_near(cli: Cli, site: Site) -> None:
    ran = cli("translate", "jsn", "-")

    assert ran.code == 1
    assert "did you mean 'json'?" in ran.err


def test_a_missing_file_is_told(cli: Cli, site: Site) -> None:
    ran = cli("translate", "json", str(site.folder / "none"))

    assert ran.code == 1
    assert "No such file" in ran.err


def test_a_hostile_line_is_refused_harmlessly(cli: Cli, site: Site) -> None:
    log = site.folder / "game.log"
    log.write_bytes(b'{"player": "\xff\xfe\x1b]0;owned\x07"}\n{"\x1b[31m": 1}\n')
    ran = cli("translate", "json", str(log))

    assert ran.code == 1
    assert "\x1b" not in ran.out + ran.err
