"""A support bundle: what helps is in it, and every secret that was planted is not."""

import asyncio
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.daemon import SystemClock
from bridge.outbox.contract import Outbox
from bridge.outbox.links import NewSession
from bridge.outbox.store import open_outbox
from bridge.outbox.values import Answer, ClaimTerms, Later
from bridge.rules.key import payout_key
from tests.cli.conftest import Cli
from tests.cli.play import Site as Place
from tests.cli.play import _written, entry, write_plain

SECRETS = {
    "token": "tok-3f1c-of-games",
    "operator-token": "tok-77aa-of-operators",
    "api-key": "key-9b2d-of-the-campaign",
    "hook-secret": "whsec-5e6f-of-webhooks",
    "arena-token": "tok-arena-0d0d",
}
OPTION = "rcon-in-the-options-42"
PERSONS = ["Zoë of the North", "usr_zoe_771", "Stranger99", "zoe@example.com"]
RAW = "what-was-said-in-chat"

MORE = f"""
[[tokens]]
role = "operator"
file = "operator-token"

[[sources]]
name = "arena"
adapter = "json"
http = true
token_file = "arena-token"

[sources.options]
rcon_password = "{OPTION}"
"""


@pytest.fixture
def planted(site: Place) -> Place:
    write_plain(site, MORE)
    key = 'api_key_file = "api-key"'
    hooks = f'{key}\nwebhook_secret_files = ["hook-secret"]'
    text = site.config.read_text().replace(key, hooks)
    site.config.write_text(text)
    for name, secret in SECRETS.items():
        path = site.folder / name
        path.touch(mode=0o600)
        path.write_text(f"{secret}\n")
    asyncio.run(_fill(site.outbox))
    return site


async def _fill(path: Path) -> None:
    async with open_outbox(path, SystemClock()) as outbox:
        await _play(outbox)


async def _play(outbox: Outbox) -> None:
    new = entry(player=f"name:{PERSONS[0]}")
    new = replace(new, origin=replace(new.origin, raw=RAW.encode()))
    await outbox.link("camp_1", new.player, PERSONS[1], "operator")
    await outbox.put([new])
    (claim,) = (
        await outbox.claim("camp_1", 1, ClaimTerms("test", 60, 3600, _written, payout_key))
    ).claims
    await outbox.settle(claim, Later(60.0, "server_error"), Answer("retry: 500", 500, head=RAW))
    await outbox.begin_session(NewSession("camp_1", new.player, PERSONS[3], 3600))


def log_of(planted: Place) -> Path:
    path = planted.folder / "daemon.log"
    path.write_text(
        "".join(
            f"{line}\n"
            for line in (
                json.dumps({"event": "linked", "player": f"name:{PERSONS[0]}"}),
                json.dumps({"event": "linked", "player": f"name:{PERSONS[2]}"}),
                f"GET /v1/messages/arena?token={SECRETS['arena-token']} 200",
                f"Authorization: Bearer {SECRETS['operator-token']}",
                f"asked for {PERSONS[3]} with {SECRETS['api-key']}",
                f"player name:{PERSONS[2]} is held",
                f"the webhook's secret is {SECRETS['hook-secret']}, says somebody",
            )
        )
    )
    return path


def unpacked(bundle: Path) -> dict[str, str]:
    found = {}
    with tarfile.open(bundle) as archive:
        for member in archive.getmembers():
            file = archive.extractfile(member)
            assert file is not None
            found[member.name.partition("/")[2]] = file.read().decode()
    return found


def test_no_secret_and_no_person_is_in_it(cli: Cli, planted: Place) -> None:
    bundle = planted.folder / "bundle.tar.gz"
    ran = cli("support-bundle", str(bundle), "--log", str(log_of(planted)))
    assert ran.code == 0, ran.err
    files = unpacked(bundle)

    everything = "\n".join([*files, *files.values()])
    found = [each for each in (*SECRETS.values(), OPTION, RAW, *PERSONS) if each in everything]
    escaped = [each for each in PERSONS if json.dumps(each)[1:-1] in everything]
    assert (found, escaped) == ([], [])
    assert bundle.stat().st_mode & 0o777 == 0o600


def test_what_helps_is_in_it(cli: Cli, planted: Place) -> None:
    bundle = planted.folder / "bundle.tar.gz"
    cli("support-bundle", str(bundle), "--log", str(log_of(planted)))
    files = unpacked(bundle)

    entries = [json.loads(line) for line in files["entries.jsonl"].splitlines()]
    settings = json.loads(files["settings.json"])["settings"]
    assert entries[0]["state"] == "due"
    assert entries[0]["player"].startswith("name:#")
    assert entries[0]["tried"][0]["status"] == 500
    assert entries[0]["player"] in files["log.txt"]
    assert settings["campaigns"][0]["id"] == "camp_1"
    assert settings["sources"][0]["options"]["rcon_password"] == "***"
    assert settings["campaigns"][0]["api_key_file"].endswith("api-key")
    assert json.loads(files["outbox.json"])["rows"]["entries"] == 1
    assert "CREATE TABLE entries" in files["schema.sql"]
    assert {each["what"] for each in json.loads(files["check.json"])} >= {"integrity", "witness"}
    assert "aiohttp" in json.loads(files["versions.json"])["packages"]
    assert json.loads(files["status.json"])["status"]["campaigns"][0]["entries"] == {"due": 1}


def test_persons_have_other_marks_in_the_next_one(cli: Cli, planted: Place) -> None:
    marks = set()
    for name in ("one.tar.gz", "two.tar.gz"):
        cli("support-bundle", str(planted.folder / name))
        line = unpacked(planted.folder / name)["entries.jsonl"].splitlines()[0]
        marks.add(json.loads(line)["player"])

    assert len(marks) == 2


def test_it_is_made_where_nothing_works(cli: Cli, site: Place) -> None:
    site.config.write_text("this is no TOML")
    bundle = site.folder / "bundle.tar.gz"

    ran = cli("support-bundle", str(bundle))

    assert ran.code == 0, ran.err
    assert "not TOML" in unpacked(bundle)["status.json"]


def test_it_takes_no_other_files_place(cli: Cli, planted: Place) -> None:
    (planted.folder / "bundle.tar.gz").write_text("precious")

    ran = cli("support-bundle", str(planted.folder / "bundle.tar.gz"))

    assert ran.code == 1
    assert "there already" in ran.err
    assert (planted.folder / "bundle.tar.gz").read_text() == "precious"


@pytest.mark.parametrize("journal", ["", "-- No entries --"])
def test_a_bundle_without_a_log_says_so_and_how_one_gets_in(
    cli: Cli, planted: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str
) -> None:
    fake = tmp_path / "bin" / "journalctl"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\necho '{journal}'\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(fake.parent), prepend=":")
    ran = cli("support-bundle", str(tmp_path / "bundle.tar.gz"))

    assert ran.code == 0
    assert "! no log" in ran.err
    assert "--log FILE" in ran.err
