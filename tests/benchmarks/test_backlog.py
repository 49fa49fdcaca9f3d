"""A backlog that is built quickly is what a daemon would have written."""

import sqlite3
from contextlib import closing
from pathlib import Path

import aiohttp
import pytest

from benchmarks import machine
from benchmarks.backlog import OtherOutbox, multiply
from benchmarks.commands import command
from benchmarks.contract import Bench
from benchmarks.daemon import Running, throwaway
from benchmarks.grown import PLAYERS, grown, resume, seed
from benchmarks.load.events import event
from benchmarks.references.sink import sink
from bridge.cli.stage import until

COUNT = 1500


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    cores = machine.cores()
    return Bench(tmp_path, quick=True, pairs=1, serve=cores[0], load=cores[-1])


async def post(running: Running, body: bytes) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {running.token}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{running.http_url}/v1/achievements", data=body) as answer,
    ):
        assert answer.status == 202
        told: dict[str, object] = await answer.json()
        return told


async def test_it_passes_the_check_and_its_events_are_known(bench: Bench) -> None:
    async with grown(bench, COUNT) as running:
        assert running.totals() == {"held": COUNT}
        with closing(sqlite3.connect(running.outbox)) as db:
            number, key, raw = db.execute(
                "SELECT e.id, e.key, o.raw FROM entries e JOIN origins o ON o.entry_id = e.id"
                " ORDER BY e.id DESC LIMIT 1"
            ).fetchone()
        again = await post(running, raw)
        assert again["duplicate"] is True
        assert "differs" not in again
        assert str(again["key"]).replace("-", "") == key.hex()
        assert number == COUNT

        new = await post(running, event(0, run="other"))
        assert new["duplicate"] is False
        await command(running.stage, "outbox", "check", "--full")
        await running.holds(COUNT + 1)


async def test_it_is_what_the_honest_way_would_have_written(bench: Bench) -> None:
    async with throwaway(bench) as honest, grown(bench, COUNT) as built:
        await seed(honest)
        await honest.stop()  # what is known of entries is written down at each end
        await honest.start()
        await seed(honest, COUNT - PLAYERS, run="kept_")
        shapes = []
        for running in (honest, built):
            await running.stop()
            shapes.append(_shape(running.outbox))
    assert shapes[0] == shapes[1]


def _shape(outbox: Path) -> dict[str, object]:
    """Return how full each table is, and rows as far as they don't hang on ids and times."""
    with closing(sqlite3.connect(outbox)) as db:
        tables = [
            name
            for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if not name.startswith("sqlite_stat")
        ]
        shape: dict[str, object] = {
            name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables
        }
        shape["entry"] = db.execute(
            "SELECT campaign, event_code, feat, rule_id, state, reason, user_ref, due_at, amount,"
            " brakes, attempts, length(occurrence) FROM entries GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9,"
            " 10, 11, 12"
        ).fetchall()
        shape["origin"] = db.execute(
            "SELECT DISTINCT source, adapter, name FROM origins"
        ).fetchall()
        shape["changes"] = db.execute("SELECT min(number), max(number) FROM changes").fetchone()
        shape["totals"] = db.execute("SELECT * FROM totals").fetchall()
        shape["sequence"] = db.execute("SELECT seq FROM sqlite_sequence").fetchall()
    return shape


async def test_it_is_delivered_once_it_is_let_go(bench: Bench) -> None:
    async with sink(bench) as api, grown(bench, COUNT, linked=True, base_url=api.url) as running:
        assert running.totals() == {"due": COUNT}
        assert (await api.count()).taken == 0
        await resume(running)

        async def all_taken() -> bool:
            return (await api.count()).taken == COUNT

        await until(all_taken, 60, "the backlog was not delivered")
        assert (await api.count()).duplicates == 0


async def test_an_outbox_of_other_recipes_or_without_seeds_is_refused(bench: Bench) -> None:
    async with throwaway(bench) as running:
        await running.stop()
        with pytest.raises(OtherOutbox, match="no entry that could be a seed"):
            multiply(running.outbox, 10)
        await running.start()
        await seed(running, 3)
        await running.stop()
        with closing(sqlite3.connect(running.outbox)) as db:
            db.execute("UPDATE entries SET content = x'00' WHERE id = 2")
            db.commit()
        with pytest.raises(OtherOutbox, match="entry 2 has another key or message id"):
            multiply(running.outbox, 10)
