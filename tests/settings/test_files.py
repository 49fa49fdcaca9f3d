"""The configuration file: what is read, what is laid over it, and how each mistake is told."""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.errors import SettingsError
from bridge.settings.files import load_settings, outbox_path
from bridge.settings.models import Settings
from tests.settings.play import CAMPAIGN, Load, complaint

# -- what is read ---------------------------------------------------------------------------


def test_an_empty_file_is_all_defaults(load: Load) -> None:
    settings = load("")

    assert settings.http.listen == "127.0.0.1:8797"
    assert settings.udp.listen == "127.0.0.1:8797"
    assert settings.delivery.key_horizon == timedelta(hours=20)
    assert not settings.http.unsafe_no_token
    assert (settings.campaigns, settings.rules, settings.tokens) == ((), (), ())


def test_every_section_is_read(load: Load) -> None:
    settings = load(f"""
        http = {{ listen = "[::1]:0", allowed_hosts = ["bridge.lan"] }}
        udp = {{ listen = "", receive_buffer = "1MiB" }}
        delivery = {{ key_horizon = "2h", refused_again = ["10s", 60], concurrency = 3 }}
        {CAMPAIGN}
        [[rules]]
        match = "quest_*"
        repeat = "daily"
        timezone = "Europe/Berlin"
        [[tokens]]
        role = "operator"
        file = "token"
    """)

    assert (settings.http.listen, settings.udp.listen) == ("[::1]:0", None)
    assert settings.http.allowed_hosts == ("bridge.lan",)
    assert settings.udp.receive_buffer == 1024 * 1024
    assert settings.delivery.refused_again == (timedelta(seconds=10), timedelta(minutes=1))
    assert (settings.campaigns[0].id, settings.rules[0].repeat) == ("camp_1", "daily")
    assert settings.tokens[0].role == "operator"


def test_settings_are_frozen(load: Load) -> None:
    settings = load("")

    with pytest.raises(ValueError, match="frozen"):
        settings.udp.listen = None  # type: ignore[misc]  # what is tested
    with pytest.raises(ValueError, match="frozen"):
        settings.rules = ()  # type: ignore[misc]  # what is tested


def test_a_byte_order_mark_as_some_editors_leave_it_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b'\xef\xbb\xbf[udp]\nlisten = ""\n')

    assert load_settings(path).udp.listen is None


# -- paths ----------------------------------------------------------------------------------

PATHS = """
[http]
unix = "run/game.sock"
token_file = "{0}token"
[outbox]
url = "sqlite:///{0}my%20outbox.db"
[adapters]
plugins_dir = "{0}mods"
[[tokens]]
role = "read"
file = "{0}reader"
[[campaigns]]
id = "camp_1"
environment = "test"
api_key_file = "{0}key"
"""


def paths_of(settings: Settings) -> list[Path | None]:
    return [
        settings.http.token_file,
        settings.adapters.plugins_dir,
        settings.tokens[0].file,
        settings.campaigns[0].api_key_file,
        outbox_path(settings.outbox),
    ]


NAMES = ["token", "mods", "reader", "key", "my outbox.db"]


@pytest.mark.parametrize("begin", ["", "./"])
def test_relative_paths_lie_beside_the_file_wherever_it_is_read_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(PATHS.format(begin))

    monkeypatch.chdir(tmp_path)
    beside = paths_of(load_settings(Path("config.toml")))
    monkeypatch.chdir("/")
    afar = paths_of(load_settings(path))

    assert beside == afar == [tmp_path / name for name in NAMES]


def test_absolute_paths_stay(load: Load) -> None:
    assert paths_of(load(PATHS.format("/srv/"))) == [Path("/srv") / name for name in NAMES]


def test_a_tilde_is_the_home_folder(load: Load, home: Path) -> None:
    assert paths_of(load(PATHS.format("~/"))) == [home / name for name in NAMES]


def test_the_home_of_nobody_is_a_bad_path(load: Load) -> None:
    assert "~nobody-of-this-name/x" in complaint(load, '[http]\nunix = "~nobody-of-this-name/x"')


def test_drop_ins_lie_in_plugins_beside_the_file(load: Load, tmp_path: Path) -> None:
    assert load("").adapters.plugins_dir == tmp_path / "plugins"


