"""Settings are read again while the daemon runs: one reload at a time, and none across its end."""

import asyncio
import json
import os
import signal
import socket
from pathlib import Path
from typing import Any

import pytest

from bridge.daemon.rooms import running
from bridge.errors import BridgeError, CommandError, SettingsError, StoreUnavailable
from bridge.settings.files import load_settings
from tests.cli.play import site_with_sandbox
from tests.support.road import Road, Town, road_of, until


def with_other_lanes(config: Path) -> None:
    """Change the settings so that a reload closes every lane and opens it anew."""
    text = config.read_text()
    here, there = ('"test"', '"live"') if 'environment = "test"' in text else ('"live"', '"test"')
    config.write_text(text.replace(f"environment = {here}", f"environment = {there}"))


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 10, 20, 40])
async def test_a_reload_under_way_comes_to_its_end_before_the_rooms_close(
    town: Town, steps: int
) -> None:
    trouble: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: trouble.append(told))
    async with running(town.config, load_settings(town.config)) as daemon:
        with_other_lanes(town.config)
        reload = asyncio.create_task(daemon.reload())
        for _ in range(steps):
            await asyncio.sleep(0)

    (told,) = await asyncio.gather(reload, return_exceptions=True)
    assert isinstance(told, CommandError) if steps == 0 else told["reloaded"]
    assert trouble == []


async def test_once_it_ends_nothing_is_read_again(town: Town) -> None:
    async with running(town.config, load_settings(town.config)) as daemon:
        pass

    with pytest.raises(CommandError, match="is stopping"):
        await daemon.reload()


async def test_reloads_that_come_at_once_are_carried_out_one_after_the_other(town: Town) -> None:
    async with running(town.config, load_settings(town.config)) as daemon:
        with_other_lanes(town.config)
        answers = await asyncio.gather(*(daemon.reload() for _ in range(5)))
        lanes = [lane.campaign for lane in daemon.report.lanes.statuses()]

    assert all(answer["reloaded"] for answer in answers)
    assert lanes == [town.campaign.id]


# -- sources come and go ----------------------------------------------------------------------

UDP = """
[[sources]]
name = "{name}"
adapter = "json"
udp = "127.0.0.1:{port}"
allowed_senders = ["127.0.0.1"]
trust = "{trust}"
"""


def with_source(name: str = "arena", port: int = 0, trust: str = "name") -> str:
    return UDP.format(name=name, port=port, trust=trust)


def sources(road: Road) -> list[str]:
    assert road.daemon.report.sources is not None
    return [view["name"] for view in road.daemon.report.sources.views()]


def send_to(road: Road, name: str, **message: object) -> None:
    assert road.daemon.report.sources is not None
    (view,) = [view for view in road.daemon.report.sources.views() if view["name"] == name]
    host, _, port = view["udp"]["address"].rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(json.dumps(message).encode(), (host, int(port)))


async def test_a_source_comes_and_goes_with_a_reload(town: Town) -> None:
    posted = '\n[[sources]]\nname = "posted"\nadapter = "json"\ntrust = "name"\n'
    async with road_of(town) as road:
        town.configure(with_source() + posted)
        came = await road.daemon.reload()
        send_to(road, "arena", player="name:Al", achievement="first_blood", id="1")
        await road.settled(held=1)
        answer, _ = await road.call("POST", "/v1/messages/posted", {"player": "name:Al"})
        town.configure()
        went = await road.daemon.reload()
        gone, _ = await road.call("POST", "/v1/messages/posted", {"player": "name:Al"})
        left = sources(road)

    assert (came["sources_added"], came["needs_restart"]) == (["arena", "posted"], [])
    assert (went["sources_removed"], left) == (["arena", "posted"], [])
    assert (answer, gone) == (202, 404)


async def test_a_source_that_comes_back_goes_on_where_it_was(town: Town) -> None:
    log = town.folder / "game.log"
    log.write_text("")
    lines = f'\n[[sources]]\nname = "log"\nadapter = "json"\nfile = "{log}"\ntrust = "name"\n'
    town.configure(lines)
    async with road_of(town) as road:

        async def begun() -> bool:
            assert road.daemon.report.sources is not None
            (source,) = road.daemon.report.sources._open.values()
            return source.road.place is not None

        await until(begun)
        town.configure()
        await road.daemon.reload()
        log.write_text('{"player": "name:Al", "achievement": "first_blood", "id": "1"}\n')
        town.configure(lines)
        await road.daemon.reload()
        await road.settled(held=1)


