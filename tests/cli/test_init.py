"""A configuration to begin with."""

import stat
import tomllib
from pathlib import Path

import pytest

from bridge.cli.init.template import EXAMPLES, config_text, tables, toml
from bridge.settings.files import load_settings, read_secret
from bridge.settings.models import Settings
from tests.cli.conftest import Cli
from tests.cli.play import ADMIN_TOKEN, Site, run_here, sandbox_beside


def _uncommented(text: str) -> str:
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    return "\n".join(line.removeprefix("#") for line in lines)


def test_the_configuration_is_usable_and_its_token_is_secret(cli: Cli, site: Site) -> None:
    ran = cli("init")
    token = site.folder / "token"

    assert ran.code == 0
    assert load_settings(site.config).http.token_file == token
    assert len(read_secret(token, "token")) >= 32
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert read_secret(token, "token") not in ran.out + site.config.read_text()


def test_the_next_steps_name_the_configuration(cli: Cli, site: Site) -> None:
    out = cli("init").out

    assert f"campaign-bridge --config {site.config} check" in out
    assert f"campaign-bridge --config {site.config} run" in out


@pytest.mark.parametrize("there", ["config.toml", "token"])
def test_nothing_is_overwritten(cli: Cli, site: Site, there: str) -> None:
    (site.folder / there).write_text("mine")
    ran = cli("init")

    assert ran.code == 1
    assert f"{there} is there already" in ran.err
    assert "hint: " in ran.err
    assert [path.name for path in site.folder.iterdir()] == [there]
    assert (site.folder / there).read_text() == "mine"


def test_a_dangling_link_is_not_followed(cli: Cli, site: Site, tmp_path: Path) -> None:
    (site.folder / "token").symlink_to(tmp_path / "elsewhere")

    assert cli("init").code == 1
    assert not (tmp_path / "elsewhere").exists()


def test_what_can_not_be_written_is_told(cli: Cli, site: Site) -> None:
    site.folder.rmdir()
    site.folder.write_text("a file where a folder should be")
    ran = cli("init")

    assert ran.code == 1
    assert "can't be written" in ran.err


def test_json_says_where_the_files_are(cli: Cli, site: Site) -> None:
    assert cli("init", "--json").json == {
        "config": str(site.config),
        "token_file": str(site.folder / "token"),
    }


@pytest.mark.parametrize(
    ("folder", "unit", "state"),
    [
        ("etc/campaign-bridge", "campaign-bridge", "/var/lib/campaign-bridge"),
        ("etc/campaign-bridge/eu", "campaign-bridge@eu", "/var/lib/campaign-bridge-eu"),
    ],
)
def test_a_configuration_for_the_units_has_their_places(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, folder: str, unit: str, state: str
) -> None:
    config = tmp_path / folder / "config.toml"
    ran = run_here(capsys, f"--config={config}", "init", "--systemd")
    written = tomllib.loads(config.read_text())

    assert ran.code == 0, ran.err
    assert written["http"]["token_file"] == "credential:token"
    assert written["campaigns"][0]["api_key_file"] == "credential:api-key"
    assert written["outbox"]["url"] == f"sqlite:///{state}/outbox.db"
    assert ran.out.splitlines()[-1] == f"  systemctl enable --now {unit}"
    _, _, instance = unit.partition("@")
    as_service = "campaign-bridge-as-service" + (f" --instance {instance}" if instance else "")
    head = config.read_text().partition("\n\n")[0]
    assert f"`{as_service} check`, then `systemctl reload {unit}`" in head
    assert "`campaign-bridge check`" not in head
    assert stat.S_IMODE((config.parent / "token").stat().st_mode) == 0o600


# -- the template ---------------------------------------------------------------------------


def test_every_setting_stands_in_the_file_with_its_meaning() -> None:
    text = config_text({})

    for table in tables():
        for setting in table.settings:
            alone, instead = (
                f"# {setting.meaning}\n#{space}{setting.name} = " for space in ("", " ")
            )
            assert alone in text or instead in text, f"{table.name}.{setting.name}"


def test_every_setting_without_a_default_has_an_example() -> None:
    missing = {
        (table.name, setting.name)
        for table in tables()
        for setting in table.settings
        if setting.default is None
    }

    assert missing <= set(EXAMPLES)


def test_the_file_uncommented_is_a_configuration() -> None:
    settings = Settings(**tomllib.loads(_uncommented(config_text({}))))

    assert settings.delivery == Settings().delivery
    assert settings.udp == Settings().udp
    assert settings.rules[0].repeat == "once"


@pytest.mark.parametrize("value", ['quote " and \\', "tab\tnewline\n", "\x7f", "ünï"])
def test_any_text_survives_the_file(value: str) -> None:
    assert tomllib.loads(f"x = {toml(value)}") == {"x": value}


# -- with a sandbox -------------------------------------------------------------------------


def test_with_a_sandbox_it_needs_the_admin_token_from_a_file_or_a_variable(
    cli: Cli, site: Site
) -> None:
    ran = cli("init", "--sandbox")

    assert ran.code == 1
    assert "admin token is missing" in ran.err
    assert "CAMPAIGN_BRIDGE_SANDBOX_ADMIN_TOKEN" in ran.err
    assert not site.config.exists()


def test_without_a_running_sandbox_nothing_is_written(
    cli: Cli, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_BRIDGE_SANDBOX_ADMIN_TOKEN", ADMIN_TOKEN)
    ran = cli("init", "--sandbox", "http://127.0.0.1:1")

    assert ran.code == 1
    assert "no sandbox answers" in ran.err
    assert "campaign-bridge sandbox" in ran.err
    assert not list(site.folder.iterdir())


def test_with_a_sandbox_the_configuration_passes_check_at_once(
    cli: Cli, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAMPAIGN_BRIDGE_SANDBOX_ADMIN_TOKEN", ADMIN_TOKEN)
    with sandbox_beside(tmp_path) as url:
        wrong = cli("init", "--sandbox", url, "--admin-token-file", str(site.folder / "none"))
        made = cli("init", "--sandbox", f"{url}/api")
        checked = cli("check", "--json")

    assert wrong.code == 1
    assert made.code == 0
    assert "players link name:Alice usr_alice" in made.out
    assert "send name:Alice first_blood" in made.out
    assert stat.S_IMODE((site.folder / "api-key").stat().st_mode) == 0o600
    assert checked.code == 0
    assert {found["level"] for found in checked.json["findings"]} == {"ok"}
    assert load_settings(site.config).outbox.url == f"sqlite:///{site.outbox}"