# -- mistakes, each with its place ----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[htp]", "htp: no such setting; did you mean 'http'?"),
        ('listen = "x"', "listen: no such setting"),
        ('[http]\nlisen = "x"', "[http] lisen: no such setting; did you mean 'listen'?"),
        ("[udp]\nzzz = 1", "[udp] zzz: no such setting"),
        (
            CAMPAIGN + "[[rules]]\nmatch='a'\n[[rules]]\nmatch='b'\nfeet='x'",
            "[rules.2] feet: no such setting; did you mean 'feat'?",
        ),
        (
            CAMPAIGN + 'api_key = "sk_live_1"',
            "[campaigns.1] api_key: no such setting; did you mean 'api_key_file'?",
        ),
        ("_cli_parse_args = ['--help']", "_cli_parse_args: no such setting"),
        ("_env_prefix = 3", "_env_prefix: no such setting"),
        ("__pydantic_self__ = 1", "__pydantic_self__: no such setting"),
    ],
)
def test_an_unknown_setting_is_named_with_its_place_and_the_nearest_known(
    load: Load, text: str, line: str
) -> None:
    lines = complaint(load, text).splitlines()

    assert lines[0].endswith("config.toml can't be used:")
    assert lines[1:] == [f"  {line}"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("http = []", "http"),
        ("delivery = 3", "delivery"),
        ('rules = "x"', "rules"),
        ("campaigns = [1]", "[campaigns] 1"),
        ('[http]\nlisten = "8797"', "[http] listen"),
        ('[http]\nlisten = "127.0.0.1:70000"', "[http] listen"),
        ('[http]\nunsafe_no_token = "maybe"', "[http] unsafe_no_token"),
        ('[http]\nallowed_hosts = "a"', "[http] allowed_hosts"),
        ('[udp]\nreceive_buffer = "4 lumps"', "[udp] receive_buffer"),
        ("[udp]\nreceive_buffer = -1", "[udp] receive_buffer"),
        ('[outbox]\nurl = "postgres://x"', "[outbox] url"),
        ("[delivery]\nconcurrency = 0", "[delivery] concurrency"),
        ("[delivery]\nconcurrency = 257", "[delivery] concurrency"),
        ('[delivery]\nkey_horizon = "soon"', "[delivery] key_horizon"),
        ("[delivery]\nrefused_again = []", "[delivery] refused_again"),
        ('[delivery]\nrefused_again = ["1s", "x"]', "[delivery.refused_again] 2"),
        ('[[tokens]]\nrole = "admin"\nfile = "x"', "[tokens.1] role"),
        ('[[tokens]]\nrole = "read"', "[tokens.1] file"),
        ('[[campaigns]]\nid = ""\nenvironment = "test"\napi_key_file = "x"', "[campaigns.1] id"),
        (CAMPAIGN.replace('"test"', '"staging"'), "[campaigns.1] environment"),
        (CAMPAIGN + 'base_url = "http://oncade.gg/api"', "[campaigns.1] base_url"),
        (CAMPAIGN + '[[rules]]\nmatch = ""', "[rules.1] match"),
        (CAMPAIGN + '[[rules]]\nmatch = "a"\nrepeat = "hourly"', "[rules.1] repeat"),
        (CAMPAIGN + '[[rules]]\nmatch = "a"\nrepeat = "default"', "[rules.1] repeat"),
        (CAMPAIGN + '[[rules]]\nmatch = "a"\ntimezone = "Mars/Olympus"', "[rules.1] timezone"),
    ],
)
def test_a_bad_value_is_told_with_its_place(load: Load, text: str, place: str) -> None:
    (_, line) = complaint(load, text).splitlines()

    where, _, what = line.strip().partition(": ")
    assert where == place
    assert what
    assert "Value error" not in what


def test_all_mistakes_are_told_at_once(load: Load) -> None:
    told = complaint(load, '[http]\nlisten = "x"\nlisen = 1\n[delivery]\nconcurrency = 0\n')

    assert len(told.splitlines()) == 4


def test_a_mistake_is_not_quoted_since_it_may_be_a_secret(load: Load) -> None:
    told = complaint(load, CAMPAIGN + 'base_url = "sk_live_1"\n[http]\ntoken_file = 3\n')

    assert "sk_live_1" not in told


# -- what doesn't fit together --------------------------------------------------------------

TWO = CAMPAIGN + CAMPAIGN.replace("camp_1", "camp_2")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (CAMPAIGN + CAMPAIGN, "two campaigns have the same id"),
        (TWO, "with several campaigns, [[rules]] must say which event goes where"),
        (
            TWO + '[[rules]]\nmatch = "a"\ncampaign = "camp_1"\n[[rules]]\nmatch = "b"',
            "[[rules]] 2: `campaign` is missing",
        ),
        (
            TWO + '[[rules]]\nmatch = "a"\ncampaign = "camp_3"',
            "[[rules]] 1: no [[campaigns]] has id 'camp_3'",
        ),
        ('[[rules]]\nmatch = "a"', "[[rules]] 1: `campaign` is missing"),
    ],
)
def test_campaigns_and_rules_must_fit_together(load: Load, text: str, what: str) -> None:
    assert what in complaint(load, text)


def test_several_campaigns_with_rules_that_name_them_are_fine(load: Load) -> None:
    rules = (
        '[[rules]]\nmatch = "a"\ncampaign = "camp_1"\n[[rules]]\nmatch = "*"\ncampaign = "camp_2"'
    )

    assert [rule.campaign for rule in load(TWO + rules).rules] == ["camp_1", "camp_2"]


