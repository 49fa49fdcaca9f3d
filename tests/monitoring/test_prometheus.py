"""A real Prometheus scrapes a real daemon after some play: every panel and every rule has data."""

import asyncio
import json
import math
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from bridge.cli.stage import free_port, until, write_secret
from tests.acceptance.conftest import PLAYERS, Theatre, theatre_in
from tests.monitoring.files import ROOT, RULES, SCRAPE, alerts, queries
from tests.monitoring.programs import found, promtool

pytestmark = pytest.mark.system

MATCH = ROOT / "plugins/idtech3/tests/samples/match.in"

#: What the example of a scrape leaves to the operator's machine.
QUICK = {"scrape_interval": "1s", "evaluation_interval": "1s"}
TOKEN = "r3ad-and-see"
#: Looks at the dashboard, two a second; the first ones are too early for what is a rate.
LOOKS = 120


def settings(udp: int) -> str:
    """Return two sources, one of which nobody may send to, and a token that reads."""
    return f"""
[[sources]]
name = "arena"
adapter = "idtech3"
trust = "client"
file = "games.log"

[[sources]]
name = "strangers"
adapter = "source"
trust = "platform"
udp = "127.0.0.1:{udp}"
allowed_senders = ["127.0.0.2"]

[[tokens]]
role = "read"
file = "read-token"
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running Prometheus."""

    url: str
    session: aiohttp.ClientSession

    async def get(self, path: str, **query: str) -> Any:
        async with self.session.get(f"{self.url}/api/v1/{path}", params=query) as answer:
            told = await answer.json()
            assert told["status"] == "success", f"{query}: {told.get('error')}"
            return told["data"]

    async def value(self, query: str) -> list[float]:
        """Return the numbers that a query finds, without those that are none."""
        samples = (await self.get("query", query=query))["result"]
        return [n for s in samples if not math.isnan(n := float(s["value"][1]))]


@asynccontextmanager
async def prometheus(folder: Path, target: str, token: Path) -> AsyncIterator[Server]:
    """Run a Prometheus that scrapes `target` by the example's settings."""
    config = yaml.safe_load(SCRAPE.read_text(encoding="utf-8"))
    config["global"], config["rule_files"] = QUICK, [str(RULES)]
    (scrape,) = config["scrape_configs"]
    scrape["authorization"]["credentials_file"] = str(token)
    scrape["static_configs"][0]["targets"] = [target]
    scrape["scrape_interval"] = "1s"
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
    port = free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            found("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=log,
            stderr=log,
        )
    try:
        async with aiohttp.ClientSession() as session:
            server = Server(f"http://127.0.0.1:{port}", session)
            await until(lambda: _ready(server), 30, "Prometheus does not answer")
            yield server
    finally:
        process.terminate()
        await process.wait()


async def _ready(server: Server) -> bool:
    try:
        async with server.session.get(f"{server.url}/-/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


@dataclass(frozen=True, slots=True)
class Play:
    """What runs, and what happens in it."""

    theatre: Theatre
    server: Server
    folder: Path
    udp: int

    async def begin(self) -> None:
        """Let everything happen once that is shown somewhere."""
        await self.theatre.link(PLAYERS)
        await self.deed("first")
        async with self._posts(b"{") as answer:
            assert answer.status == 400
        with (self.folder / "games.log").open("ab") as log:
            log.write(MATCH.read_bytes())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"from a stranger", ("127.0.0.1", self.udp))
            sock.sendto(b"nonsense", ("127.0.0.1", self.theatre.stage.udp_port))

    async def deed(self, name: str) -> None:
        """Let a player do something."""
        deed = {"player": PLAYERS[0], "achievement": "frag", "id": name}
        async with self._posts(json.dumps(deed).encode()) as answer:
            assert answer.status == 202, await answer.text()

    async def pause(self) -> None:
        """Stop the campaign, so that there is a lane to show that is stopped."""
        url = f"{self.theatre.stage.bridge_url}/v1/operator/campaigns/{self.theatre.campaign.id}"
        async with self.theatre.session.post(f"{url}/pause", json={"why": "to see it"}) as answer:
            assert answer.status == 200, await answer.text()

    def _posts(self, body: bytes) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        stage = self.theatre.stage
        headers = {"Authorization": f"Bearer {stage.secret('token')}"}
        url = f"{stage.bridge_url}/v1/achievements"
        return self.theatre.session.post(url, data=body, headers=headers)


@asynccontextmanager
async def daemon_in(folder: Path, udp: int) -> AsyncIterator[Theatre]:
    """Open a daemon with two sources and a token that reads."""
    write_secret(folder / "read-token", TOKEN)
    (folder / "games.log").touch()
    async with theatre_in(folder, settings(udp)) as theatre:
        yield theatre


@asynccontextmanager
async def playing(folder: Path) -> AsyncIterator[Play]:
    """Open daemon, sandbox and Prometheus, and begin to play."""
    udp = free_port(socket.SOCK_DGRAM)
    async with daemon_in(folder, udp) as theatre:
        target = theatre.stage.bridge_url.removeprefix("http://")
        async with prometheus(folder, target, folder / "read-token") as server:
            play = Play(theatre, server, folder, udp)
            await play.begin()
            yield play


def asked(expression: str) -> str:
    """Return a dashboard's query with its variables filled in."""
    return (
        expression.replace("$__rate_interval", "1m")
        .replace("$instance", ".*")
        .replace("$campaign", ".*")
    )


async def test_after_some_play_every_panel_shows_something_and_every_rule_is_well(
    tmp_path: Path,
) -> None:
    empty = [(title, asked(expression)) for title, expression in queries()]
    async with playing(tmp_path) as play:
        for turn in range(LOOKS):
            await play.deed(f"{turn}")
            empty = [(title, query) for title, query in empty if not await play.server.value(query)]
            if not empty:
                break
            if all("lane_paused" in query for _, query in empty):
                await play.pause()
            await asyncio.sleep(0.5)
        rules = (await play.server.get("rules"))["groups"][0]["rules"]

    assert empty == []
    assert {rule["name"] for rule in rules} == set(alerts())
    assert [(r["name"], r["lastError"]) for r in rules if r["health"] == "err"] == []
    assert [rule["name"] for rule in rules if rule["state"] == "firing"] == []


async def test_promtool_finds_nothing_to_say_about_the_metrics(tmp_path: Path) -> None:
    async with daemon_in(tmp_path, free_port(socket.SOCK_DGRAM)) as theatre:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        url = f"{theatre.stage.bridge_url}/metrics"
        async with theatre.session.get(url, headers=headers) as answer:
            text = await answer.text()
    done = await asyncio.to_thread(promtool, "check", "metrics", given=text)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_promtool_takes_the_example_of_a_scrape(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.touch()
    text = SCRAPE.read_text(encoding="utf-8")
    rules = text.replace("/etc/prometheus/campaign-bridge.rules.yml", str(RULES))
    example = tmp_path / "prometheus.yml"
    example.write_text(rules.replace("/etc/prometheus/campaign-bridge.token", str(token)))
    done = promtool("check", "config", os.fspath(example))

    assert done.returncode == 0, done.stdout + done.stderr
