"""Everything that can be known before money moves."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from bridge.campaigns.schemas import ConfiguredEvent
from bridge.cli.check.findings import Level
from bridge.cli.check.rules import check_codes
from bridge.outbox.contract import Outbox
from bridge.rules.book import Rule
from bridge.rules.occurrence import Repeat
from tests.cli.conftest import Cli
from tests.cli.play import (
    RULE,
    SECRET,
    Process,
    Ran,
    Site,
    entry,
    in_outbox,
    run_here,
    write_plain,
)


def _problems(ran: Ran, level: str = "problem") -> list[str]:
    return [found["text"] for found in ran.json["findings"] if found["level"] == level]


# -- without the network --------------------------------------------------------------------


def test_a_sound_configuration_passes_offline(cli: Cli, configured: Site) -> None:
    ran = cli("check", "--offline")

    assert ran.code == 0
    assert "✗" not in ran.out
    assert "0 problems, 0 warnings" in ran.out


def test_the_findings_are_json_too(cli: Cli, configured: Site) -> None:
    told = cli("check", "--offline", "--json").json

    assert told["ok"] is True
    assert {tuple(found) for found in told["findings"]} == {("level", "what", "text", "hint")}


def test_what_init_wrote_is_explained_precisely(cli: Cli, site: Site) -> None:
    cli("init")
    ran = cli("check", "--offline", "--json")

    assert ran.code == 1
    assert len(_problems(ran)) == 2
    assert "this is the example's id" in _problems(ran)
    assert "api-key can't be read: No such file or directory" in _problems(ran)[1]
    assert all(found["hint"] for found in ran.json["findings"] if found["level"] == "problem")


def test_a_missing_configuration_is_one_problem(cli: Cli, site: Site) -> None:
    ran = cli("check", "--json")

    assert ran.code == 1
    assert len(ran.json["findings"]) == 1
    assert "init" in ran.json["findings"][0]["hint"]


def test_a_secret_that_others_can_read_is_warned_of(cli: Cli, configured: Site) -> None:
    (configured.folder / "token").chmod(0o644)
    (configured.folder / "api-key").chmod(0o660)
    ran = cli("check", "--offline", "--json")

    assert ran.code == 0
    assert len(_problems(ran, "warning")) == 2
    assert "every user of this machine can read" in _problems(ran, "warning")[0]
    assert "its group can change" in _problems(ran, "warning")[1]
    assert SECRET not in ran.out + ran.err


def test_a_secret_of_systemds_is_looked_at_where_systemd_put_it(
    cli: Cli, configured: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = configured.config.read_text()
    configured.config.write_text(text.replace('"token"', '"credential:token"'))
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (configured.folder / "token").rename(credentials / "token")
    elsewhere = cli("check", "--offline")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    there = cli("check", "--offline")

    assert elsewhere.code == 1
    assert "campaign-bridge-as-service" in elsewhere.out
    assert there.code == 0, there.out


def test_an_open_door_without_a_token_is_told(cli: Cli, configured: Site) -> None:
    text = configured.config.read_text()
    configured.config.write_text(text.replace('token_file = "token"', 'unix = "http.sock"'))
    without = cli("check", "--offline", "--json")
    configured.config.write_text(text.replace('token_file = "token"', "unsafe_no_token = true"))
    unsafe = cli("check", "--offline", "--json")

    assert any("no token is set" in told for told in _problems(without))
    assert any("pay out money" in told for told in _problems(unsafe, "warning"))


def test_a_missing_token_file_is_one_problem(cli: Cli, configured: Site) -> None:
    (configured.folder / "token").unlink()
    ran = cli("check", "--offline", "--json")

    assert len(_problems(ran)) == 1
    assert "token can't be read" in _problems(ran)[0]


def test_a_plugin_that_failed_is_a_problem_where_it_is_required(cli: Cli, configured: Site) -> None:
    plugins = configured.folder / "plugins"
    plugins.mkdir(mode=0o700)
    (plugins / "engine.py").write_text("import no_such_module\n")
    spared = cli("check", "--offline", "--json")
    with configured.config.open("a") as config:
        config.write('\n[adapters]\nrequired = ["engine"]\n')
    required = cli("check", "--offline", "--json")

    assert (spared.code, required.code) == (0, 1)
    assert "no_such_module" in _problems(spared, "warning")[0]
    assert "no_such_module" in _problems(required)[0]


def test_a_damaged_database_is_a_problem(cli: Cli, configured: Site) -> None:
    configured.outbox.write_bytes(b"this is no database" * 500)
    ran = cli("check", "--offline", "--json")

    assert ran.code == 1
    assert "sandbox-outbox.db" in _problems(ran)[0]


def test_without_a_campaign_nothing_could_be_paid(cli: Cli, site: Site) -> None:
    site.config.write_text(f'[outbox]\nurl = "sqlite:///{site.outbox}"\n')
    ran = cli("check", "--json")

    assert ran.code == 1
    assert "no [[campaigns]] are configured, so nothing could be paid" in _problems(ran)


# -- changed rules --------------------------------------------------------------------------


@pytest.fixture
def paid_by_a_rule(configured: Site) -> Site:
    """A site whose outbox holds two entries of the implicit rule, which has changed since."""

    async def put(outbox: Outbox) -> None:
        await outbox.adopt_rules([RULE.definition])
        await outbox.put([entry(), entry(id_="2")])

    in_outbox(configured.outbox, put)
    write_plain(configured, '[[rules]]\nmatch = "*"\nrepeat = "daily"\n')
    return configured


def test_a_changed_used_rule_is_a_problem_with_what_it_could_pay_again(
    cli: Cli, paid_by_a_rule: Site
) -> None:
    ran = cli("check", "--offline", "--json")
    (problem,) = [each for each in ran.json["findings"] if each["level"] == "problem"]

    assert ran.code == 1
    assert "feats that were paid could be paid again" in problem["text"]
    assert "the one used without [[rules]]" in problem["text"]
    assert "can't be written into the file" in problem["hint"]
    assert "--accept-rekey" in problem["hint"]
    assert "has made 2 entries and is gone" in _problems(ran, "warning")[0]
    assert "another event code" in _problems(ran, "warning")[0]


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_nothing_is_accepted_where_nobody_is_there_to_be_asked(
    cli: Cli, paid_by_a_rule: Site, more: list[str]
) -> None:
    ran = cli("check", "--accept-rekey", *more)

    assert ran.code == 2
    assert "--yes goes ahead without asking" in ran.err
    assert cli("check", "--offline").code == 1


def test_what_needs_no_acceptance_needs_nobody_either(cli: Cli, configured: Site) -> None:
    ran = cli("check", "--accept-rekey")

    assert ran.code == 0
    assert "need no acceptance" in ran.out


def test_an_operator_accepts_it_and_the_journal_says_so(cli: Cli, paid_by_a_rule: Site) -> None:
    accepted = cli("check", "--accept-rekey", "--yes")
    again = cli("check", "--accept-rekey", "--json")

    assert accepted.code == 0
    assert "has made 2 entries and is gone" in accepted.out
    assert "accepted: the outbox remembers the new rules" in accepted.out
    assert again.json == {"accepted": False, "changes": [], "reload": None}
    assert cli("check", "--offline").code == 0


def test_a_rule_put_before_a_used_one_is_told(cli: Cli, paid_by_a_rule: Site) -> None:
    cli("check", "--accept-rekey", "--yes")

    async def put(outbox: Outbox) -> None:
        daily = Rule("*", "camp_1", None, None, Repeat.DAILY, "UTC")
        new = entry(id_="3")
        await outbox.put([type(new)(**{**_fields(new), "rule": daily.definition})])

    in_outbox(paid_by_a_rule.outbox, put)
    rules = '[[rules]]\nmatch = "frag"\n[[rules]]\nmatch = "*"\nrepeat = "daily"\n'
    write_plain(paid_by_a_rule, rules)
    ran = cli("check", "--accept-rekey", "--yes", "--json")

    assert ran.json["accepted"] is True
    assert "now comes after `frag → its own name (once)`" in ran.json["changes"][0]


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


# -- rules against the campaign's events ----------------------------------------------------


def _rule(match: str, code: str | None = None) -> Rule:
    return Rule(match, "c", code, None, Repeat.ONCE, "UTC")


@pytest.mark.parametrize(
    ("rule", "level", "told"),
    [
        (_rule("first_blood"), Level.FINE, "is paid for"),
        (_rule("x", "first_blood"), Level.FINE, "is paid for"),
        (_rule("first_*"), Level.FINE, "can pay first_blood"),
        (_rule("quest_*", "match_won"), Level.FINE, "is paid for"),
        (_rule("quest_*"), Level.WARNING, "matches none of the configured event codes"),
        (_rule("won"), Level.PROBLEM, "leads to the event code won"),
        (_rule("x", "EARN5"), Level.PROBLEM, "leads to the event code EARN5"),
    ],
)
def test_each_rule_is_compared_with_what_the_campaign_pays_for(
    rule: Rule, level: Level, told: str
) -> None:
    events = [ConfiguredEvent(code, "", None) for code in ("first_blood", "match_won")]
    found = next(iter(check_codes("c", [rule], events)))

    assert found.level is level
    assert told in found.text


def test_another_case_of_letters_is_pointed_out() -> None:
    found = next(
        iter(check_codes("c", [_rule("First_Blood")], [ConfiguredEvent("first_blood", "", None)]))
    )

    assert found.hint == "Write first_blood: the case of letters counts."


def test_an_event_that_no_rule_leads_to_is_warned_of() -> None:
    events = [ConfiguredEvent(code, "", None) for code in ("a", "b")]
    *_, last = check_codes("c", [_rule("a")], events)

    assert (last.level, last.text) == (Level.WARNING, "no rule leads to b")


def test_a_campaign_without_events_is_a_problem() -> None:
    (found,) = check_codes("c", [_rule("a")], [])

    assert found.level is Level.PROBLEM


# -- with a sandbox and a daemon ------------------------------------------------------------


@pytest.fixture
def check(
    live: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Any:
    """`check` on a copy of the live configuration with other text in it."""
    for name, value in live.env.items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str, **other: str) -> Ran:
        text = live.config.read_text()
        for name in ("token", "api-key"):
            text = text.replace(f'= "{name}"', f'= "{live.folder / name}"')
        text = text.replace(str(live.outbox), str(tmp_path / "outbox.db"))
        for old, new in other.items():
            text = text.replace(_OLD[old].format(site=live), new)
        config = tmp_path / "config.toml"
        config.write_text(text)
        return run_here(capsys, f"--config={config}", "check", "--json", *arguments)

    return run


_OLD = {
    "environment": 'environment = "test"',
    "campaign": 'id = "{site.campaign}"',
    "base_url": 'base_url = "{site.sandbox}/api"',
    "api_key": 'api_key_file = "{site.folder}/api-key"',
}


def test_a_sound_campaign_passes_with_its_balances(check: Any) -> None:
    ran = check()
    told = " ".join(_problems(ran, "ok"))

    assert ran.code == 0, ran.out
    assert "Trial is Active (test)" in told
    assert "funded 1000, paid out 0, left 1000" in told
    assert "`* → its own name (default)` can pay first_blood" in told


def test_another_environment_is_a_problem(check: Any) -> None:
    ran = check(environment='environment = "live"')

    assert ran.code == 1
    assert "the API says its environment is 'test', the settings say 'live'" in _problems(ran)


def test_an_unreachable_campaign_is_a_problem_but_not_offline(check: Any) -> None:
    gone = 'base_url = "http://127.0.0.1:1/api"'
    online, offline = check(base_url=gone), check("--offline", base_url=gone)

    assert (online.code, offline.code) == (1, 0)
    assert "can't be reached" in _problems(online)[0]


def test_a_refused_key_is_a_problem_and_never_shown(check: Any, tmp_path: Path) -> None:
    key = tmp_path / "wrong-key"
    key.touch(mode=0o600)
    key.write_text("wrong-secret-of-the-test\n")
    ran = check(api_key=f'api_key_file = "{key}"')

    assert ran.code == 1
    assert "answered 401" in _problems(ran)[0]
    assert "wrong-secret-of-the-test" not in ran.out + ran.err


def test_an_unknown_campaign_is_a_problem(check: Any) -> None:
    assert check(campaign='id = "cmp_other"').code == 1


def test_changed_rules_are_accepted_while_the_daemon_runs(
    live: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in live.env.items():
        monkeypatch.setenv(name, value)

    def cli(*arguments: str) -> Ran:
        return run_here(capsys, f"--config={live.config}", *arguments)

    with live.daemon() as daemon:
        assert cli("send", "name:Alice", "first_blood").code == 0
        with live.config.open("a") as config:
            config.write('\n[[rules]]\nmatch = "*"\n')
        refused = cli("check", "--offline", "--json")
        accepted = cli("check", "--accept-rekey", "--yes", "--json")
        passed = cli("check", "--offline", "--json")
        told = _reloaded(daemon)

    assert refused.code == 1
    assert not any("daemon runs with other rules" in told for told in _problems(refused, "warning"))
    assert "kill -HUP" not in refused.out
    assert accepted.json["accepted"] is True
    assert accepted.json["reload"] == f"kill -HUP {daemon.pid}"
    assert passed.code == 0
    assert told["action"] == "settings_reloaded"


def test_rules_that_the_daemon_would_take_are_to_be_reloaded(
    live: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in live.env.items():
        monkeypatch.setenv(name, value)
    with live.daemon() as daemon:
        with live.config.open("a") as config:
            config.write('\n[[rules]]\nmatch = "one_more"\nevent_code = "first_blood"\n')
        checked = run_here(capsys, f"--config={live.config}", "check", "--offline")

    assert checked.code == 0, checked.out
    assert "daemon runs with other rules" in checked.out
    assert f"kill -HUP {daemon.pid}" in checked.out


def _reloaded(daemon: Process) -> dict[str, Any]:
    """Do what the command said."""
    os.kill(daemon.pid, signal.SIGHUP)
    answer: dict[str, Any] = json.loads(daemon.wait_for("reload"))
    return answer


# -- webhooks, the page ---------------------------------------------------------------------


def test_a_webhook_secret_that_can_t_be_read_is_a_problem(cli: Cli, configured: Site) -> None:
    text = configured.config.read_text()
    configured.config.write_text(
        text.replace("[[campaigns]]", '[[campaigns]]\nwebhook_secret_files = ["not-there"]', 1)
    )

    ran = cli("check", "--offline")

    assert ran.code == 1
    assert "webhook secret file" in ran.out
    assert "not-there" in ran.out


def test_a_campaign_that_nothing_confirms_is_warned_of(cli: Cli, configured: Site) -> None:
    text = configured.config.read_text()
    configured.config.write_text(text.replace("[[campaigns]]", "[[campaigns]]\nhistory = false", 1))

    ran = cli("check", "--offline")

    assert ran.code == 0
    assert "`accepted` is the last that is known" in ran.out


def test_where_players_find_the_page_is_told(cli: Cli, configured: Site) -> None:
    page = '[link_page]\nlisten = "127.0.0.1:0"\npublic_url = "https://play.example.org/"\n'
    configured.config.write_text(page + configured.config.read_text())

    ran = cli("check", "--offline")

    assert "players find it at https://play.example.org/link" in ran.out