# -- the file itself ------------------------------------------------------------------------


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "config.toml"

    with pytest.raises(SettingsError, match=str(path)) as refused:
        load_settings(path)
    assert "campaign-bridge init" in refused.value.hint


def test_a_file_that_is_a_folder_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        load_settings(tmp_path)


def test_a_file_that_is_not_text_can_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SettingsError, match="can't be read"):
        load_settings(path)


@pytest.mark.parametrize("text", ["[http", "a = ", "x = 1\nx = 2", "x = " + "[" * 5000])
def test_a_file_that_is_not_toml_says_where(load: Load, text: str) -> None:
    assert "is not TOML: " in complaint(load, text)


@pytest.mark.parametrize(
    ("text", "name", "hint"),
    [
        ('[http]\nlisten = "a"\nlisten = "b"\n', ": listen", "remove one of the two"),
        ("[http]\nunix = 1\n[http]\nunix = 1\n", ": [http]", "change it in its place"),
        ('[[rules]]\nmatch = "a"\n[rules]\nmatch = "b"\n', ": [rules]", "write [[rules]]"),
        ('[rules]\nmatch = "a"\n[[rules]]\nmatch = "b"\n', ": [[rules]]", "write [[rules]]"),
        ('[rules]\nmatch = "a"\n', "[rules] stands in single", "write [[rules]]"),
        ('[campaigns]\nid = "a"\n', "[campaigns] stands in single", "write [[campaigns]]"),
        ("x = {a = 1, a = 2}", ": x", "remove one of the two"),
    ],
)
def test_what_stands_twice_is_named_with_how_to_mend_it(
    tmp_path: Path, text: str, name: str, hint: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_settings(path)

    assert name in str(refused.value)
    assert hint in refused.value.hint


def test_a_value_in_a_line_that_is_not_toml_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[http]\ntoken = s3cret"\n"another s3cret\n')
    with pytest.raises(SettingsError) as refused:
        load_settings(path)

    assert "s3cret" not in str(refused.value)


# -- variables ------------------------------------------------------------------------------


def test_a_variable_stands_above_the_file_and_leaves_its_neighbours(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_BRIDGE_DELIVERY__CONCURRENCY", "4")
    monkeypatch.setenv("CAMPAIGN_BRIDGE_DELIVERY__REFUSED_AGAIN", '["1s", 2]')
    monkeypatch.setenv("CAMPAIGN_BRIDGE_HTTP__LISTEN", "")

    settings = load('[delivery]\nconcurrency = 7\nkey_horizon = "1h"\n[http]\nlisten = "[::1]:1"')

    assert settings.delivery.concurrency == 4
    assert settings.delivery.refused_again == (timedelta(seconds=1), timedelta(seconds=2))
    assert settings.delivery.key_horizon == timedelta(hours=1)
    assert settings.http.listen is None


def test_a_duration_in_a_variable_may_be_a_number_of_seconds(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_BRIDGE_DELIVERY__ATTEMPT_TIMEOUT", "2.5")

    assert load("").delivery.attempt_timeout == timedelta(seconds=2.5)


def test_paths_in_variables_are_relative_to_the_files_folder_too(
    load: Load, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAMPAIGN_BRIDGE_HTTP__TOKEN_FILE", "token")

    assert load("").http.token_file == tmp_path / "token"


def test_campaigns_may_come_as_json_in_a_variable(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = '{"id": "camp_9", "environment": "live", "api_key_file": "/run/key"}'
    monkeypatch.setenv("CAMPAIGN_BRIDGE_CAMPAIGNS", f"[{campaign}]")

    assert [campaign.id for campaign in load("").campaigns] == ["camp_9"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("DELIVERY__CONCURRENCY", "many", "CAMPAIGN_BRIDGE_DELIVERY__CONCURRENCY: "),
        ("DELIVERY__CONCURENCY", "4", "did you mean 'concurrency'?"),
        ("HTTP__LISTEN", "8797", "CAMPAIGN_BRIDGE_HTTP__LISTEN: "),
        ("DELIVERY", "3", "CAMPAIGN_BRIDGE_DELIVERY: "),
        ("DELIVERY", "x", "delivery"),
        ("TOKENS", "[{", "tokens"),
        ("HTTP__ALLOWED_HOSTS", "a,b", "http"),
    ],
)
def test_a_bad_variable_is_named(
    load: Load, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    monkeypatch.setenv(f"CAMPAIGN_BRIDGE_{name}", value)

    assert told in complaint(load, "")


def test_variables_that_are_no_settings_are_left_alone(
    load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_BRIDGE_CONFIG", "/elsewhere/config.toml")
    monkeypatch.setenv("CAMPAIGN_BRIDGE_VERSION", "1")

    assert load("") == load("# nothing")
