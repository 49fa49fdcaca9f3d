"""Trouble that operators meet: each gets a clear error, nothing is lost, and it heals by itself."""

import asyncio
import contextlib
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from bridge.cli.stage import Program, Stage, until
from tests.acceptance.conftest import CODES, PLAYERS, Theatre, theatre_in


def run_to_its_end(stage: Stage) -> subprocess.CompletedProcess[str]:
    """Start a daemon that is expected to refuse."""
    return subprocess.run(
        [sys.executable, "-m", *stage.daemon().arguments],
        env={**os.environ, **stage.environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


async def refused(stage: Stage, *words: str) -> None:
    """Check that a daemon ends with code 1, an error with these words, a hint and no traceback."""
    ended = await asyncio.to_thread(run_to_its_end, stage)

    assert ended.returncode == 1, ended.stderr
    assert "error: " in ended.stderr
    assert "hint: " in ended.stderr
    assert "Traceback" not in ended.stderr
    for word in words:
        assert word in ended.stderr


def stage_with(folder: Path, more: str = "", top: str = "") -> Stage:
    """A configuration whose campaign lives where nobody answers."""
    stage = Stage.in_folder(folder)
    stage.configure("cmp_x", "sandbox_key", more)
    config = folder / "config.toml"
    config.write_text(top + config.read_text())
    return stage


async def test_a_second_daemon_on_the_same_outbox_is_refused_and_names_the_first(
    theatre: Theatre, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    other = Stage.in_folder(second)
    other.configure(theatre.campaign.id, theatre.campaign.api_key)
    config = second / "config.toml"
    config.write_text(config.read_text().replace(f"{second}/outbox.db", f"{tmp_path}/outbox.db"))
    assert theatre.daemon.process is not None

    await refused(other, "in use by another campaign-bridge", f"pid {theatre.daemon.process.pid}")


async def test_an_unknown_key_in_the_settings_is_named_with_what_was_meant(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, '[[rules]]\nmatch = "x"\nevent_cod = "y"\n')

    await refused(stage, "event_cod", "did you mean 'event_code'?", "config.toml")


async def test_a_missing_token_file_is_named(tmp_path: Path) -> None:
    stage = stage_with(tmp_path)
    (tmp_path / "token").unlink()

    await refused(stage, "token", "can't be read")


async def test_a_required_plugin_that_is_broken_is_named_with_its_reason(tmp_path: Path) -> None:
    stage = stage_with(tmp_path, top='[adapters]\nrequired = ["arena"]\n')
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "arena.py").write_text("import nonsense_that_is_missing\n")

    await refused(stage, "arena", "nonsense_that_is_missing")


async def test_a_broken_plugin_that_nothing_requires_is_reported_and_harms_nobody(
    tmp_path: Path,
) -> None:
    stage = stage_with(tmp_path)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "arena.py").write_text("raise RuntimeError('half a plugin')\n")
    async with running(stage.daemon()):
        status, ready = await ask(stage, "GET", "/readyz", bearer="operator-token")

    told = {reason["code"]: reason["detail"] for reason in ready["reasons"]}
    assert (status, ready["ready"]) == (200, True)
    assert "half a plugin" in told["adapter-failed"]


async def test_a_bad_token_is_refused_and_nothing_is_stored(theatre: Theatre) -> None:
    call = {"player": "name:A", "achievement": "frag"}
    theatre.session.headers["Authorization"] = "Bearer wrong"
    async with theatre.session.post(
        f"{theatre.stage.bridge_url}/v1/achievements", json=call
    ) as answer:
        problem = await answer.json(content_type=None)
    theatre.session.headers["Authorization"] = f"Bearer {theatre.stage.secret('operator-token')}"

    assert answer.status == 401
    assert answer.content_type == "application/problem+json"
    assert problem["type"] == "urn:campaign-bridge:problem:not-authenticated"
    assert await theatre.entries() == {}


async def test_an_unreachable_api_is_said_and_the_events_wait(tmp_path: Path) -> None:
    stage = stage_with(tmp_path)
    async with running(stage.daemon()):
        await ask(stage, "PUT", "/v1/players/name:A", {"userRef": "usr_1"}, "operator-token")
        call = {"player": "name:A", "achievement": "frag"}
        status, answer = await ask(stage, "POST", "/v1/achievements", call)
        _, ready = await ask(stage, "GET", "/readyz", bearer="operator-token")
        _, receipt = await ask(stage, "GET", f"/v1/achievements/{answer['key']}")

    told = {reason["code"]: reason["detail"] for reason in ready["reasons"]}
    assert (status, answer["state"]) == (202, "stored")
    assert "lane-unreachable" in told
    assert (receipt["entry_state"], receipt["attempts"]) == ("due", 0)


# -- no room on the disk ----------------------------------------------------------------------


async def fill_up(theatre: Theatre, player: str, most: int) -> tuple[int, dict[str, Any]]:
    """Post until it is refused; return how many were stored, and the problem."""
    token = theatre.stage.secret("token")
    details = {"text": "x" * 3000}
    for number in range(most):
        call = {"player": player, "achievement": CODES[0], "id": f"f{number}", "details": details}
        async with theatre.session.post(
            f"{theatre.stage.bridge_url}/v1/achievements",
            json=call,
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:
            document = await answer.json(content_type=None)
            if answer.status != 202:
                assert answer.status == 507, document
                return number, document
    raise AssertionError(f"{most} events fit in")


async def deliveries_go_on(theatre: Theatre, stored: int) -> None:
    """Link the player whose events filled the disk: all of them are paid while it is full."""
    status, ready = await ask(theatre.stage, "GET", "/readyz", bearer="operator-token")
    assert status == 503
    assert "store-full" in {reason["code"] for reason in ready["reasons"]}
    await theatre.link([PLAYERS[0]])
    await theatre.all_paid(stored)


async def takes_again(theatre: Theatre, stored: int) -> None:
    """Wait until intake works again, by itself, and what it takes is paid."""
    token = theatre.stage.secret("token")
    call = {"player": PLAYERS[0], "achievement": CODES[1], "id": "after"}

    async def taken() -> bool:
        async with theatre.session.post(
            f"{theatre.stage.bridge_url}/v1/achievements",
            json=call,
            headers={"Authorization": f"Bearer {token}"},
        ) as answer:
            return answer.status == 202

    await until(taken, 10, "it did not recover")
    status, _ = await ask(theatre.stage, "GET", "/readyz", bearer="operator-token")
    assert status == 200
    await theatre.all_paid(stored + 1)


async def test_at_a_file_size_limit_calls_get_507_deliveries_go_on_and_it_recovers(
    theatre: Theatre,
) -> None:
    assert theatre.daemon.process is not None
    daemon = psutil.Process(theatre.daemon.process.pid)
    daemon.rlimit(psutil.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))

    stored, problem = await fill_up(theatre, PLAYERS[0], 2000)

    assert stored > 20
    assert problem["type"] == "urn:campaign-bridge:problem:store-full"
    await deliveries_go_on(theatre, stored)
    daemon.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await takes_again(theatre, stored)


@pytest.mark.system
async def test_on_a_full_disk_calls_get_507_deliveries_go_on_and_it_recovers(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk", "6m") as disk:
        async with theatre_in(tmp_path, disk=disk) as theatre:
            filler = disk / "filler"
            stored, problem = await fill_up(theatre, PLAYERS[0], 5000)
            room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            print(f"stored={stored} free={room}")

            assert stored > 20
            assert problem["type"] == "urn:campaign-bridge:problem:store-full"
            await deliveries_go_on(theatre, stored)
            filler.unlink()
            await takes_again(theatre, stored)


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a small tmpfs, half of it filled by somebody else."""
    if os.geteuid() != 0:
        pytest.fail("mounting a tmpfs needs root: run `make test-system` as root")
    folder.mkdir()
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        (folder / "filler").write_bytes(bytes(3 * 1024 * 1024))
        yield folder
    finally:
        subprocess.run(["/bin/umount", folder], check=True)


# -- calling ----------------------------------------------------------------------------------


@asynccontextmanager
async def running(daemon: Program) -> AsyncIterator[None]:
    await daemon.start()
    try:
        yield
    finally:
        await daemon.kill()


async def ask(
    stage: Stage, method: str, path: str, body: object = None, bearer: str = "token"
) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {stage.secret(bearer)}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, stage.bridge_url + path, json=body) as answer,
    ):
        return answer.status, await answer.json(content_type=None)
