"""Which campaign is meant: one of the configuration, or wholly by options."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns.host import Host, campaign, host_beside
from tests.cli.campaign.pointed import Pointed
from tests.cli.conftest import Cli
from tests.cli.play import SECRET, Site, plain_config


@pytest.fixture
def host() -> Iterator[Host]:
    with host_beside() as made:
        made.on("GET /campaign/camp_1", campaign())
        made.on("GET /campaign/camp_2", campaign("Stopped", environment="live"))
        yield made


@pytest.fixture
def two(site: Site, host: Host) -> Site:
    """A site with two campaigns on the host."""
    second = f"""
[[campaigns]]
id = "camp_2"
environment = "test"
api_key_file = "api-key-2"
base_url = "{host.url}"

[[rules]]
match = "*"
campaign = "camp_2"
"""
    site.config.write_text(plain_config(more=second, base_url=host.url))
    for name, secret in (("token", SECRET), ("api-key", SECRET), ("api-key-2", "other")):
        (site.folder / name).write_text(secret)
    return site


def test_the_campaign_is_taken_from_the_configuration(cli: Cli, two: Site, host: Host) -> None:
    ran = cli("campaign", "show", "--campaign=camp_2", "--json")

    assert ran.json["status"] == "Stopped"
    assert host.calls[0].headers["Authorization"] == "Bearer other"
    assert host.calls[0].headers["X-Campaign-Id"] == "camp_2"


def test_the_only_campaign_need_not_be_named(cli: Cli, site: Site, host: Host) -> None:
    site.config.write_text(plain_config(base_url=host.url))
    (site.folder / "api-key").write_text(SECRET)

    assert cli("campaign", "show", "--json").json["id"] == "camp_1"


def test_of_two_campaigns_one_must_be_named(cli: Cli, two: Site) -> None:
    unnamed, unknown = cli("campaign", "show"), cli("campaign", "show", "--campaign=camp_3")

    assert (unnamed.code, unknown.code) == (1, 1)
    assert "say which campaign; configured are: camp_1, camp_2" in unnamed.err
    assert "no campaign 'camp_3' is configured" in unknown.err
    assert "hint: Name one of these with --campaign" in unknown.err


def test_without_a_configuration_the_hint_is_init(cli: Cli, site: Site) -> None:
    ran = cli("campaign", "show")

    assert ran.code == 1
    assert "hint: Run `campaign-bridge init`" in ran.err


def test_options_alone_need_no_configuration(pointed: Pointed, site: Site) -> None:
    pointed.host.on("GET /campaign/camp_1", campaign())
    ran = pointed("show", "--json")

    assert ran.code == 0, ran.err
    assert not site.config.exists()


def test_a_configured_key_is_never_sent_to_another_host(cli: Cli, two: Site, host: Host) -> None:
    ran = cli("campaign", "show", "--campaign=camp_1", f"--base-url={host.url}")

    assert ran.code == 2
    assert "--base-url needs --api-key-file" in ran.err
    assert host.calls == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "--api-key-file needs --campaign"),
        (["--campaign=c"], "--api-key-file needs --base-url"),
        (["--campaign=", "--base-url=http://127.0.0.1:1/api"], "--campaign: "),
        (["--campaign=a b", "--base-url=http://127.0.0.1:1/api"], "--campaign: "),
        (["--campaign=c", "--base-url=http://oncade.gg/api"], "--base-url: http:// is allowed to"),
        (["--campaign=c", "--base-url=ftp://oncade.gg"], "--base-url: write a URL"),
        (["--campaign=c", "--base-url=https://u:p@oncade.gg"], "--base-url: a base URL holds no"),
    ],
)
def test_odd_options_are_misuse(cli: Cli, tmp_path: Path, options: list[str], told: str) -> None:
    key = tmp_path / "key"
    key.write_text(SECRET)
    ran = cli("campaign", "show", f"--api-key-file={key}", *options)

    assert ran.code == 2
    assert told in ran.err
    assert "hint: See `campaign-bridge campaign show --help`." in ran.err


def test_a_key_file_that_can_not_be_used_is_told(cli: Cli, tmp_path: Path) -> None:
    where = ["--campaign=c", "--base-url=http://127.0.0.1:1/api"]
    ran = cli("campaign", "show", *where, f"--api-key-file={tmp_path / 'none'}")

    assert ran.code == 1
    assert "API key file" in ran.err
    assert "hint: " in ran.err


def test_without_a_configuration_the_hint_names_the_options_that_need_none(
    cli: Cli, site: Site
) -> None:
    ran = cli("--config", site.folder / "nowhere.toml", "campaign", "show")

    assert ran.code == 1
    assert "campaign-bridge init" in ran.err
    assert "--campaign, --base-url and --api-key-file together" in ran.err
