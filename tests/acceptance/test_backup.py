"""A backup made under load, put back after a disaster: nothing is lost, nothing is paid twice."""

import asyncio
import json
import os
import sys
from collections import Counter
from pathlib import Path

import aiohttp

from bridge.cli.stage import until
from tests.acceptance.conftest import PLAYERS, Theatre, effects
from tests.acceptance.load import Load, _post
from tests.acceptance.test_kill import under_load


async def command(theatre: Theatre, *arguments: str) -> str:
    """Run a command on the theatre's configuration; return what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bridge",
        f"--config={theatre.stage.folder / 'config.toml'}",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **theatre.stage.environment},
    )
    out, err = await process.communicate()
    told = arguments[0] == "reconcile" and process.returncode == 1  # it found what was lost
    assert told or process.returncode == 0, err.decode()
    return out.decode()


def lose(folder: Path) -> None:
    """Lose the outbox, but for its witness."""
    for path in folder.glob("outbox.db*"):
        if path.suffix != ".witness":
            path.unlink()


async def resent(theatre: Theatre, load: Load) -> None:
    """Let the games send all again that they ever sent."""
    headers = {"Authorization": f"Bearer {theatre.stage.secret('token')}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for call in load.calls.values():
            answer = await _post(session, theatre.stage.bridge_url, call)
            assert answer is not None
            assert answer["key"] == load.acknowledged[call["id"]]["key"]


async def test_backup_under_load_restore_run_loses_and_doubles_nothing(
    theatre: Theatre, tmp_path: Path
) -> None:
    backups = tmp_path / "backups"
    async with under_load(theatre, 40) as load:
        await asyncio.sleep(1.0)
        said = await command(theatre, "outbox", "backup", f"--dir={backups}", "--json")
        made = json.loads(said)
        await asyncio.sleep(1.0)
    await theatre.all_paid(len(load.calls), 90)
    paid = await theatre.ledger()
    assert 0 < made["entries"] < len(load.calls)

    await theatre.daemon.kill()
    lose(tmp_path)
    await command(theatre, "outbox", "restore", made["file"], "--yes")
    await theatre.daemon.start()
    await theatre.link(PLAYERS)
    await resent(theatre, load)
    status = await theatre.status()
    sent_in_quarantine = len(await theatre.ledger()) - len(paid)
    assert "lost=0 duplicate=0" in await command(theatre, "reconcile")
    await command(theatre, "outbox", "release", "--quarantine", "--yes")
    await theatre.all_paid(len(load.calls), 90)
    after = await theatre.ledger()

    assert status["ledger"]["quarantine"]
    assert sent_in_quarantine == 0
    wanted = Counter((theatre.refs[c["player"]], c["achievement"]) for c in load.calls.values())
    lost, duplicate = wanted - effects(after), effects(after) - wanted
    print(
        f"achieved={len(load.calls)} in_backup={made['entries']} paid={len(after)} "
        f"lost={lost.total()} duplicate={duplicate.total()}"
    )
    assert (lost.total(), duplicate.total()) == (0, 0)


async def test_a_restored_bridge_pays_what_comes_after(theatre: Theatre, tmp_path: Path) -> None:
    """What was never sent before the disaster is paid once the quarantine is released."""
    await theatre.link(PLAYERS)
    headers = {"Authorization": f"Bearer {theatre.stage.secret('token')}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        call = {"player": PLAYERS[0], "achievement": "frag", "id": "before"}
        assert await _post(session, theatre.stage.bridge_url, call)
        await theatre.all_paid(1)
        await command(theatre, "outbox", "backup", str(tmp_path / "copy.db"))
        await theatre.daemon.stop()
        await command(theatre, "outbox", "restore", str(tmp_path / "copy.db"), "--yes")
        await theatre.daemon.start()
        assert await _post(session, theatre.stage.bridge_url, {**call, "id": "after"})
        assert "lost=0 duplicate=0" in await command(theatre, "reconcile")
        await command(theatre, "outbox", "release", "--quarantine", "--yes")

        async def paid() -> bool:
            return len(await theatre.ledger()) == 2

        await until(paid, 30, "what came after the restore was not paid")
    assert (await theatre.entries()) in ({"confirmed": 2}, {"confirmed": 1, "accepted": 1})