async def test_a_source_with_other_settings_goes_on_as_it_was_and_needs_a_restart(
    town: Town,
) -> None:
    town.configure(with_source())
    async with road_of(town) as road:
        town.configure(with_source() + 'options = {}\nid_scope = "arena"\n')
        told = await road.daemon.reload()
        _, status = await road.call("GET", "/v1/operator/status")

    assert told["needs_restart"] == ["sources"]
    assert status["daemon"]["needs_restart"] == ["sources"]


async def test_a_source_whose_address_is_taken_refuses_the_whole_reload(town: Town) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        async with road_of(town) as road:
            town.configure(with_source("free") + with_source("arena", taken.getsockname()[1]))
            with pytest.raises(SettingsError, match="another program does already"):
                await road.daemon.reload()
            left = sources(road)

    assert left == []


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (with_source() + "options = {nonsense = 1}\n", "nonsense: no such option"),
        (with_source().replace('"json"', '"jsno"'), "did you mean 'json'"),
        ('\n[[tokens]]\nrole = "read"\nfile = "none"\n', "none can't be read"),
        ("\n[brakes]\nsource_minute = 0\n", "source_minute"),
        ('\n[[rules]]\nmatch = "x"\nrepeat = "sometimes"\n', "repeat"),
    ],
)
async def test_whatever_is_bad_nothing_of_the_file_is_in_force(
    town: Town, bad: str, words: str
) -> None:
    async with road_of(town) as road:
        before = await road.call("GET", "/v1/operator/rules")
        with_other_lanes(town.config)
        (town.folder / "token").write_text("another-token")
        rules = '\n[[rules]]\nmatch = "first_blood"\n'
        town.config.write_text(town.config.read_text() + bad + rules)
        with pytest.raises(BridgeError, match=words):
            await road.daemon.reload()
        after = await road.call("GET", "/v1/operator/rules")
        status, _ = await road.post("name:Al", "EARN5", id="1")  # by the old token and rules
        _, ready = await road.call("GET", "/readyz")
        lanes = [lane.paused for lane in road.daemon.report.lanes.statuses()]

    assert (after, status) == (before, 202)
    assert lanes == [None]
    assert words in ready["reasons"][0]["detail"]
    assert ready["reasons"][0]["code"] == "reload-refused"


async def test_what_the_disk_refuses_to_remember_is_not_in_force(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise StoreUnavailable

    async with road_of(town) as road:
        town.configure(with_source())
        monkeypatch.setattr(road.daemon._outbox, "adopt_settings", refuse)
        with pytest.raises(StoreUnavailable):
            await road.daemon.reload()
        left, why = sources(road), road.daemon.report.reload_refused
        monkeypatch.undo()
        monkeypatch.setenv("RUNTIME_DIRECTORY", str(town.folder / "run"))
        await road.daemon.reload()

        assert (left, sources(road)) == ([], ["arena"])
    assert why is not None
    assert road.daemon.report.reload_refused is None


async def test_one_that_fails_halfway_ends_the_daemon(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    async with road_of(town) as road:
        monkeypatch.setattr(road.daemon._lanes, "replace", fail)
        with pytest.raises(ZeroDivisionError):
            await road.daemon.reload()
        with pytest.raises(ZeroDivisionError):
            await road.daemon.until_a_part_dies()
        monkeypatch.undo()


def test_a_hangup_right_before_the_end_leaves_no_traceback(tmp_path: Path) -> None:
    with site_with_sandbox(tmp_path) as site:
        for _ in range(3):
            with site.daemon() as process:
                with_other_lanes(site.config)
                os.kill(process.pid, signal.SIGHUP)
                code = process.stop()

            assert code == 0
            assert "Traceback" not in "".join(process.lines)
            assert "error occurred" not in "".join(process.lines)
